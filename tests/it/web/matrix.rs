//! Who gets what: made from the route table, so that no route is forgotten. What a role may not
//! see must not be in the bytes.

use smonitor::model::Role;
use smonitor::web::Auth;
use smonitor::web::gate::Needs;
use smonitor::web::routes::{Endpoint, ROUTES, Route, Verb};

use crate::metrics::scrape::Scrape;

use super::client::{Answer, Headers, Socket};
use super::site::{PERSON, PLACE, SECRET, Site};

/// `None` is somebody who has not signed in.
const EVERYBODY: [Option<Role>; 4] =
    [None, Some(Role::Guest), Some(Role::Member), Some(Role::Admin)];

/// A server with the token set, and what this caller sends. Without a role: nothing that counts.
async fn site_for(role: Option<Role>) -> (Site, Option<String>) {
    let site = Site::start(Auth::Token { role: role.unwrap_or(Role::Admin) }).await;
    let bearer = role.map(|_| site.bearer());
    (site, bearer)
}

fn path(route: &Route, site: &Site) -> String {
    route.path.replace("{id}", site.host.as_str()).replace("{*page}", "login")
}

async fn ask(site: &Site, route: &Route, headers: Headers<'_>) -> Answer {
    let path = path(route, site);
    match route.method {
        Verb::Get => site.get(&path, headers).await,
        Verb::Delete => site.send("DELETE", &path, headers, "").await,
        Verb::Post => {
            let json = [headers, &[("content-type", "application/json")]].concat();
            let body = match route.endpoint {
                Endpoint::PeerPoll => poll_of_everything(site),
                _ => format!(r#"{{"token":"{}"}}"#, site.token()),
            };
            site.send("POST", &path, &json, &body).await
        }
    }
}

/// What an app that shows everything asks.
fn poll_of_everything(site: &Site) -> String {
    let host = &site.host;
    let topics = ["overview".to_owned(), format!("host/{host}"), format!("host/{host}/processes")];
    let topics = topics.map(|topic| format!(r#"{{"topic":"{topic}","seq":null}}"#));
    format!(r#"{{"protocol":1,"topics":[{}]}}"#, topics.join(","))
}

/// An app has viewers of its own, and cannot tell which of them may see secrets.
#[tokio::test]
async fn an_app_gets_no_more_than_a_member_whatever_its_key() {
    for (role, processes) in [
        (Role::Guest, r#"{"code":"forbidden","topic":"host/gpu-01.lab/processes","type":"error"}"#),
        (Role::Member, PERSON),
        (Role::Admin, PERSON),
    ] {
        let (site, bearer) = site_for(Some(role)).await;
        let (json, bearer) = (("content-type", "application/json"), bearer.unwrap());
        let headers = [json, ("authorization", bearer.as_str())];
        let body = poll_of_everything(&site);
        let answer = site.send("POST", "/api/v1/peer/poll", &headers, &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.text().contains(processes), "{role:?}: {}", answer.text());
        assert!(!answer.text().contains(SECRET), "{role:?}");
        let document = answer.json();
        assert_eq!(document["protocol"], 1);
        assert_eq!(document["host"], "gpu-01.lab");
        assert_eq!(document["frames"].as_array().unwrap().len(), 3);
        assert_eq!(document["frames"][0]["type"], "full");
        let seq = &document["frames"][0]["seq"];
        let again = format!(r#"{{"protocol":1,"topics":[{{"topic":"overview","seq":{seq}}}]}}"#);
        let answer = site.send("POST", "/api/v1/peer/poll", &headers, &again).await;
        assert_eq!(answer.json()["frames"].as_array().unwrap().len(), 0, "nothing is new");
        assert_eq!(answer.json()["instance"], document["instance"]);
        site.stop().await;
    }
}

fn wanted(route: &Route, role: Option<Role>) -> u16 {
    let yes = match route.endpoint {
        Endpoint::SignOut => 204,
        // A plain GET is let through the gate and then told that this is for sockets.
        Endpoint::Socket => 400,
        _ => 200,
    };
    match (route.needs, role) {
        (Needs::Nothing, _) => yes,
        (Needs::Role(_), None) => 401,
        (Needs::Role(least), Some(role)) if role < least => 403,
        (Needs::Role(_), Some(_)) => yes,
    }
}

#[tokio::test]
async fn every_route_asks_of_everybody_what_the_table_says() {
    for role in EVERYBODY {
        let (site, bearer) = site_for(role).await;
        let headers: Vec<_> = bearer.iter().map(|b| ("authorization", b.as_str())).collect();
        for route in ROUTES {
            let answer = ask(&site, &route, &headers).await;
            let what = format!("{:?} {} as {role:?}", route.method, route.path);
            assert_eq!(answer.status, wanted(&route, role), "{what}: {answer:?}");
            match answer.status {
                401 => assert_eq!(answer.code(), "unauthorized", "{what}"),
                403 => assert_eq!(answer.code(), "forbidden", "{what}"),
                _ => {}
            }
            // The description names fields, not values.
            if route.endpoint != Endpoint::OpenApi {
                assert_hidden(&answer.text(), role, &what);
            }
        }
        site.stop().await;
    }
}

/// What `text` may hold for this role.
fn assert_hidden(text: &str, role: Option<Role>, what: &str) {
    if role < Some(Role::Admin) {
        assert!(!text.contains(SECRET), "{what}: a secret of a command line");
    }
    if role < Some(Role::Member) {
        assert!(!text.contains(PERSON), "{what}: a person");
        assert!(!text.contains("\"command\""), "{what}: a command");
        assert!(!text.contains(PLACE), "{what}: a place or a service");
    }
    if role.is_none() {
        assert!(!text.contains("cpu_percent") && !text.contains("gpu-01.lab"), "{what}: a host");
        assert!(!text.contains("node_load1"), "{what}: a host's values");
    }
}

/// Metrics are for guests too, without names: what the table hides it must not hide from members.
#[tokio::test]
async fn metrics_have_the_names_that_the_role_may_see() {
    for role in Role::ALL {
        let (site, bearer) = site_for(Some(role)).await;
        let bearer = bearer.unwrap();
        for accept in ["text/plain", "application/openmetrics-text"] {
            let headers = [("authorization", bearer.as_str()), ("accept", accept)];
            let answer = site.get("/metrics", &headers).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let scrape = Scrape::read(&answer.text());
            assert!(scrape.value("node_load1", &[]).is_some());
            let places = scrape.label_values("node_filesystem_readonly", "mountpoint");
            assert!(places.contains("/"), "{places:?}");
            let sees = role >= Role::Member;
            assert_eq!(answer.text().contains(PLACE), sees, "{role:?}");
            let units = scrape.value("smonitor_systemd_failed_units", &[]);
            assert_eq!(units, sees.then_some(1.0), "hidden is absent, not 0");
            let people = scrape.value("smonitor_login_sessions", &[]);
            assert_eq!(people, sees.then_some(0.0), "hidden is absent, not 0");
            assert!(!answer.text().contains(PERSON) && !answer.text().contains(SECRET));
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn the_table_itself_is_what_was_promised() {
    for route in ROUTES {
        let needs = match route.endpoint {
            Endpoint::Overview
            | Endpoint::Free
            | Endpoint::FreeText
            | Endpoint::Host
            | Endpoint::Recent
            | Endpoint::PeerPoll
            | Endpoint::Metrics
            | Endpoint::Socket => Needs::Role(Role::Guest),
            Endpoint::Processes | Endpoint::Users | Endpoint::UsersText => {
                Needs::Role(Role::Member)
            }
            Endpoint::Server => Needs::Role(Role::Admin),
            Endpoint::Health
            | Endpoint::ShowSession
            | Endpoint::SignIn
            | Endpoint::SignOut
            | Endpoint::OpenApi
            | Endpoint::Page => Needs::Nothing,
        };
        assert_eq!(route.needs, needs, "{}", route.path);
        let asks_by_post = route.path == "/api/v1/session" || route.endpoint == Endpoint::PeerPoll;
        assert!(asks_by_post || route.method == Verb::Get, "{} writes", route.path);
    }
}

/// Everything that a role gets to see over a socket, fulls and patches.
async fn everything_over_socket(site: &Site, role: Role, path: &str, bearer: &str) {
    let headers = [("authorization", bearer)];
    let mut socket = Socket::greeted(site.address, path, &headers).await;
    for topic in ["overview", "host/gpu-01.lab", "host/gpu-01.lab/processes"] {
        let what = format!("{topic} over {path} as {role:?}");
        socket.ask("subscribe", topic).await;
        let first = socket.next().await;
        if topic.ends_with("processes") && role == Role::Guest {
            let refusal = serde_json::json!(
                {"type": "error", "code": "forbidden", "topic": topic});
            assert_eq!(first.json(), refusal, "{what}");
            continue;
        }
        assert_eq!(first.json()["type"], "full", "{what}");
        assert_hidden(first.text(), Some(role), &what);
        let sees_processes = topic.ends_with("processes");
        assert_eq!(first.text().contains(PERSON), sees_processes, "{what}");
        assert_eq!(first.text().contains(SECRET), sees_processes && role == Role::Admin, "{what}");
        for second in 1..4 {
            site.publish(second * 60);
            let patch = socket.next().await;
            assert_eq!(patch.json()["type"], "patch", "{what}");
            assert_hidden(patch.text(), Some(role), &what);
        }
        socket.ask("unsubscribe", topic).await;
        socket.settle().await;
        site.publish(0);
    }
}

#[tokio::test]
async fn every_topic_shows_a_role_what_it_may_see_and_nothing_else() {
    for role in Role::ALL {
        let (site, bearer) = site_for(Some(role)).await;
        let bearer = bearer.unwrap();
        for path in ["/ws", "/ws?encoding=deflate"] {
            everything_over_socket(&site, role, path, &bearer).await;
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn a_topic_that_is_none_of_the_roles_business_looks_like_any_other_refusal() {
    let site = Site::open(Role::Guest).await;
    let mut socket = site.socket().await;
    for (topic, code) in [
        ("host/gpu-01.lab/processes", "forbidden"),
        ("host/nobody", "not_found"),
        ("host/nobody/processes", "forbidden"),
    ] {
        socket.ask("subscribe", topic).await;
        assert_eq!(socket.next().await.json()["code"], code, "{topic}");
    }
    site.stop().await;
}
