//! TLS on the server's port: the certificate, made or given, and agreeing with a client. Must not know
//! what is said over the connection.
//!
//! docs/decisions/0021 says why the certificate that is made is as it is.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::model::CertificatePin;
use crate::state_dir::{self, StateDir};

/// File in the state folder with the certificate that smonitor made for itself, and its key.
pub const CERTIFICATE_FILE: &str = "certificate.pem";

/// A chain of more certificates than this was not meant.
const CHAIN_MAX: usize = 16;

/// What HTTPS is served with. Cheap to clone.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    pin: CertificatePin,
}

/// Why there is no HTTPS.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no certificate in the text.
    #[error(
        "there is no certificate in it; wanted PEM with BEGIN CERTIFICATE, the server's own first"
    )]
    NoCertificate,
    /// The text is no list of certificates.
    #[error("its certificates cannot be read: {0}")]
    Certificate(String),
    /// The text holds no key that can be used.
    #[error(
        "its private key cannot be read: {0}; wanted PEM with BEGIN PRIVATE KEY, without a passphrase"
    )]
    Key(String),
    /// They do not belong together, or are of no use.
    #[error("certificate and key are of no use together: {0}")]
    Pair(String),
    /// The state folder does not work.
    #[error(transparent)]
    StateDir(#[from] state_dir::Error),
    /// None could be made.
    #[error("no certificate could be made: {0}")]
    Made(String),
    /// The one that was made is damaged.
    #[error(
        "{CERTIFICATE_FILE} in the state folder is damaged: {0}; delete it to have a new one made, and \
         give its fingerprint to the apps that ask this node"
    )]
    Damaged(Box<Self>),
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("pin", &self.pin).finish_non_exhaustive()
    }
}

impl Tls {
    /// Takes a certificate, those of who signed it after it, and its key, both in PEM.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, Error> {
        let chain: Result<Vec<_>, _> =
            CertificateDer::pem_slice_iter(certificates).take(CHAIN_MAX).collect();
        let chain = chain.map_err(|error| Error::Certificate(error.to_string()))?;
        let own = chain.first().ok_or(Error::NoCertificate)?;
        let pin = CertificatePin::of(own);
        let key =
            PrivateKeyDer::from_pem_slice(key).map_err(|error| Error::Key(error.to_string()))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
        let mut config = config.map_err(|error| Error::Pair(error.to_string()))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), pin })
    }

    /// The certificate that smonitor made for itself: the kept one, or a new one for these names.
    ///
    /// # Errors
    /// If the state folder does not work, or what is kept there is damaged.
    pub fn self_signed(state_dir: &StateDir, names: &[String]) -> Result<Self, Error> {
        if let Some(kept) = state_dir.read(CERTIFICATE_FILE)? {
            return Self::from_pem(&kept, &kept).map_err(|error| Error::Damaged(Box::new(error)));
        }
        let pem = make(names).map_err(|error| Error::Made(error.to_string()))?;
        let made = Self::from_pem(pem.as_bytes(), pem.as_bytes())?;
        state_dir.write(CERTIFICATE_FILE, pem.as_bytes())?;
        Ok(made)
    }

    /// The one kept in the state folder, if one was made.
    ///
    /// # Errors
    /// If the state folder does not work, or what is kept there is damaged.
    pub fn kept(state_dir: &StateDir) -> Result<Option<Self>, Error> {
        let Some(kept) = state_dir.read(CERTIFICATE_FILE)? else { return Ok(None) };
        Self::from_pem(&kept, &kept).map(Some).map_err(|error| Error::Damaged(Box::new(error)))
    }

    /// What the certificate is known by.
    #[must_use]
    pub fn pin(&self) -> CertificatePin {
        self.pin
    }

    /// Agrees with a client.
    ///
    /// # Errors
    /// If that fails or takes longer than `at_most`.
    pub(super) async fn agree(
        &self,
        stream: TcpStream,
        at_most: Duration,
    ) -> io::Result<TlsStream<TcpStream>> {
        let agreed = tokio::time::timeout(at_most, self.acceptor.accept(stream)).await;
        agreed.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}

/// A certificate and its key, in one PEM text. It is known by its fingerprint, so it need not end: the
/// dates are the widest that everybody can read.
fn make(names: &[String]) -> Result<String, rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names)?;
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2099, 12, 31);
    let mut subject = DistinguishedName::new();
    let name = names.first().map_or("smonitor", String::as_str);
    subject.push(DnType::CommonName, name.chars().take(64).collect::<String>());
    subject.push(DnType::OrganizationName, "smonitor, self-signed");
    params.distinguished_name = subject;
    let certificate = params.self_signed(&key)?;
    Ok(format!("{}{}", certificate.pem(), key.serialize_pem()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn names() -> Vec<String> {
        ["gpu-01", "localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec()
    }

    #[test]
    fn one_is_made_once_and_kept_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let state = StateDir::open(folder.path()).unwrap();
        assert!(Tls::kept(&state).unwrap().is_none());
        let first = Tls::self_signed(&state, &names()).unwrap();
        let file = folder.path().join(CERTIFICATE_FILE);
        let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        let again = Tls::self_signed(&state, &["other".to_owned()]).unwrap();
        assert_eq!(again.pin(), first.pin());
        assert_eq!(Tls::kept(&state).unwrap().unwrap().pin(), first.pin());
        std::fs::remove_file(&file).unwrap();
        assert_ne!(Tls::self_signed(&state, &names()).unwrap().pin(), first.pin());
        // A damaged one is not replaced: apps know it.
        std::fs::write(&file, "-----BEGIN CERTIFICATE-----\nx").unwrap();
        let said = Tls::self_signed(&state, &names()).unwrap_err().to_string();
        assert!(said.contains("certificate.pem") && said.contains("delete it"), "{said}");
    }

    #[test]
    fn what_is_wrong_with_given_files_is_said() {
        let (mine, other) = (make(&names()).unwrap(), make(&names()).unwrap());
        let certificate = mine.split("-----BEGIN PRIVATE").next().unwrap();
        let key = |pem: &str| {
            format!("-----BEGIN PRIVATE{}", pem.split("-----BEGIN PRIVATE").nth(1).unwrap())
        };
        Tls::from_pem(certificate.as_bytes(), key(&mine).as_bytes()).unwrap();
        let said = |certificate: &str, key: &str| {
            Tls::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap_err().to_string()
        };
        assert!(said("", &key(&mine)).contains("no certificate"));
        assert!(said(&key(&mine), &key(&mine)).contains("no certificate"));
        assert!(said(certificate, "").contains("private key"));
        assert!(said(certificate, certificate).contains("private key"));
        assert!(said(certificate, &key(&other)).contains("no use together"));
        let tls = Tls::from_pem(mine.as_bytes(), mine.as_bytes()).unwrap();
        assert!(!format!("{tls:?}").contains("PRIVATE") && format!("{tls:?}").contains("SHA256:"));
    }
}
