//! The end: everybody is told at once, and nobody holds it up. The manager waits 3 s for it.

use std::net::SocketAddr;
use std::time::Duration;

use smonitor::clock::Clock;
use smonitor::model::Role;
use smonitor::web::{Auth, Times};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};

use super::client::Socket;
use super::site::Site;

/// What the manager grants, less what the rest of the program takes to end.
const AT_MOST: Duration = Duration::from_millis(2700);

async fn site() -> Site {
    // The times of the product.
    let auth = Auth::Open { role: Role::Admin };
    Site::with(auth, |settings| settings.times = Times::default()).await
}

/// Asks for the process table, again and again, and never reads.
async fn deaf(address: SocketAddr) -> Socket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut socket = Socket::over(socket.connect(address).await.unwrap(), address, "/ws").await;
    socket.ask("subscribe", "host/gpu-01.lab/processes").await;
    socket
}

#[tokio::test]
async fn two_hundred_viewers_are_told_at_once_though_some_do_not_listen() {
    let site = site().await;
    let mut listening = Vec::new();
    for _ in 0..180 {
        let mut socket = site.socket().await;
        socket.ask("subscribe", "overview").await;
        socket.next().await;
        listening.push(socket);
    }
    let mut not_listening = Vec::new();
    for _ in 0..20 {
        not_listening.push(deaf(site.address).await);
    }
    // Until the deaf cannot be sent anything any more.
    let blocked = async {
        for second in 1..60 {
            site.publish(second * 500);
            listening[0].next().await;
        }
    };
    blocked.await;
    // One that asked for a lot and takes none of it, one in the middle of asking, one that has not
    // asked.
    let table = format!(
        "GET /api/v1/hosts/gpu-01.lab/processes HTTP/1.1\r\nhost: {}\r\n\r\n",
        site.address
    );
    let mut takes_nothing = TcpStream::connect(site.address).await.unwrap();
    takes_nothing.write_all(table.repeat(50).as_bytes()).await.unwrap();
    let mut begun = TcpStream::connect(site.address).await.unwrap();
    begun.write_all(b"GET / HT").await.unwrap();
    let _waits = TcpStream::connect(site.address).await.unwrap();
    site.until("all are in", |site| site.web.connections() == 203).await;
    assert_eq!(site.web.viewers(), 200);

    let clock = Clock::system();
    let began = clock.monotonic();
    let watching = clock.clone();
    let told = tokio::spawn(async move {
        let each = listening.into_iter().map(|mut socket| async move { socket.closed().await });
        for code in futures_util::future::join_all(each).await {
            assert_eq!(code, 1001);
        }
        watching.monotonic()
    });
    site.stop().await;
    let ended = clock.monotonic().saturating_sub(began);
    let told = told.await.unwrap().saturating_sub(began);
    println!("all were told after {told:?}, the end came after {ended:?}");
    assert!(told < Duration::from_millis(1500), "told after {told:?}");
    assert!(ended < AT_MOST, "ended after {ended:?}");
}

/// Browsers open connections in advance, and keep them for the next question.
#[tokio::test]
async fn connections_on_which_nothing_is_asked_do_not_hold_up_the_end() {
    let site = site().await;
    let _opened_ahead = TcpStream::connect(site.address).await.unwrap();
    let mut kept = TcpStream::connect(site.address).await.unwrap();
    let ask = format!("GET /healthz HTTP/1.1\r\nhost: {}\r\n\r\n", site.address);
    kept.write_all(ask.as_bytes()).await.unwrap();
    let mut answer = [0; 15];
    tokio::io::AsyncReadExt::read_exact(&mut kept, &mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    site.until("they are in", |site| site.web.connections() == 2).await;
    let clock = Clock::system();
    let began = clock.monotonic();
    site.stop().await;
    let ended = clock.monotonic().saturating_sub(began);
    assert!(ended < Duration::from_millis(1500), "{ended:?}");
}
