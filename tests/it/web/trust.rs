//! Who may connect at all, and TLS on the port that HTTP is on.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use smonitor::model::{CertificatePin, Role};
use smonitor::state_dir::StateDir;
use smonitor::web::tls::CERTIFICATE_FILE;
use smonitor::web::{Auth, Settings, Tls};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::client::PATIENCE;
use super::site::Site;

const OPEN: Auth = Auth::Open { role: Role::Admin };
const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

/// Asks for the sign of life from one of this machine's addresses; what came back, nothing where the
/// server hung up.
async fn ask_from(from: IpAddr, to: SocketAddr) -> String {
    let exchange = async {
        let socket = if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.unwrap();
        socket.bind(SocketAddr::new(from, 0)).unwrap();
        let mut stream = socket.connect(to).await.unwrap();
        let mut answer = String::new();
        // Both may find that the server has hung up.
        let _ = stream.write_all(HEALTH.as_bytes()).await;
        let _ = stream.read_to_string(&mut answer).await;
        answer
    };
    timeout(PATIENCE, exchange).await.unwrap()
}

fn allow(settings: &mut Settings, networks: &[&str]) {
    settings.allow = networks.iter().map(|network| network.parse().unwrap()).collect();
}

#[tokio::test]
async fn who_is_not_named_is_hung_up_on() {
    let here = IpAddr::from([127, 0, 0, 1]);
    let stranger = IpAddr::from([127, 9, 9, 9]);
    for (networks, of_here, of_stranger) in [
        (&[][..], true, true),
        (&["127.0.0.1"], true, false),
        (&["127.9.0.0/16"], false, true),
        (&["127.9.9.0/24", "127.0.0.0/31"], true, true),
        (&["::1", "10.0.0.0/8"], false, false),
    ] {
        let site = Site::with(OPEN, |settings| allow(settings, networks)).await;
        for (from, wanted) in [(here, of_here), (stranger, of_stranger)] {
            let answer = ask_from(from, site.address).await;
            let came = if wanted { answer.starts_with("HTTP/1.1 200") } else { answer.is_empty() };
            assert!(came, "{networks:?} from {from}: {answer:?}");
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn both_families_are_told_apart_on_one_port() {
    let site = Site::on("[::]:0", OPEN, |settings| allow(settings, &["127.0.0.1"])).await;
    let four = ask_from(IpAddr::from([127, 0, 0, 1]), site.address).await;
    assert!(four.starts_with("HTTP/1.1 200"), "{four:?}");
    let six = SocketAddr::from((Ipv6Addr::LOCALHOST, site.address.port()));
    assert_eq!(ask_from(Ipv6Addr::LOCALHOST.into(), six).await, "");
    site.stop().await;
    let site = Site::on("[::]:0", OPEN, |settings| allow(settings, &["::1"])).await;
    assert_eq!(ask_from(IpAddr::from([127, 0, 0, 1]), site.address).await, "");
    let six = SocketAddr::from((Ipv6Addr::LOCALHOST, site.address.port()));
    assert!(ask_from(Ipv6Addr::LOCALHOST.into(), six).await.starts_with("HTTP/1.1 200"));
    site.stop().await;
}

#[tokio::test]
async fn behind_a_proxy_it_is_about_whom_the_proxy_names() {
    let site = Site::with(OPEN, |settings| {
        allow(settings, &["192.0.2.0/24"]);
        settings.behind_proxy = true;
        settings.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let status = async |client: &str| {
        let answer = site.get("/healthz", &[("x-forwarded-for", client)]).await;
        if answer.status == 403 {
            assert_eq!(answer.code(), "forbidden");
        }
        answer.status
    };
    assert_eq!(status("192.0.2.7").await, 200);
    assert_eq!(status("198.51.100.7").await, 403);
    // What the client itself wrote before is nobody's word.
    assert_eq!(status("192.0.2.7, 198.51.100.7").await, 403);
    assert_eq!(site.get("/healthz", &[]).await.status, 403, "the proxy itself is not named");
    // Who comes by himself and claims to be somebody else.
    assert_eq!(ask_from(IpAddr::from([127, 9, 9, 9]), site.address).await, "");
    site.stop().await;
}

/// A server with a certificate of its own, and a client that trusts that and nothing else.
async fn with_tls(auth: Auth, adjust: impl FnOnce(&mut Settings)) -> (Site, TlsConnector, Tls) {
    let state = tempfile::tempdir().unwrap();
    let folder = StateDir::open(&state.path().join("state")).unwrap();
    let names = ["localhost", "127.0.0.1"].map(str::to_owned);
    let tls = Tls::self_signed(&folder, &names).unwrap();
    let pem = folder.read(CERTIFICATE_FILE).unwrap().unwrap();
    let connector = trusting(&CertificateDer::from_pem_slice(&pem).unwrap());
    let given = tls.clone();
    let adjust = |settings: &mut Settings| {
        settings.tls = Some(given);
        adjust(settings);
    };
    (Site::kept_in(state, auth, adjust).await, connector, tls)
}

fn trusting(certificate: &CertificateDer<'static>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

async fn agreed(connector: &TlsConnector, site: &Site) -> TlsStream<TcpStream> {
    let tcp = TcpStream::connect(site.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    timeout(PATIENCE, connector.connect(name, tcp)).await.unwrap().unwrap()
}

async fn ask_over(stream: &mut TlsStream<TcpStream>, request: &str) -> String {
    let exchange = async {
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    timeout(PATIENCE, exchange).await.unwrap()
}

#[tokio::test]
async fn one_port_speaks_both() {
    let (site, connector, tls) = with_tls(Auth::Token { role: Role::Member }, |_| ()).await;
    let mut stream = agreed(&connector, &site).await;
    let shown = stream.get_ref().1.peer_certificates().unwrap()[0].clone();
    assert_eq!(CertificatePin::of(&shown), tls.pin());
    assert!(ask_over(&mut stream, HEALTH).await.starts_with("HTTP/1.1 200"));
    assert_eq!(site.get("/healthz", &[]).await.status, 200);
    // A cookie that came over TLS does not go out without it.
    let body = serde_json::json!({"token": site.token()}).to_string();
    let sign_in = format!(
        "POST /api/v1/session HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = ask_over(&mut agreed(&connector, &site).await, &sign_in).await.to_lowercase();
    assert!(answer.contains("set-cookie: ") && answer.contains("; secure"), "{answer}");
    let plain = site.try_sign_in(site.token(), &[]).await;
    assert!(!plain.header("set-cookie").unwrap().to_lowercase().contains("secure"));
    for answer in [answer, format!("{:?}", plain.headers)] {
        assert!(!answer.contains("strict-transport-security"), "HTTP stays possible: {answer}");
    }
    site.stop().await;
}

#[tokio::test]
async fn the_live_socket_goes_over_tls() {
    let (site, connector, _) = with_tls(OPEN, |_| ()).await;
    let stream = agreed(&connector, &site).await;
    let request = format!("wss://localhost:{}/ws", site.address.port());
    let (mut socket, _) =
        timeout(PATIENCE, tokio_tungstenite::client_async(request, stream)).await.unwrap().unwrap();
    use futures_util::StreamExt as _;
    let hello = timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap();
    assert!(hello.to_text().unwrap().contains("\"hello\""), "{hello:?}");
    assert_eq!(site.web.viewers(), 1);
    drop(socket);
    site.until("it is gone", |site| site.web.viewers() == 0).await;
    site.stop().await;
}

#[tokio::test]
async fn without_a_certificate_the_port_is_as_before() {
    let site = Site::open(Role::Admin).await;
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    stream.write_all(b"\x16\x03\x01\x00\x05hello\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 400"), "{answer:?}");
    site.stop().await;
}

#[tokio::test]
async fn nonsense_and_slowness_cost_a_place_for_a_while_and_nobody_else() {
    let (site, connector, _) = with_tls(OPEN, |settings| {
        settings.times.handshake_at_most = Duration::from_millis(300);
        settings.times.headers_at_most = Duration::from_millis(300);
    })
    .await;
    // Says nothing; begins a handshake and stops; writes something that is none.
    let mut waiting = Vec::new();
    for first in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01\x00", b"\x16garbage\r\n\r\n"] {
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        stream.write_all(first).await.unwrap();
        waiting.push((first, stream));
    }
    site.until("they are counted", |site| site.web.connections() >= 3).await;
    let answer = ask_over(&mut agreed(&connector, &site).await, HEALTH).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    for (first, mut stream) in waiting {
        let mut rest = Vec::new();
        // An alert or nothing, and the end.
        let ended = timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "{first:?} is waited for");
        assert!(!rest.starts_with(b"HTTP/1.1 200"), "{first:?}: {rest:?}");
    }
    site.until("their places are free", |site| site.web.connections() == 0).await;
    site.stop().await;
}

#[tokio::test]
async fn the_end_waits_for_no_handshake() {
    let (site, _, _) = with_tls(OPEN, |_| ()).await;
    let mut quiet = TcpStream::connect(site.address).await.unwrap();
    let mut half = TcpStream::connect(site.address).await.unwrap();
    half.write_all(b"\x16\x03").await.unwrap();
    site.until("they are counted", |site| site.web.connections() == 2).await;
    // Less than the time after which it would be cut.
    timeout(Duration::from_millis(1500), site.stop()).await.expect("it waits for nobody");
    for stream in [&mut quiet, &mut half] {
        let mut rest = Vec::new();
        let _ = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.unwrap();
        assert_eq!(rest, b"");
    }
}

#[tokio::test]
async fn who_knows_another_certificate_does_not_come_in() {
    let (site, _, _) = with_tls(OPEN, |_| ()).await;
    let other = tempfile::tempdir().unwrap();
    let folder = StateDir::open(&Path::new(other.path()).join("state")).unwrap();
    Tls::self_signed(&folder, &["localhost".to_owned()]).unwrap();
    let pem = folder.read(CERTIFICATE_FILE).unwrap().unwrap();
    let connector = trusting(&CertificateDer::from_pem_slice(&pem).unwrap());
    let tcp = TcpStream::connect(site.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    timeout(PATIENCE, connector.connect(name, tcp)).await.unwrap().unwrap_err();
    site.until("its place is free", |site| site.web.connections() == 0).await;
    site.stop().await;
}
