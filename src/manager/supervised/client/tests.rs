//! Addresses, HTTP answers, and a server that answers as the test says.

use tokio::net::UnixListener;

use super::*;

const DOCUMENT: &str = "<methodResponse><params><param><value><int>7</int></value></param>\
                        </params></methodResponse>";

#[test]
fn addresses_of_this_machine_are_taken() {
    for (url, wanted) in [
        ("unix:///run/supervisor.sock", Some("unix:///run/supervisor.sock")),
        ("unix:///a b/%/s.sock", Some("unix:///a b/%/s.sock")),
        ("http://127.0.0.1:9001", Some("http://127.0.0.1:9001")),
        ("http://localhost:9001/", Some("http://127.0.0.1:9001")),
        ("http://[::1]:9001", Some("http://[::1]:9001")),
        ("http://10.0.0.1:9001", None),
        ("http://example.org:9001", None),
        ("https://127.0.0.1:9001", None),
        ("http://127.0.0.1", None),
        ("http://127.0.0.1:99999", None),
        ("unix://relative", None),
        ("", None),
    ] {
        let parsed = Address::parse(url).ok().map(|address| address.to_string());
        assert_eq!(parsed.as_deref(), wanted, "{url}");
    }
    assert_eq!(
        Address::parse("http://10.0.0.1:1"),
        Err(BadAddress::Elsewhere("http://10.0.0.1:1".to_owned()))
    );
}

#[test]
fn answers_are_cut_where_they_say() {
    let answer = |head: &str| format!("{head}\r\n\r\n{DOCUMENT}");
    let with = format!("HTTP/1.1 200 OK\r\ncontent-length:  {}", DOCUMENT.len());
    assert_eq!(body(answer(&with).as_bytes()).unwrap(), DOCUMENT.as_bytes());
    assert_eq!(body(answer("HTTP/1.0 200 OK").as_bytes()).unwrap(), DOCUMENT.as_bytes());
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 1000";
    assert!(matches!(body(answer(cut).as_bytes()), Err(Error::Unreachable(_))));
    assert!(matches!(body(answer("HTTP/1.1 401 No").as_bytes()), Err(Error::NotAllowed)));
    assert!(matches!(body(answer("HTTP/1.1 500 No").as_bytes()), Err(Error::Status(500))));
    for strange in ["", "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 ok\r\n\r\n", "HTTP/1.1 200 OK"] {
        assert!(matches!(body(strange.as_bytes()), Err(Error::Malformed(_))), "{strange}");
    }
}

#[test]
fn base64_is_that_of_the_rfc() {
    for (plain, wanted) in [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
        ("\u{3ff}\u{3f}", "z78/"),
    ] {
        assert_eq!(base64(plain.as_bytes()), wanted, "{plain}");
    }
}

#[test]
fn a_password_is_not_printed() {
    let login = Login { user: "ops".to_owned(), password: "hidden".to_owned() };
    let client = Client::new(Address::parse("http://127.0.0.1:1").unwrap(), Some(login));
    assert!(!format!("{client:?}").contains("hidden"));
}

/// A server for one request, and what was asked of it.
async fn asked(answer: &'static str) -> (Result<Value, Error>, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a b%.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"</methodCall>\n") {
            assert!(stream.read_buf(&mut request).await.unwrap() > 0);
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(request).unwrap()
    });
    let login = Login { user: "ops".to_owned(), password: "a:b".to_owned() };
    let client = Client::new(Address::Unix(path), Some(login));
    let result = client.call("supervisor.x", &[Argument::Text("<a>")]).await;
    (result, server.await.unwrap())
}

#[tokio::test]
async fn a_call_is_one_request() {
    let answer = "HTTP/1.0 200 OK\r\n\r\n<methodResponse><params><param><value><int>7</int></value>\
                  </param></params></methodResponse>";
    let (result, request) = asked(answer).await;
    assert_eq!(result.unwrap(), Value::Integer(7));
    assert!(request.starts_with("POST /RPC2 HTTP/1.0\r\n"), "{request}");
    assert!(request.contains("\r\nAuthorization: Basic b3BzOmE6Yg==\r\n"), "{request}");
    assert!(request.contains("<string>&lt;a&gt;</string>"), "{request}");
    let body = request.split("\r\n\r\n").nth(1).unwrap();
    assert!(request.contains(&format!("Content-Length: {}\r\n", body.len())), "{request}");
}

#[tokio::test]
async fn who_hangs_up_has_not_answered() {
    let (result, _) = asked("").await;
    assert!(matches!(result, Err(Error::Malformed(_))), "{result:?}");
}

#[tokio::test]
async fn nobody_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::new(Address::Unix(folder.path().join("none")), None);
    assert!(matches!(client.call("a", &[]).await, Err(Error::Unreachable(_))));
}

#[tokio::test(start_paused = true)]
async fn who_never_answers_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let _listener = UnixListener::bind(&path).unwrap();
    let client = Client::new(Address::Unix(path), None);
    let error = client.call("a", &[]).await.unwrap_err();
    assert!(error.to_string().contains("timed out"), "{error}");
}
