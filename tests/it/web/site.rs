//! A whole server of this process, on a free port, with a publisher that the test drives.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use smonitor::clock::{Clock, Manual};
use smonitor::feed::{self, Feed, Publisher};
use smonitor::model::filesystem::{Filesystem, FilesystemMedium, FilesystemRole, Filesystems};
use smonitor::model::login::{LoginOrigin, Logins};
use smonitor::model::process::Process;
use smonitor::model::unit::{FailedUnit, Units};
use smonitor::model::wire::Mode;
use smonitor::model::{HostId, Reading, Role, Section, Snapshot, Text, UnixMillis};
use smonitor::state_dir::StateDir;
use smonitor::web::{self, Access, Auth, Parts, Settings, Web};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::client::{Answer, Headers, PATIENCE, Socket, get, send};
use crate::support::{NOON, section, snapshot};

/// Only in the command line that admins see.
pub(crate) const SECRET: &str = "planted-secret-of-a-command";
/// Only in process rows.
pub(crate) const PERSON: &str = "planted-person";
/// Only in names of places and services: a mount point, a unit.
pub(crate) const PLACE: &str = "planted-place";

pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) web: Web,
    pub(crate) feed: Feed,
    pub(crate) publisher: Publisher,
    pub(crate) access: Access,
    pub(crate) token: Option<String>,
    pub(crate) hands: Arc<Manual>,
    pub(crate) host: HostId,
    pub(crate) stop: CancellationToken,
    pub(crate) tracker: TaskTracker,
    pub(crate) state: tempfile::TempDir,
    serving: JoinHandle<()>,
}

fn places() -> Filesystems {
    let filesystem = |role, mount_point: &str| Filesystem {
        key: mount_point.into(),
        device: "/dev/sda1".into(),
        filesystem_type: "ext4".into(),
        role,
        medium: FilesystemMedium::Local,
        mount_points: vec![mount_point.into()],
        more_mount_points: 0,
        read_only: false,
        space: Reading::default(),
        inodes: Reading::default(),
        taken_at_ms: Reading::Present(NOON),
        problem: None,
    };
    let other = format!("/srv/{PLACE}");
    let rows =
        vec![filesystem(FilesystemRole::System, "/"), filesystem(FilesystemRole::Other, &other)];
    Filesystems { rows, left_out: 0 }
}

fn failed_unit() -> FailedUnit {
    FailedUnit {
        key: format!("{PLACE}.service").into(),
        description: "Planted".into(),
        sub_state: "failed".into(),
        since_ms: Reading::default(),
    }
}

fn logins() -> Logins {
    Logins { origin: LoginOrigin::Utmp, sessions: Vec::new(), left_out: 0 }
}

impl Site {
    pub(crate) async fn start(auth: Auth) -> Self {
        Self::with(auth, |_| ()).await
    }

    pub(crate) async fn open(role: Role) -> Self {
        Self::start(Auth::Open { role }).await
    }

    pub(crate) async fn with(auth: Auth, adjust: impl FnOnce(&mut Settings)) -> Self {
        Self::kept_in(tempfile::tempdir().unwrap(), auth, adjust).await
    }

    /// A server whose state folder is there already.
    pub(crate) async fn kept_in(
        state: tempfile::TempDir,
        auth: Auth,
        adjust: impl FnOnce(&mut Settings),
    ) -> Self {
        Self::listening("127.0.0.1:0", state, auth, adjust).await
    }

    /// A server that listens there; `address` is on the loopback interface all the same.
    pub(crate) async fn on(bound: &str, auth: Auth, adjust: impl FnOnce(&mut Settings)) -> Self {
        Self::listening(bound, tempfile::tempdir().unwrap(), auth, adjust).await
    }

    async fn listening(
        bound: &str,
        state: tempfile::TempDir,
        auth: Auth,
        adjust: impl FnOnce(&mut Settings),
    ) -> Self {
        let (clock, hands) = Clock::manual(NOON);
        let times = feed::Settings {
            fresh_for: Duration::from_secs(2),
            wait_at_most: Duration::from_millis(200),
        };
        let (feed, publisher) = feed::new(times, clock.clone());
        let host = HostId::parse("gpu-01.lab").unwrap();
        publisher.add_host(host.clone());
        let state_dir = StateDir::open(&state.path().join("state")).unwrap();
        let (access, token) = Access::open(auth, Some(state_dir), clock.clone()).unwrap();
        let mut settings = Settings::new(Mode::Node, "0.0.0-test");
        settings.only_host = Some(host.clone());
        // Most tests end with sockets that nobody reads from any more.
        settings.times.closing_at_most = Duration::from_millis(50);
        adjust(&mut settings);
        let listener = web::bind(bound.parse().unwrap()).unwrap();
        let (stop, tracker) = (CancellationToken::new(), TaskTracker::new());
        let parts = Parts {
            feed: feed.clone(),
            access: access.clone(),
            clock,
            stop: stop.clone(),
            tracker: tracker.clone(),
        };
        let web = Web::new(&listener, settings, parts).unwrap();
        let port = listener.local_addr().unwrap().port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let serving = tokio::spawn(web.clone().serve(listener));
        let token = token.map(|token| token.reveal().to_owned());
        let site = Self {
            address,
            web,
            feed,
            publisher,
            access,
            token,
            hands,
            host,
            stop,
            tracker,
            state,
            serving,
        };
        site.publish(0);
        site
    }

    /// Publishes the demo machine as it is at this second, with two planted processes.
    pub(crate) fn publish(&self, second: i64) {
        self.publisher.publish(&Arc::new(self.snapshot(second)));
    }

    pub(crate) fn snapshot(&self, second: i64) -> Snapshot {
        let mut snapshot = snapshot(&self.host, 7, UnixMillis(NOON.0 + second * 1000));
        let table: &mut Section<_> = Arc::make_mut(&mut snapshot.processes);
        let Reading::Present(table) = &mut table.value else { panic!("the demo has processes") };
        let process: &mut Process = table.rows.first_mut().unwrap();
        process.row.user = Reading::Present(PERSON.into());
        process.row.command = Reading::Present(Text::from("train --token=***"));
        process.full_command = Some(format!("train --token={SECRET}").into());
        let at = snapshot.taken_at_ms;
        Snapshot {
            filesystems: section(places(), at),
            units: section(Units { failed: vec![failed_unit()], left_out: 0 }, at),
            logins: section(logins(), at),
            ..snapshot
        }
    }

    pub(crate) async fn get(&self, path: &str, headers: Headers<'_>) -> Answer {
        get(self.address, path, headers).await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: Headers<'_>,
        body: &str,
    ) -> Answer {
        send(self.address, method, path, headers, body).await
    }

    /// A socket that has been greeted.
    pub(crate) async fn socket(&self) -> Socket {
        Socket::greeted(self.address, "/ws", &[]).await
    }

    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().unwrap()
    }

    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.token())
    }

    /// `http://` and the address: what a browser sends as the origin of the page.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) async fn try_sign_in(&self, token: &str, headers: Headers<'_>) -> Answer {
        let mut all = vec![("content-type", "application/json")];
        all.extend_from_slice(headers);
        let body = serde_json::json!({"token": token}).to_string();
        self.send("POST", "/api/v1/session", &all, &body).await
    }

    /// Signs in and gives the cookie as a browser would send it.
    pub(crate) async fn sign_in(&self) -> String {
        let answer = self.try_sign_in(self.token(), &[]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let cookie = answer.header("set-cookie").unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    /// Waits for something that happens on its own, looking again whenever other tasks had a turn.
    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !holds(self) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
    }

    /// Stops the server and hands the state folder on.
    pub(crate) async fn stop(self) -> tempfile::TempDir {
        self.stop.cancel();
        timeout(PATIENCE, self.serving).await.expect("it ends in time").unwrap();
        assert_eq!(self.tracker.len(), 0, "tasks that nobody ended");
        assert_eq!((self.web.viewers(), self.web.connections()), (0, 0));
        self.state
    }
}
