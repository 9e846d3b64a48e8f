//! Asks supervisord: XML-RPC in one HTTP request a call, over the socket or the loopback address
//! that supervisord itself names in `SUPERVISOR_SERVER_URL`. Must not know what is asked.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};

use super::xmlrpc::{self, ANSWER_MAX_BYTES, Answer, Argument, Malformed, Value};

/// How long supervisord may take. It answers within milliseconds unless the machine stands still.
const PATIENCE: Duration = Duration::from_secs(5);
/// Header lines of an answer take no more than this.
const HEAD_MAX_BYTES: usize = 16 * 1024;

/// Where supervisord listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// `unix:///run/supervisor.sock`.
    Unix(PathBuf),
    /// `http://127.0.0.1:9001`.
    Tcp(SocketAddr),
}

/// A name and a password for supervisord. What it prints for debugging keeps the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// `username` of its section.
    pub user: String,
    /// `password` of its section.
    pub password: String,
}

/// Asks supervisord.
#[derive(Debug, Clone)]
pub struct Client {
    address: Address,
    login: Option<Login>,
}

/// Why there is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// Neither a socket nor an address.
    #[error("\"{0}\" is neither unix:///path nor http://127.0.0.1:port")]
    Unknown(String),
    /// An address of another machine: the password would go there in the clear.
    #[error("\"{0}\" is not on this machine; supervisord is asked on this machine only")]
    Elsewhere(String),
}

/// Why supervisord gave no answer, or not the one that was wanted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing came, or not all of it.
    #[error("supervisord cannot be reached: {0}")]
    Unreachable(#[from] io::Error),
    /// It refused us.
    #[error(
        "supervisord wants a name and a password: set SUPERVISOR_USERNAME and \
         SUPERVISOR_PASSWORD in the environment= of the manager's program"
    )]
    NotAllowed,
    /// It answered with something else than a document.
    #[error("supervisord answered with HTTP status {0}")]
    Status(u16),
    /// What came is no answer.
    #[error("supervisord answered strangely: {0}")]
    Malformed(#[from] Malformed),
    /// It did not do what was asked.
    #[error("supervisord refused: {text} ({code})")]
    Fault {
        /// Its number.
        code: i64,
        /// Its words.
        text: String,
    },
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp(address) => write!(f, "http://{address}"),
        }
    }
}

impl Address {
    /// Understands what supervisord put into `SUPERVISOR_SERVER_URL`.
    ///
    /// # Errors
    /// If it is neither a socket nor an address of this machine.
    pub fn parse(url: &str) -> Result<Self, BadAddress> {
        let unknown = || BadAddress::Unknown(url.to_owned());
        if let Some(path) = url.strip_prefix("unix://") {
            let path = Path::new(path);
            return if path.is_absolute() {
                Ok(Self::Unix(path.to_owned()))
            } else {
                Err(unknown())
            };
        }
        let place = url.strip_prefix("http://").ok_or_else(unknown)?.trim_end_matches('/');
        let (host, port) = place.rsplit_once(':').ok_or_else(unknown)?;
        let port = port.parse().map_err(|_| unknown())?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let ip: IpAddr = match host {
            "localhost" => IpAddr::from([127, 0, 0, 1]),
            host => host.parse().map_err(|_| BadAddress::Elsewhere(url.to_owned()))?,
        };
        if ip.is_loopback() {
            Ok(Self::Tcp(SocketAddr::new(ip, port)))
        } else {
            Err(BadAddress::Elsewhere(url.to_owned()))
        }
    }
}

impl Client {
    /// A client for the supervisord at `address`. Nothing is asked yet.
    #[must_use]
    pub fn new(address: Address, login: Option<Login>) -> Self {
        Self { address, login }
    }

    /// Where it asks.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Calls and waits for the answer.
    ///
    /// # Errors
    /// If none comes in 5 s, or it is a fault.
    pub async fn call(&self, method: &str, arguments: &[Argument<'_>]) -> Result<Value, Error> {
        let request = self.request(&xmlrpc::call(method, arguments));
        let exchanged = tokio::time::timeout(PATIENCE, self.exchange(&request)).await;
        let answer = exchanged.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        match xmlrpc::parse(body(&answer)?)? {
            Answer::Returned(value) => Ok(value),
            Answer::Fault { code, text } => Err(Error::Fault { code, text }),
        }
    }

    async fn exchange(&self, request: &str) -> io::Result<Vec<u8>> {
        match &self.address {
            Address::Unix(path) => talk(UnixStream::connect(path).await?, request).await,
            Address::Tcp(address) => talk(TcpStream::connect(address).await?, request).await,
        }
    }

    /// HTTP/1.0: the answer comes in one piece, and its end is the end of the connection.
    fn request(&self, document: &str) -> String {
        let login = self.login.as_ref().map_or_else(String::new, |login| {
            let both = format!("{}:{}", login.user, login.password);
            format!("Authorization: Basic {}\r\n", base64(both.as_bytes()))
        });
        format!(
            "POST /RPC2 HTTP/1.0\r\nHost: localhost\r\nContent-Type: text/xml\r\n{login}\
             Content-Length: {}\r\n\r\n{document}",
            document.len()
        )
    }
}

async fn talk(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &str,
) -> io::Result<Vec<u8>> {
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    let most = HEAD_MAX_BYTES + ANSWER_MAX_BYTES;
    stream.take(most as u64 + 1).read_to_end(&mut answer).await?;
    if answer.len() > most {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "its answer is too long"));
    }
    Ok(answer)
}

/// The document in an HTTP answer.
fn body(answer: &[u8]) -> Result<&[u8], Error> {
    let strange = |wrong| Error::Malformed(Malformed { wrong, at: 0 });
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let (head, body) = answer.split_at(end.ok_or_else(|| strange("no HTTP answer"))?);
    let body = &body[4..];
    let head = std::str::from_utf8(head).map_err(|_| strange("no HTTP answer"))?;
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let is_http = words.next().is_some_and(|word| word.starts_with("HTTP/1."));
    let status = words.next().and_then(|word| word.parse().ok()).filter(|_| is_http);
    match status.ok_or_else(|| strange("no HTTP answer"))? {
        200 => {}
        401 => return Err(Error::NotAllowed),
        other => return Err(Error::Status(other)),
    }
    let mut headers = lines.filter_map(|line| line.split_once(':'));
    let length = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let Some((_, length)) = length else { return Ok(body) };
    let length: usize = length.trim().parse().map_err(|_| strange("no HTTP answer"))?;
    body.get(..length).ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof).into())
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let three = [0, 1, 2].map(|at| u32::from(chunk.get(at).copied().unwrap_or(0)));
        let bits = three[0] << 16 | three[1] << 8 | three[2];
        for place in 0..4 {
            let is_filled = place <= chunk.len();
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if is_filled { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests;
