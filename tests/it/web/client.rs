//! An HTTP and a WebSocket client that send exactly what they are told, forged or not.

use std::io::Read as _;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};

/// Nothing in these tests takes longer, unless it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) type Headers<'a> = &'a [(&'a str, &'a str)];

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    /// The code of a refusal.
    pub(crate) fn code(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        let message = self.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(!message.is_empty());
        self.json()["error"]["code"].as_str().unwrap().to_owned()
    }

    fn parse(bytes: &[u8]) -> Self {
        let end = bytes
            .windows(4)
            .position(|w| w == b"\r\n\r\n")
            .unwrap_or_else(|| panic!("no whole answer: {:?}", String::from_utf8_lossy(bytes)));
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let split = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        };
        Self { status, headers: lines.map(split).collect(), body: bytes[end + 4..].to_vec() }
    }
}

/// Sends bytes as they are and reads until the server closes.
pub(crate) async fn send_raw(address: SocketAddr, bytes: &[u8]) -> Answer {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // A server that refuses early may close before it has read everything.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        Answer::parse(&answer)
    };
    timeout(PATIENCE, exchange).await.expect("the server answers in time")
}

pub(crate) async fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: Headers<'_>,
    body: &str,
) -> Answer {
    let mut text = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "host") {
        text += &format!("host: {address}\r\n");
    }
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() {
        text += &format!("content-length: {}\r\n", body.len());
    }
    send_raw(address, format!("{text}\r\n{body}").as_bytes()).await
}

pub(crate) async fn get(address: SocketAddr, path: &str, headers: Headers<'_>) -> Answer {
    send(address, "GET", path, headers, "").await
}

/// An open socket.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: WebSocketStream<TcpStream>,
}

/// What came over a socket.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said {
    Text(String),
    /// Inflated.
    Binary(String),
    Closed(u16),
    /// The connection ended without a close frame.
    Broken,
}

impl Said {
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Binary(text) => text,
            other => panic!("no message but {other:?}"),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(self.text()).unwrap()
    }
}

impl Socket {
    /// Opens a socket, or says what the server answered instead.
    pub(crate) async fn open(
        address: SocketAddr,
        path: &str,
        headers: Headers<'_>,
    ) -> Result<Self, Answer> {
        let tcp = TcpStream::connect(address).await.unwrap();
        Self::upgrade(tcp, address, path, headers).await
    }

    /// Opens a socket over a connection and takes the `hello`.
    pub(crate) async fn over(tcp: TcpStream, address: SocketAddr, path: &str) -> Self {
        let mut socket = Self::upgrade(tcp, address, path, &[]).await.unwrap();
        assert_eq!(socket.next().await.json()["type"], "hello");
        socket
    }

    async fn upgrade(
        tcp: TcpStream,
        address: SocketAddr,
        path: &str,
        headers: Headers<'_>,
    ) -> Result<Self, Answer> {
        let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            request.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
        }
        match timeout(PATIENCE, tokio_tungstenite::client_async(request, tcp)).await.unwrap() {
            Ok((stream, _)) => Ok(Self { stream }),
            Err(Error::Http(response)) => {
                let (parts, body) = response.into_parts();
                let headers = parts
                    .headers
                    .iter()
                    .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
                Err(Answer {
                    status: parts.status.as_u16(),
                    headers: headers.collect(),
                    body: body.unwrap_or_default(),
                })
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens a socket and takes the `hello`.
    pub(crate) async fn greeted(address: SocketAddr, path: &str, headers: Headers<'_>) -> Self {
        let mut socket = Self::open(address, path, headers).await.unwrap();
        assert_eq!(socket.next().await.json()["type"], "hello");
        socket
    }

    pub(crate) async fn say(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn send(&mut self, message: Message) -> Result<(), Error> {
        self.stream.send(message).await
    }

    pub(crate) async fn ask(&mut self, kind: &str, topic: &str) {
        self.say(&format!(r#"{{"type":"{kind}","topic":"{topic}"}}"#)).await;
    }

    /// The next message; pings and pongs are passed over.
    pub(crate) async fn next(&mut self) -> Said {
        let next = async {
            loop {
                match self.stream.next().await {
                    Some(Ok(Message::Text(text))) => return Said::Text(text.to_string()),
                    Some(Ok(Message::Binary(bytes))) => return Said::Binary(inflate(&bytes)),
                    Some(Ok(Message::Close(Some(frame)))) => {
                        return Said::Closed(frame.code.into());
                    }
                    Some(Ok(Message::Close(None))) => return Said::Closed(1005),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return Said::Broken,
                }
            }
        };
        timeout(PATIENCE, next).await.expect("the server says something in time")
    }

    /// What comes next, if anything comes soon.
    pub(crate) async fn next_soon(&mut self) -> Option<Said> {
        timeout(Duration::from_millis(100), self.next()).await.ok()
    }

    /// The close code, past whatever was said before.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            match self.next().await {
                Said::Closed(code) => return code,
                Said::Broken => panic!("broken without a close frame"),
                Said::Text(_) | Said::Binary(_) => {}
            }
        }
    }

    /// Answered only after everything sent before was.
    pub(crate) async fn settle(&mut self) {
        self.say(r#"{"type":"ping","id":4711}"#).await;
        let pong = self.next().await.json();
        assert_eq!((&pong["type"], &pong["id"]), (&"pong".into(), &4711.into()));
    }
}

fn inflate(bytes: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::DeflateDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}
