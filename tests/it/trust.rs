//! The program as people set it up: HTTPS with a certificate of its own or given, its fingerprint, keys.

#![allow(clippy::disallowed_methods, reason = "the tests start the program itself")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use smonitor::model::CertificatePin;

const NODE: &str = r#"{"server": {"port": 0, "tls": {"mode": "self_signed"}}, "monitor": {"mode": "node"}, "auth": {"mode": "token"}}"#;

fn command(folder: &Path, config: &str, arguments: &[&str]) -> Command {
    fs::write(folder.join("config.json"), config).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_smonitor"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).env_clear();
    command.env("HOME", folder).env("SMONITOR_MANAGER_PORT", "0");
    command.env("SMONITOR_STATE_DIR", folder.join("state"));
    command
}

fn run(folder: &Path, config: &str, arguments: &[&str]) -> Output {
    command(folder, config, arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A server in the background; ends with the test.
struct Running {
    child: Child,
    /// What it printed first, where it is.
    said: String,
    address: SocketAddr,
}

impl Running {
    fn start(folder: &Path, config: &str) -> Self {
        let mut command = command(folder, config, &[]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let Some((_, rest)) = said.split_once("://") else {
            let mut why = String::new();
            child.stderr.take().unwrap().read_to_string(&mut why).unwrap();
            panic!("it does not serve: {said}{why}");
        };
        let address = rest.split('/').next().unwrap().parse().unwrap();
        Self { child, said, address }
    }

    /// Asks over TLS, trusting this certificate alone; the pin of what was shown, and the answer.
    fn ask(&self, pem: &[u8]) -> (CertificatePin, String) {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(pem).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let tls = ClientConnection::new(Arc::new(config), name).unwrap();
        let tcp = TcpStream::connect(self.address).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut stream = StreamOwned::new(tls, tcp);
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        (CertificatePin::of(&stream.conn.peer_certificates().unwrap()[0]), answer)
    }

    /// Ends it by SIGTERM; what it had to say.
    fn end(mut self) -> String {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        assert!(self.child.wait().unwrap().success(), "{log}");
        log
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn a_node_makes_its_certificate_once_and_says_what_it_is_known_by() {
    let folder = tempfile::tempdir().unwrap();
    let before = run(folder.path(), NODE, &["fingerprint"]);
    assert_eq!(before.status.code(), Some(1));
    assert!(text(&before.stderr).contains("first started"), "{}", text(&before.stderr));
    assert!(!folder.path().join("state").exists(), "looking makes nothing");

    let server = Running::start(folder.path(), NODE);
    assert!(server.said.contains(" https://127.0.0.1:"), "{}", server.said);
    let file = folder.path().join("state/certificate.pem");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let (shown, answer) = server.ask(&fs::read(&file).unwrap());
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let printed = run(folder.path(), NODE, &["fingerprint"]);
    assert_eq!(text(&printed.stdout), format!("{shown}\n"), "{}", text(&printed.stderr));
    let log = server.end();
    assert!(!log.contains("PRIVATE"), "{log}");

    // The same after a restart; apps have it.
    let server = Running::start(folder.path(), NODE);
    assert_eq!(server.ask(&fs::read(&file).unwrap()).0, shown);
    server.end();
}

#[test]
fn given_files_are_served_and_what_is_wrong_with_them_keeps_it_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(folder.path(), NODE);
    server.end();
    let pem = fs::read_to_string(folder.path().join("state/certificate.pem")).unwrap();
    let (certificate, key) = pem.split_at(pem.find("-----BEGIN PRIVATE").unwrap());
    let keep = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).unwrap();
        fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o600)).unwrap();
    };
    keep("cert.pem", certificate);
    keep("key.pem", key);
    let files = NODE.replace(
        r#""mode": "self_signed""#,
        r#""mode": "files", "certificate": "cert.pem", "key": "key.pem""#,
    );
    let server = Running::start(folder.path(), &files);
    let (shown, _) = server.ask(certificate.as_bytes());
    server.end();
    let printed = run(folder.path(), &files, &["fingerprint"]);
    assert_eq!(text(&printed.stdout), format!("{shown}\n"));
    for (name, content, wanted) in [
        ("key.pem", "", "server.tls.key: "),
        ("cert.pem", "nothing", "server.tls.certificate: "),
        ("cert.pem", "", "no certificate in it"),
    ] {
        keep("cert.pem", certificate);
        keep("key.pem", key);
        keep(name, content);
        let alone = files.replace(r#""auth""#, r#""manager": {"mode": "supervisor"}, "auth""#);
        let output = run(folder.path(), &alone, &[]);
        let said = text(&output.stderr);
        assert!(
            output.status.code() == Some(1) && said.contains(wanted),
            "{name} {content:?}: {said}"
        );
        assert!(said.contains(name), "{said}");
    }
    // A key that others can read is warned of.
    keep("cert.pem", certificate);
    keep("key.pem", key);
    fs::set_permissions(folder.path().join("key.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    let checked = text(&run(folder.path(), &files, &["check-config"]).stdout);
    assert!(checked.contains("key.pem holds secrets"), "{checked}");
}

#[test]
fn keys_are_made_and_masked() {
    let folder = tempfile::tempdir().unwrap();
    let made = [(); 2].map(|()| text(&run(folder.path(), "{half", &["key", "new"]).stdout));
    assert_ne!(made[0], made[1]);
    let key = made[0].strip_suffix('\n').unwrap();
    assert!(key.starts_with("smk_") && key.len() == 47, "{key}");
    let config = format!(
        r#"{{"monitor": {{"mode": "app", "host_groups": [{{"name": "a", "hosts": [{{"name": "x", "key": "{key}"}}]}}]}},
            "peer": {{"keys": [{{"name": "app", "key": "{key}"}}]}}}}"#
    );
    for arguments in [&["check-config"][..], &["check-config", "--json"]] {
        let output = run(folder.path(), &config, arguments);
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!(
            !said.contains(key) && said.contains("***") && said.contains("chmod 600"),
            "{said}"
        );
    }
    let none = run(folder.path(), "{}", &["fingerprint"]);
    assert!(text(&none.stderr).contains("server.tls.mode"), "{}", text(&none.stderr));
}

#[test]
fn who_is_not_allowed_is_told_in_the_log_once() {
    let folder = tempfile::tempdir().unwrap();
    let config = r#"{"server": {"port": 0, "allow": ["127.0.0.2"]}, "monitor": {"mode": "node"}}"#;
    let server = Running::start(folder.path(), config);
    for _ in 0..3 {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let _ = stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert_eq!(answer, b"");
    }
    let log = server.end();
    assert_eq!(log.matches("server.allow").count(), 1, "{log}");
    assert!(log.contains("client=127.0.0.1"), "{log}");
}

/// What an app at `address` says of its only host.
fn only_host(address: SocketAddr) -> serde_json::Value {
    let mut tcp = TcpStream::connect(address).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let question =
        format!("GET /api/v1/hosts HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    tcp.write_all(question.as_bytes()).unwrap();
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let document: serde_json::Value = serde_json::from_str(body).unwrap();
    document["hosts"][0].clone()
}

#[test]
fn an_app_asks_its_node_over_tls_with_its_key_and_takes_no_other_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let key = text(&run(folder.path(), NODE, &["key", "new"]).stdout);
    let key = key.lines().next().unwrap();
    let node_folder = tempfile::tempdir().unwrap();
    let keys = format!(r#""peer": {{"keys": [{{"name": "app", "key": "{key}"}}]}}, "auth""#);
    let node = Running::start(node_folder.path(), &NODE.replace("\"auth\"", &keys));
    let pem = fs::read(node_folder.path().join("state/certificate.pem")).unwrap();
    let (pin, _) = node.ask(&pem);
    let other = CertificatePin::of(&CertificateDer::from(b"another one".to_vec()));
    let other_key = format!("{}x", &key[..key.len() - 1]);
    for (key, pin, wanted) in [
        (key, &pin, None),
        (&*other_key, &pin, Some("unauthorized")),
        (key, &other, Some("wrong_certificate")),
    ] {
        let app = format!(
            r#"{{"server": {{"port": 0}}, "monitor": {{"mode": "app", "interval": 0.5, "host_groups": [{{
                "name": "all", "hosts": [{{"name": "gpu-1", "address": "127.0.0.1", "port": {},
                "key": "{key}", "fingerprint": "{pin}"}}]}}]}}}}"#,
            node.address.port()
        );
        let app_folder = tempfile::tempdir().unwrap();
        let app = Running::start(app_folder.path(), &app);
        let until = std::time::Instant::now() + Duration::from_secs(20);
        let host = loop {
            let host = only_host(app.address);
            let trouble = host["status"]["trouble"]["kind"].as_str();
            let is_there = host["cpu_percent"].is_number();
            if (wanted.is_none() && is_there) || (wanted.is_some() && trouble == wanted) {
                break host;
            }
            assert!(std::time::Instant::now() < until, "wanted {wanted:?}: {host}");
            std::thread::sleep(Duration::from_millis(100));
        };
        let state = if wanted.is_none() { "up" } else { "down" };
        assert_eq!(host["status"]["state"], state, "{host}");
        assert_eq!(host["hostname"].is_string(), wanted.is_none(), "{host}");
        let log = app.end();
        assert!(!log.contains(key), "{log}");
    }
    let log = node.end();
    assert!(!log.contains(key), "{log}");
}
