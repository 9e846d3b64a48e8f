//! `smonitor demo --nodes`: a made-up cluster over the real web layer, and its hosts as nodes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// A running demo; killed at the end.
struct Demo {
    child: Child,
    _folder: tempfile::TempDir,
    lines: Vec<String>,
}

impl Demo {
    /// Starts it and reads so many lines.
    #[expect(clippy::disallowed_methods, reason = "the tests start the program itself")]
    fn start(arguments: &[&str], lines: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_smonitor"))
            .args(["demo", "--port", "0"])
            .args(arguments)
            .current_dir(folder.path())
            .env_clear()
            .env("HOME", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        let lines = output.take(lines).map(Result::unwrap).collect();
        Self { child, _folder: folder, lines }
    }

    /// Where the page is.
    fn address(&self) -> SocketAddr {
        let url = self.lines[0].rsplit(' ').next().unwrap();
        url.trim_start_matches("http://").trim_end_matches('/').parse().unwrap()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn get(address: SocketAddr, path: &str) -> Value {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[test]
fn a_cluster_has_a_row_for_each_host_and_a_page_for_each_row() {
    let demo = Demo::start(&["--nodes", "40", "--gpus", "8", "--faults"], 1);
    assert!(demo.lines[0].contains("made-up cluster of 40 hosts"), "{:?}", demo.lines);
    let address = demo.address();
    let overview = get(address, "/api/v1/hosts");
    let hosts = overview["hosts"].as_array().unwrap();
    assert_eq!(hosts.len(), 40);
    let cards = |row: &Value| row["card_status"].as_array().unwrap().len();
    assert!(hosts.iter().map(cards).sum::<usize>() > 200);
    for key in ["gpu-a100-01", "cpu-01"] {
        let host = get(address, &format!("/api/v1/hosts/{key}"));
        let row = hosts.iter().find(|row| row["key"] == key).unwrap();
        assert_eq!(host["status"]["group"], row["status"]["group"]);
        assert_eq!(host["system"]["value"]["hostname"], row["hostname"]);
    }
    let down = hosts.iter().filter(|row| row["status"]["state"] == "down").count();
    assert!(down >= 2, "hosts fail: {down}");
}

#[test]
fn each_host_answers_as_a_node_for_itself() {
    let demo = Demo::start(&["--nodes", "5", "--gpus", "2", "--listen", "127.0.0.1:0"], 7);
    assert!(
        demo.lines[1].starts_with('#') && demo.lines[1].contains("made-up"),
        "{:?}",
        demo.lines
    );
    let overview = get(demo.address(), "/api/v1/hosts");
    let hosts = overview["hosts"].as_array().unwrap();
    for (row, node) in hosts.iter().zip(&demo.lines[2..]) {
        let own = get(node.parse().unwrap(), "/api/v1/hosts");
        let rows = own["hosts"].as_array().unwrap();
        assert_eq!(rows.len(), 1, "{node}");
        assert_eq!((&rows[0]["key"], &rows[0]["cards"]), (&row["key"], &row["cards"]));
        let path = format!("/api/v1/hosts/{}/processes", row["key"].as_str().unwrap());
        let processes = get(node.parse().unwrap(), &path);
        assert!(processes["processes"].as_array().unwrap().len() > 300);
    }
}

#[test]
fn made_up_nodes_listen_on_loopback_only() {
    let cases = [("0.0.0.0:9100", "only on loopback"), ("127.0.0.1:65535", "begin lower")];
    for (listen, message) in cases {
        let folder = tempfile::tempdir().unwrap();
        #[expect(clippy::disallowed_methods, reason = "the tests start the program itself")]
        let output = Command::new(env!("CARGO_BIN_EXE_smonitor"))
            .args(["demo", "--port", "0", "--nodes", "2", "--listen", listen])
            .current_dir(folder.path())
            .env("HOME", folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{listen}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(message), "{listen}: {error}");
    }
}
