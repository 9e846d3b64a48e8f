//! Sessions and tokens over time: how they end, and that nothing outlives them.

use std::time::Duration;

use smonitor::model::Role;
use smonitor::web::Auth;

use super::client::Socket;
use super::site::Site;

const TOKEN: Auth = Auth::Token { role: Role::Admin };

#[tokio::test]
async fn a_session_ends_when_it_is_ended_and_its_sockets_with_it() {
    let site = Site::start(TOKEN).await;
    let (first, second) = (site.sign_in().await, site.sign_in().await);
    let origin = site.origin();
    let open = async |cookie: &str| {
        let headers = [("cookie", cookie), ("origin", origin.as_str())];
        Socket::greeted(site.address, "/ws", &headers).await
    };
    let (mut of_first, mut of_second) = (open(&first).await, open(&second).await);
    let who = async |cookie: &str| site.get("/api/v1/session", &[("cookie", cookie)]).await.json();
    assert_eq!(who(&first).await, serde_json::json!({"role": "admin", "signed_in": true}));

    let answer = site.send("DELETE", "/api/v1/session", &[("cookie", &first)], "").await;
    assert_eq!(answer.status, 204);
    assert!(answer.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(of_first.closed().await, 4401);
    assert_eq!(who(&first).await, serde_json::json!({"role": null, "signed_in": false}));
    assert_eq!(site.get("/api/v1/hosts", &[("cookie", &first)]).await.status, 401);
    of_second.settle().await;
    assert_eq!(site.get("/api/v1/hosts", &[("cookie", &second)]).await.status, 200);
    site.stop().await;
}

#[tokio::test]
async fn a_session_lasts_a_day() {
    let site = Site::with(TOKEN, |settings| {
        settings.times.ping_every = Duration::from_millis(20);
    })
    .await;
    let cookie = site.sign_in().await;
    let headers = [("cookie", cookie.as_str()), ("origin", &site.origin())];
    let mut socket = Socket::greeted(site.address, "/ws", &headers).await;
    site.hands.advance(Duration::from_secs(24 * 3600 - 1));
    socket.settle().await;
    site.hands.advance(Duration::from_secs(2));
    assert_eq!(socket.closed().await, 4401);
    assert_eq!(site.get("/api/v1/hosts", &headers[..1]).await.status, 401);
    site.stop().await;
}

#[tokio::test]
async fn a_restart_signs_nobody_out_and_makes_no_second_token() {
    let site = Site::start(TOKEN).await;
    let (cookie, bearer) = (site.sign_in().await, site.bearer());
    let ended = site.sign_in().await;
    site.send("DELETE", "/api/v1/session", &[("cookie", &ended)], "").await;
    let state = site.stop().await;

    let site = Site::kept_in(state, TOKEN, |_| ()).await;
    assert_eq!(site.token, None, "it is shown once");
    for good in [("cookie", cookie.as_str()), ("authorization", bearer.as_str())] {
        assert_eq!(site.get("/api/v1/hosts", &[good]).await.status, 200, "{good:?}");
    }
    assert_eq!(site.get("/api/v1/hosts", &[("cookie", &ended)]).await.status, 401);
    site.stop().await;
}

#[tokio::test]
async fn a_changed_role_closes_open_sockets() {
    let site = Site::start(TOKEN).await;
    let bearer = site.bearer();
    let headers = [("authorization", bearer.as_str())];
    let mut socket = Socket::greeted(site.address, "/ws", &headers).await;
    site.access.set_auth(TOKEN);
    socket.settle().await;
    site.access.set_auth(Auth::Token { role: Role::Guest });
    assert_eq!(socket.closed().await, 4403);
    let answer = site.get("/api/v1/hosts/gpu-01.lab/processes", &headers).await;
    assert_eq!(answer.status, 403, "the role is read anew for every request");
    site.stop().await;

    let site = Site::open(Role::Member).await;
    let mut socket = site.socket().await;
    site.access.set_auth(TOKEN);
    assert_eq!(socket.closed().await, 4401, "what was open is open no more");
    site.stop().await;
}
