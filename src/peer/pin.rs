//! A node known by its certificate's fingerprint: that one and no other, whoever signed it, whatever it
//! is called and however old it is. Must not know what is asked.

use std::error::Error;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};

use crate::model::CertificatePin;

/// TLS with a node that has this certificate, for `reqwest::ClientBuilder::tls_backend_preconfigured`.
/// One for each node: sessions that are taken up again belong to it, too.
///
/// # Errors
/// If this build has no cryptography.
pub(super) fn config(pin: CertificatePin) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(Pinned { pin, provider: provider.clone() });
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("cannot ask over TLS: {error}"))?;
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// Whether something went wrong because the node showed another certificate.
#[must_use]
pub(super) fn is_wrong_certificate(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let wrong =
            rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure);
        if error.downcast_ref::<rustls::Error>().is_some_and(|error| *error == wrong) {
            return true;
        }
        // What an I/O error holds is not its source.
        let held = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = match held {
            Some(held) => Some(held),
            None => error.source(),
        };
    }
    false
}

/// Takes one certificate. That the other side has the key of it is checked as always.
#[derive(Debug)]
struct Pinned {
    pin: CertificatePin,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if CertificatePin::of(end_entity) == self.pin {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use rustls::ServerConfig;
    use rustls::pki_types::PrivateKeyDer;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    fn made() -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let key = rcgen::KeyPair::generate().unwrap();
        // A name that nobody asks for, and long out of date.
        let mut params = rcgen::CertificateParams::new(["elsewhere.example".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(2001, 1, 1);
        let certificate = params.self_signed(&key).unwrap();
        (certificate.der().clone(), PrivateKeyDer::try_from(key.serialize_der()).unwrap())
    }

    /// A node that answers whoever asks; `shown` is its certificate and `key` what it signs with. Gives
    /// its address, and what it was told.
    async fn node(
        shown: CertificateDer<'static>,
        key: PrivateKeyDer<'static>,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> (SocketAddr, tokio::sync::mpsc::UnboundedReceiver<String>) {
        let provider = Arc::new(ring::default_provider());
        let signing = provider.key_provider.load_private_key(key).unwrap();
        let resolver = rustls::sign::SingleCertAndKey::from(rustls::sign::CertifiedKey::new(
            vec![shown],
            signing,
        ));
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(resolver));
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (told, hears) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut bytes = vec![0; 4096];
                let Ok(count) = stream.read(&mut bytes).await else { continue };
                let _ = told.send(String::from_utf8_lossy(&bytes[..count]).into_owned());
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
                let _ = stream.write_all(answer).await;
                let _ = stream.shutdown().await;
            }
        });
        (address, hears)
    }

    async fn ask(address: SocketAddr, pin: CertificatePin) -> Result<String, reqwest::Error> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(config(pin).unwrap())
            .no_proxy()
            .build()
            .unwrap();
        let request = client.get(format!("https://{address}/")).header("authorization", "Bearer k");
        request.send().await?.text().await
    }

    const BOTH: [&rustls::SupportedProtocolVersion; 2] =
        [&rustls::version::TLS13, &rustls::version::TLS12];

    #[tokio::test]
    async fn the_one_that_was_agreed_on_is_taken_whatever_it_says() {
        for version in BOTH {
            let (shown, key) = made();
            let pin = CertificatePin::of(&shown);
            let (address, mut hears) = node(shown, key, &[version]).await;
            assert_eq!(ask(address, pin).await.unwrap(), "ok");
            assert!(hears.recv().await.unwrap().contains("Bearer k"));
        }
    }

    #[tokio::test]
    async fn another_one_is_refused_before_anything_is_said() {
        let (shown, key) = made();
        let (other, _) = made();
        let (address, mut hears) = node(shown, key, &BOTH).await;
        let error = ask(address, CertificatePin::of(&other)).await.unwrap_err();
        assert!(error.is_connect() && is_wrong_certificate(&error), "{error:?}");
        assert!(hears.try_recv().is_err(), "the key went out");
    }

    #[tokio::test]
    async fn a_copied_certificate_is_no_good_without_its_key() {
        for version in BOTH {
            let (shown, _) = made();
            let (_, other_key) = made();
            let pin = CertificatePin::of(&shown);
            let (address, mut hears) = node(shown, other_key, &[version]).await;
            let error = ask(address, pin).await.unwrap_err();
            assert!(error.is_connect() && !is_wrong_certificate(&error), "{error:?}");
            assert!(hears.try_recv().is_err(), "the key went out");
        }
    }

    #[tokio::test]
    async fn who_speaks_no_tls_is_not_told_anything() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = vec![0; 4096];
            let count = stream.read(&mut bytes).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            bytes.truncate(count);
            bytes
        });
        let error = ask(address, CertificatePin::of(b"any")).await.unwrap_err();
        assert!(!is_wrong_certificate(&error), "{error:?}");
        let heard = heard.await.unwrap();
        assert_eq!(heard.first(), Some(&0x16), "a handshake");
        assert!(!heard.windows(6).any(|six| six == b"Bearer"));
    }
}
