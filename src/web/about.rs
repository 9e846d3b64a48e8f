//! `GET /api/v1/server`: how this server runs, for admins.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::Response;
use tokio::sync::Semaphore;

use super::answer::{self, Refused};
use super::server::Server;
use crate::model::server::{RESTARTS_FILE, RESTARTS_MAX, Restart, RestartedBy, ServerBody};
use crate::model::{Reading, Reason};
use crate::state_dir::{self, StateDir};

/// A state folder on a disk that does not answer must not hold an answer up.
const READING_AT_MOST: Duration = Duration::from_secs(2);

/// The restarts that the manager wrote down, read when somebody asks.
#[derive(Debug)]
pub(super) struct Restarts {
    state_dir: Option<StateDir>,
    /// Somebody writes them down: no file means that there was none so far.
    has_manager: bool,
    /// One reads at a time, so that a disk that hangs holds one thread and not one per question.
    turn: Arc<Semaphore>,
    /// The file was found damaged, and that was logged.
    is_damaged: AtomicBool,
}

pub(super) async fn answer(server: &Server, headers: &HeaderMap) -> Result<Response, Refused> {
    let restarts = server.restarts.read().await;
    let settings = &server.settings;
    let (viewers, viewers_left_out) = server.listed.list();
    let body = ServerBody {
        version: settings.version.clone(),
        pid: std::process::id(),
        started_at_ms: server.started_at,
        server_time_ms: server.clock.wall(),
        restarted_by: settings.restarted_by,
        sandbox: settings.sandbox.clone(),
        restarts,
        viewers,
        viewers_left_out,
    };
    let bytes = serde_json::to_vec(&body).map_err(|_| Refused::internal())?;
    Ok(answer::document(bytes.into(), headers).await)
}

impl Restarts {
    pub(super) fn new(state_dir: Option<StateDir>, restarted_by: RestartedBy) -> Self {
        Self {
            state_dir,
            has_manager: restarted_by == RestartedBy::Manager,
            turn: Arc::new(Semaphore::new(1)),
            is_damaged: AtomicBool::new(false),
        }
    }

    /// The newest ones, newest first.
    async fn read(&self) -> Reading<Vec<Restart>> {
        let Some(state_dir) = self.state_dir.clone() else {
            return Reading::absent(Reason::NotCollected);
        };
        let reading = async {
            let turn = self.turn.clone().acquire_owned().await.ok()?;
            let read = move || {
                // Given back when the disk has answered, whether or not somebody still waits.
                let _turn = turn;
                state_dir.read(RESTARTS_FILE)
            };
            tokio::task::spawn_blocking(read).await.ok()
        };
        let read = match tokio::time::timeout(READING_AT_MOST, reading).await {
            Ok(Some(read)) => read.map_err(|error| reason_of(&error)),
            Ok(None) => Err(Reason::ReadFailed),
            Err(_) => Err(Reason::NotResponding),
        };
        let restarts = match read {
            Ok(None) if self.has_manager => Ok(Vec::new()),
            Ok(None) => Err(Reason::NotCollected),
            Ok(Some(bytes)) => parse(&bytes).ok_or(Reason::Malformed),
            Err(reason) => Err(reason),
        };
        self.note(restarts.as_ref().err().copied());
        restarts.into()
    }

    /// Logs a damaged file once; one that was right in between is told anew.
    fn note(&self, failed: Option<Reason>) {
        let is_damaged = failed == Some(Reason::Malformed);
        let was_damaged = self.is_damaged.swap(is_damaged, Ordering::Relaxed);
        if is_damaged && !was_damaged {
            tracing::warn!(
                "{RESTARTS_FILE} in the state folder is damaged, so earlier restarts cannot be \
                 shown; delete it, the next restart makes a new one"
            );
        }
    }
}

fn reason_of(error: &state_dir::Error) -> Reason {
    use std::io::ErrorKind::{InvalidData, PermissionDenied};
    let kind = match error {
        state_dir::Error::Read { cause, .. } => Some(cause.kind()),
        _ => None,
    };
    match kind {
        // Larger than anything that smonitor writes.
        Some(InvalidData) => Reason::Malformed,
        Some(PermissionDenied) => Reason::PermissionDenied,
        _ => Reason::ReadFailed,
    }
}

/// A JSON array, newest first; what is beyond the cap is left out.
fn parse(bytes: &[u8]) -> Option<Vec<Restart>> {
    let mut restarts: Vec<Restart> = serde_json::from_slice(bytes).ok()?;
    restarts.truncate(RESTARTS_MAX);
    Some(restarts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::server::RestartReason;
    use crate::model::{Seconds, UnixMillis};

    fn restart(pid: u32) -> Restart {
        Restart {
            at_ms: UnixMillis(1_795_176_000_000),
            reason: RestartReason::Killed,
            detail: "killed by signal 9 (SIGKILL)".into(),
            pid,
            lived_seconds: Seconds::new(3.5),
            back_after_seconds: Reading::Present(Seconds::new(0.3)),
            version: Reading::absent(Reason::Measuring),
        }
    }

    fn restarts() -> (tempfile::TempDir, StateDir, Restarts) {
        let folder = tempfile::tempdir().unwrap();
        let state_dir = StateDir::open(&folder.path().join("state")).unwrap();
        let restarts = Restarts::new(Some(state_dir.clone()), RestartedBy::Nobody);
        (folder, state_dir, restarts)
    }

    #[tokio::test]
    async fn what_the_manager_wrote_is_read_when_asked() {
        let nowhere = Restarts::new(None, RestartedBy::Manager);
        assert_eq!(nowhere.read().await.reason(), Some(Reason::NotCollected));
        let (_folder, state_dir, restarts) = restarts();
        assert_eq!(restarts.read().await.reason(), Some(Reason::NotCollected));
        let managed = Restarts::new(Some(state_dir.clone()), RestartedBy::Manager);
        assert_eq!(managed.read().await, Reading::Present(Vec::new()), "none so far");
        let written: Vec<_> = (0..150).map(restart).collect();
        let write = |bytes: &[u8]| state_dir.write(RESTARTS_FILE, bytes).unwrap();
        write(&serde_json::to_vec(&written[..2]).unwrap());
        assert_eq!(restarts.read().await, Reading::Present(written[..2].to_vec()));
        write(&serde_json::to_vec(&written).unwrap());
        assert_eq!(restarts.read().await, Reading::Present(written[..RESTARTS_MAX].to_vec()));
        write(b"[]");
        assert_eq!(restarts.read().await, Reading::Present(Vec::new()), "none is not unknown");
    }

    #[tokio::test]
    async fn a_damaged_file_is_told_and_mended_by_the_next_write() {
        let (_folder, state_dir, restarts) = restarts();
        let whole = serde_json::to_vec(&[restart(1)]).unwrap();
        let large = vec![b' '; 2 * 1024 * 1024];
        for damaged in [&b""[..], b"{}", b"[{}]", b"null", &whole[..whole.len() - 1], &large] {
            state_dir.write(RESTARTS_FILE, damaged).unwrap();
            assert_eq!(restarts.read().await.reason(), Some(Reason::Malformed));
            assert!(restarts.is_damaged.load(Ordering::Relaxed));
            state_dir.write(RESTARTS_FILE, &whole).unwrap();
            assert_eq!(restarts.read().await, Reading::Present(vec![restart(1)]));
            assert!(!restarts.is_damaged.load(Ordering::Relaxed), "told anew the next time");
        }
        std::fs::remove_file(state_dir.path().join(RESTARTS_FILE)).unwrap();
        std::fs::create_dir(state_dir.path().join(RESTARTS_FILE)).unwrap();
        assert_eq!(restarts.read().await.reason(), Some(Reason::ReadFailed));
    }

    #[tokio::test(start_paused = true)]
    async fn a_disk_that_hangs_holds_one_thread_and_no_answer() {
        let (_folder, _state_dir, restarts) = restarts();
        let hanging = restarts.turn.clone().acquire_owned().await.unwrap();
        for _ in 0..3 {
            assert_eq!(restarts.read().await.reason(), Some(Reason::NotResponding));
        }
        drop(hanging);
        assert_eq!(restarts.turn.available_permits(), 1);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_the_reader(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = parse(&bytes);
        }
    }
}
