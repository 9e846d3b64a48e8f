//! Who is let in: the access token, sessions, and the brake on guessing.
//!
//! Secrets are 256 random bits. Only their SHA-256 is kept, in memory and in the state folder, so
//! that neither a stolen file nor a core dump opens the door. Being random, they need no slow hash.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::model::{self, Role};
use crate::state_dir::{self, StateDir};

mod attempts;
mod secret;
mod sessions;

pub use secret::AccessToken;
pub(super) use secret::{Fingerprint, Secret};
pub(super) use sessions::SESSION_LASTS;

use attempts::Attempts;
use sessions::Sessions;

/// File in the state folder with the fingerprint of the access token.
pub const TOKEN_FILE: &str = "access-token.sha256";
/// File in the state folder with the fingerprints of the sessions.
const SESSIONS_FILE: &str = "sessions";

/// How people get in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// Everybody who reaches the server has this role.
    Open {
        /// Which.
        role: Role,
    },
    /// The access token is needed and gives this role.
    Token {
        /// Which.
        role: Role,
    },
}

/// Why access control could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The state folder does not work.
    #[error(transparent)]
    StateDir(#[from] state_dir::Error),
    /// The kept fingerprint is not one.
    #[error(
        "{TOKEN_FILE} in the state folder is damaged; delete it and start again to get a new \
         access token"
    )]
    DamagedToken,
}

/// Access control. Cheap to clone.
#[derive(Clone)]
pub struct Access(Arc<Shared>);

struct Shared {
    clock: Clock,
    state_dir: Option<StateDir>,
    guarded: Mutex<Guarded>,
    /// Counts changes that may end what somebody was allowed; open sockets look again.
    changes: watch::Sender<u64>,
    /// Held while the sessions are written, so that an older state never overwrites a newer one.
    writing: tokio::sync::Mutex<()>,
}

struct Guarded {
    auth: Auth,
    token: Option<Fingerprint>,
    sessions: Sessions,
    attempts: Attempts,
    /// Of apps, with the names that the settings have for them.
    node_keys: Vec<(String, Fingerprint)>,
}

/// What a caller showed to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credential {
    /// Nothing, and nothing is needed.
    Open,
    /// The access token itself.
    Token(Fingerprint),
    /// A session.
    Session(Fingerprint),
    /// The key of an app that asks this node.
    NodeKey(Fingerprint),
}

/// What came of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denied {
    Wrong,
    TooMany { retry_after: Duration },
}

impl Access {
    /// Sets up access control. With [`Auth::Token`] and no token kept in the state folder, makes
    /// one and returns it: the only time anybody sees it.
    ///
    /// # Errors
    /// If the state folder cannot be read or written.
    pub fn open(
        auth: Auth,
        state_dir: Option<StateDir>,
        clock: Clock,
    ) -> Result<(Self, Option<AccessToken>), OpenError> {
        let mut made = None;
        let mut token = None;
        let mut sessions = Sessions::default();
        if let Auth::Token { .. } = auth {
            token = state_dir.as_ref().map(read_token).transpose()?.flatten();
            if token.is_none() {
                let fresh = AccessToken::random();
                if let Some(state_dir) = &state_dir {
                    let line = format!("{}\n", fresh.fingerprint().to_hex());
                    state_dir.write(TOKEN_FILE, line.as_bytes())?;
                    // Sessions of an earlier token must not outlive it.
                    state_dir.remove(SESSIONS_FILE)?;
                }
                token = Some(fresh.fingerprint());
                made = Some(fresh);
            }
            if let Some(kept) = state_dir.as_ref().map(|dir| dir.read(SESSIONS_FILE)).transpose()? {
                sessions = Sessions::parse(&kept.unwrap_or_default(), clock.wall());
            }
        }
        let guarded =
            Guarded { auth, token, sessions, attempts: Attempts::default(), node_keys: Vec::new() };
        let shared = Shared {
            clock,
            state_dir,
            guarded: Mutex::new(guarded),
            changes: watch::Sender::new(0),
            writing: tokio::sync::Mutex::default(),
        };
        Ok((Self(Arc::new(shared)), made))
    }

    /// Changes how people get in, for callers and open sockets alike. Tokens and sessions stay.
    pub fn set_auth(&self, auth: Auth) {
        self.guarded().auth = auth;
        self.announce_change();
    }

    /// Which apps may ask this node, by name and key. Only fingerprints are kept.
    pub fn set_node_keys(&self, keys: &[(String, model::Secret)]) {
        let fingerprint =
            |(name, key): &(String, model::Secret)| (name.clone(), Fingerprint::of(key.reveal()));
        self.guarded().node_keys = keys.iter().map(fingerprint).collect();
        self.announce_change();
    }

    /// What a key of an app is, if it is one. Every one is looked at, so that the time tells nothing.
    pub(super) fn node_key(&self, shown: &str) -> Option<Credential> {
        let shown = Fingerprint::of(shown);
        let guarded = self.guarded();
        let found = guarded.node_keys.iter().filter(|(_, key)| key.matches(shown)).count();
        (found > 0).then_some(Credential::NodeKey(shown))
    }

    /// The role that a credential gives now; `None` if it gives nothing any more.
    pub(super) fn role_of(&self, credential: Credential) -> Option<Role> {
        let guarded = self.guarded();
        match (guarded.auth, credential) {
            (Auth::Open { role }, _) => Some(role),
            (Auth::Token { .. }, Credential::Open) => None,
            (Auth::Token { role }, Credential::Token(shown)) => {
                guarded.token.is_some_and(|token| token.matches(shown)).then_some(role)
            }
            (Auth::Token { role }, Credential::Session(id)) => {
                guarded.sessions.is_live(id, self.0.clock.wall()).then_some(role)
            }
            (Auth::Token { .. }, Credential::NodeKey(shown)) => {
                let found = guarded.node_keys.iter().filter(|(_, key)| key.matches(shown)).count();
                (found > 0).then_some(Role::Member)
            }
        }
    }

    /// The role of everybody, if nothing needs to be shown.
    pub(super) fn open_role(&self) -> Option<Role> {
        self.role_of(Credential::Open)
    }

    /// Tells whether `token` is the access token. A wrong one counts against `client`.
    pub(super) fn check_token(&self, token: &str, client: IpAddr) -> Result<Credential, Denied> {
        let now = self.0.clock.monotonic();
        let mut guarded = self.guarded();
        let shown = Fingerprint::of(token);
        if guarded.token.is_some_and(|token| token.matches(shown)) {
            return Ok(Credential::Token(shown));
        }
        match guarded.attempts.wait(client, now) {
            Some(retry_after) => Err(Denied::TooMany { retry_after }),
            None => {
                guarded.attempts.failed(client, now);
                Err(Denied::Wrong)
            }
        }
    }

    /// Signs in: a new session for whoever holds the access token. After too many failures of an
    /// address even the right token has to wait.
    pub(super) async fn sign_in(
        &self,
        token: &str,
        client: IpAddr,
    ) -> Result<(Secret, Option<Role>), Denied> {
        let id = {
            let now = self.0.clock.monotonic();
            if let Some(retry_after) = self.guarded().attempts.wait(client, now) {
                return Err(Denied::TooMany { retry_after });
            }
            self.check_token(token, client)?;
            let id = Secret::random();
            let mut guarded = self.guarded();
            guarded.attempts.succeeded(client);
            guarded.sessions.add(id.fingerprint(), self.0.clock.wall());
            id
        };
        self.keep_sessions().await;
        let role = self.role_of(Credential::Session(id.fingerprint()));
        Ok((id, role))
    }

    /// Ends a session; its open sockets are closed.
    pub(super) async fn sign_out(&self, session: Fingerprint) {
        if self.guarded().sessions.remove(session) {
            self.announce_change();
            self.keep_sessions().await;
        }
    }

    /// Changes whenever something ended that was allowed before.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// Name of the session cookie. Browsers share cookies between the ports of a host, so two
    /// monitors on one machine need two names.
    pub(super) fn cookie_name(&self) -> String {
        match self.guarded().token {
            Some(token) => format!("smonitor_{}", token.short_tag()),
            None => "smonitor".to_owned(),
        }
    }

    fn announce_change(&self) {
        self.0.changes.send_modify(|count| *count += 1);
    }

    /// Writes the sessions down, so that a restart does not sign everybody out. A full disk must
    /// not keep anybody from signing in, so a failure is only logged.
    async fn keep_sessions(&self) {
        let Some(state_dir) = self.0.state_dir.clone() else { return };
        let _turn = self.0.writing.lock().await;
        let lines = self.guarded().sessions.to_lines(self.0.clock.wall());
        let written =
            tokio::task::spawn_blocking(move || state_dir.write(SESSIONS_FILE, lines.as_bytes()))
                .await;
        match written {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "sessions will not survive a restart"),
            Err(error) => tracing::error!(%error, "writing the sessions failed"),
        }
    }

    fn guarded(&self) -> MutexGuard<'_, Guarded> {
        // Every change under the lock is whole before anything could panic.
        self.0.guarded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read_token(state_dir: &StateDir) -> Result<Option<Fingerprint>, OpenError> {
    let Some(bytes) = state_dir.read(TOKEN_FILE)? else { return Ok(None) };
    let text = std::str::from_utf8(&bytes).map_err(|_| OpenError::DamagedToken)?;
    Fingerprint::from_hex(text.trim()).map(Some).ok_or(OpenError::DamagedToken)
}
