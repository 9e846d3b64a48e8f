//! An engine that answers whatever a test wants, on a socket of the test's own. Shares no code with
//! what it tests.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// What a path is answered with; writes as long as the other side listens.
pub(super) type Answer = Arc<dyn Fn(&str, &mut dyn Write) -> std::io::Result<()> + Send + Sync>;

/// The requests so far, `GET /version`.
pub(super) type Asked = Arc<Mutex<Vec<String>>>;

/// A whole answer of JSON.
pub(super) fn json(text: &str) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        text.len()
    );
    [head.as_bytes(), text.as_bytes()].concat()
}

/// An engine that behaves, with these containers as its list has them.
pub(super) fn good(list: &str, one: &str) -> Answer {
    let (list, one) = (list.to_owned(), one.to_owned());
    Arc::new(move |path, to| {
        to.write_all(&match path {
            "/version" => json(r#"{"Version":"1.2","Components":[{"Name":"Engine"}]}"#),
            "/containers/json" => json(&list),
            _ => json(&one),
        })
    })
}

/// Listens at `socket`. Its threads end with the test.
pub(super) fn listen(socket: &Path, answer: Answer) -> Asked {
    let listener = UnixListener::bind(socket).unwrap();
    let asked = Asked::default();
    let log = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            serve(&stream, &stream, &answer, &log);
        }
    });
    asked
}

/// The same at a port of this machine.
pub(super) fn listen_tcp(answer: Answer) -> (u16, Asked) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Asked::default();
    let log = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            serve(&stream, &stream, &answer, &log);
        }
    });
    (port, asked)
}

fn serve(from: impl Read, mut to: impl Write, answer: &Answer, log: &Asked) {
    let mut lines = BufReader::new(from).lines().map_while(Result::ok);
    let Some(request) = lines.next() else { return };
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    let words: Vec<&str> = request.split(' ').collect();
    assert_eq!(words.len(), 3, "{request}");
    log.lock().unwrap().push(words[..2].join(" "));
    // That the other side has had enough is what many tests want.
    let _ = answer(words[1], &mut to);
}
