//! Nodes for tests: a real one that serves made-up values, and one that does whatever a test wants.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use smonitor::clock::Clock;
use smonitor::feed;
use smonitor::host::{Context, Roots};
use smonitor::model::wire::Mode;
use smonitor::model::{HostId, Role};
use smonitor::node::{self, Node};
use smonitor::web::{self, Access, Auth, Parts, Settings, Web};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often values are made and asked for in these tests.
pub(super) const INTERVAL: Duration = Duration::from_millis(300);

/// Where a server listens, and what ends it.
pub(super) struct Running {
    pub(super) address: SocketAddr,
    stop: CancellationToken,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Serves a feed on `at`.
pub(super) fn serve(at: &str, feed: feed::Feed, auth: Auth, settings: Settings) -> Running {
    let stop = CancellationToken::new();
    let (access, _) = Access::open(auth, None, Clock::system()).unwrap();
    let listener = web::bind(at.parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let parts = Parts {
        feed,
        access,
        clock: Clock::system(),
        stop: stop.clone(),
        tracker: TaskTracker::new(),
    };
    let web = Web::new(&listener, settings, parts).unwrap();
    tokio::spawn(web.serve(listener));
    Running { address, stop }
}

/// A real node with made-up values.
pub(super) fn real(name: &str, at: &str) -> Running {
    real_for(name, at, Auth::Open { role: Role::Member })
}

/// The same, for whom it is meant.
pub(super) fn real_for(name: &str, at: &str, auth: Auth) -> Running {
    let clock = Clock::system();
    let context = Context {
        roots: Roots::live(),
        clock: clock.clone(),
        rate_window: Duration::from_secs(60),
    };
    let times = feed::Settings { fresh_for: INTERVAL, wait_at_most: Duration::from_secs(5) };
    let (feed, publisher) = feed::new(times, clock);
    let host = HostId::parse(name).unwrap();
    let settings = node::Settings {
        host: host.clone(),
        interval: INTERVAL,
        process_interval: INTERVAL,
        linger: Duration::ZERO,
        track_gpus: None,
    };
    let sources = smonitor::demo::sources(1, &context);
    let node = Node::new(settings, sources, context, publisher).unwrap().with_judged_cards();
    let running = serve(
        at,
        feed,
        auth,
        Settings { only_host: Some(host), ..Settings::new(Mode::Node, "0.0.0-test") },
    );
    tokio::spawn(node.run(running.stop.clone(), || {}));
    running
}

/// What a node that lies does with a request.
#[derive(Clone)]
pub(super) enum Reply {
    /// Takes it and says nothing.
    Hang,
    /// These bytes, then the end of the connection.
    Bytes(Vec<u8>),
    /// A head, then spaces for ever.
    Endless,
    /// A head, then a byte now and then.
    Drip,
}

/// A node that lies: what it was asked, and when.
pub(super) struct Liar {
    pub(super) address: SocketAddr,
    pub(super) asked: Arc<Mutex<Vec<String>>>,
    pub(super) reply: Arc<Mutex<Reply>>,
}

/// An answer over HTTP.
pub(super) fn http(status: &str, body: &str) -> Reply {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    );
    Reply::Bytes((head + body).into_bytes())
}

pub(super) async fn liar(reply: Reply) -> Liar {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (asked, reply) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(reply)));
    let liar = Liar { address, asked: asked.clone(), reply: reply.clone() };
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let now = reply.clone();
            tokio::spawn(lie(stream, now, asked.clone()));
        }
    });
    liar
}

async fn lie(mut stream: TcpStream, reply: Arc<Mutex<Reply>>, asked: Arc<Mutex<Vec<String>>>) {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let Ok(count) = stream.read(&mut piece).await else { return };
        if count == 0 {
            return;
        }
        request.extend_from_slice(&piece[..count]);
        // A question is a line of JSON at the end.
        if request.ends_with(b"]}") {
            break;
        }
    }
    asked.lock().unwrap().push(String::from_utf8_lossy(&request).into_owned());
    let reply = reply.lock().unwrap().clone();
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n";
    match reply {
        Reply::Hang => std::future::pending().await,
        Reply::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Reply::Endless => {
            let _ = stream.write_all(head).await;
            let spaces = vec![b' '; 1 << 16];
            while stream.write_all(&spaces).await.is_ok() {}
        }
        Reply::Drip => {
            let _ = stream.write_all(head).await;
            while stream.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Passes everything on to a node and keeps what it was asked.
pub(super) async fn listening_in(node: SocketAddr) -> (SocketAddr, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let keep = heard.clone();
    tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            let keep = keep.clone();
            tokio::spawn(async move {
                let mut to = TcpStream::connect(node).await.unwrap();
                let ((mut from_read, mut from_write), (mut to_read, mut to_write)) =
                    (from.split(), to.split());
                let asking = async {
                    let mut piece = [0; 4096];
                    while let Ok(count) = from_read.read(&mut piece).await {
                        if count == 0 || to_write.write_all(&piece[..count]).await.is_err() {
                            break;
                        }
                        keep.lock().unwrap().extend_from_slice(&piece[..count]);
                    }
                };
                let answering = tokio::io::copy(&mut to_read, &mut from_write);
                tokio::join!(asking, answering).1.ok();
            });
        }
    });
    (address, heard)
}
