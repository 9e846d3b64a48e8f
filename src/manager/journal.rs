//! The newest restarts, in memory and in the state folder.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::model::server::{RESTARTS_FILE, RESTARTS_MAX, Restart};
use crate::model::{Reading, Reason, Seconds, UnixMillis};

use super::policy::Lost;

/// Puts bytes where they are kept; may take long.
pub type Keep = Box<dyn Fn(&[u8]) + Send>;

/// The newest restarts, newest first.
#[derive(Debug)]
pub struct Journal {
    restarts: VecDeque<Restart>,
    total: u64,
    writer: Option<Writer>,
}

/// Writes on a thread of its own: a state folder on a file server that does not answer must not
/// hold up the manager.
#[derive(Debug)]
struct Writer(Arc<Desk>);

#[derive(Debug, Default)]
struct Desk {
    /// Only the newest is worth writing.
    next: Mutex<Option<Vec<u8>>>,
    changed: Condvar,
}

impl Journal {
    /// Goes on from what `kept` says; `keep` is called with each new state.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn new(kept: Option<&[u8]>, keep: Option<Keep>) -> std::io::Result<Self> {
        let restarts = kept.map(parse).unwrap_or_default();
        Ok(Self { restarts, total: 0, writer: keep.map(Writer::start).transpose()? })
    }

    /// Takes note of a loss.
    pub fn lost(&mut self, at: UnixMillis, lost: &Lost) {
        self.total = self.total.saturating_add(1);
        self.restarts.truncate(RESTARTS_MAX - 1);
        self.restarts.push_front(Restart {
            at_ms: at,
            reason: lost.reason,
            detail: lost.detail.as_str().into(),
            pid: lost.pid,
            lived_seconds: Seconds(lost.lived.as_secs_f64()),
            back_after_seconds: Reading::Absent { absent: Reason::Measuring },
            version: Reading::Absent { absent: Reason::Measuring },
        });
        self.write();
    }

    /// Takes note that somebody serves again.
    pub fn back(&mut self, after: Duration, version: &str) {
        // Losses in between, of workers that never served, are over too; `after` is the first's.
        let open = self.restarts.iter().take_while(|restart| is_open(restart)).count();
        let Some(first) = open.checked_sub(1).map(|last| self.restarts[last].at_ms) else { return };
        for restart in self.restarts.iter_mut().take(open) {
            let later = restart.at_ms.0.saturating_sub(first.0);
            let later = Duration::from_millis(u64::try_from(later).unwrap_or_default());
            let seconds = after.saturating_sub(later).as_secs_f64();
            restart.back_after_seconds = Reading::Present(Seconds(seconds));
            restart.version = Reading::Present(version.to_owned());
        }
        self.write();
    }

    /// Newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Restart> {
        self.restarts.iter()
    }

    /// Since this manager started.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    fn write(&self) {
        let Some(writer) = &self.writer else { return };
        match serde_json::to_vec(&self.restarts) {
            Ok(bytes) => writer.put(bytes),
            Err(error) => tracing::error!(%error, "the list of restarts cannot be written down"),
        }
    }
}

fn is_open(restart: &Restart) -> bool {
    restart.version == (Reading::Absent { absent: Reason::Measuring })
}

/// A damaged file is worth no more than none: it is told and begun anew.
fn parse(bytes: &[u8]) -> VecDeque<Restart> {
    match serde_json::from_slice::<VecDeque<Restart>>(bytes) {
        Ok(mut restarts) => {
            restarts.truncate(RESTARTS_MAX);
            // What was open when the last manager ended will not be known any more.
            for restart in restarts.iter_mut().filter(|restart| is_open(restart)) {
                restart.back_after_seconds = Reading::Absent { absent: Reason::NotCollected };
                restart.version = Reading::Absent { absent: Reason::NotCollected };
            }
            restarts
        }
        Err(error) => {
            tracing::warn!(%error, "{RESTARTS_FILE} in the state folder is damaged; it is begun anew");
            VecDeque::new()
        }
    }
}

impl Writer {
    fn start(keep: Keep) -> std::io::Result<Self> {
        let desk = Arc::new(Desk::default());
        let mine = desk.clone();
        let write = move || {
            loop {
                let mut next = mine.next.lock().unwrap_or_else(PoisonError::into_inner);
                let bytes = loop {
                    match next.take() {
                        Some(bytes) => break bytes,
                        None => {
                            next = mine.changed.wait(next).unwrap_or_else(PoisonError::into_inner);
                        }
                    }
                };
                drop(next);
                keep(&bytes);
            }
        };
        std::thread::Builder::new().name("journal".to_owned()).spawn(write)?;
        Ok(Self(desk))
    }

    fn put(&self, bytes: Vec<u8>) {
        *self.0.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes);
        self.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::server::RestartReason;

    fn lost(pid: u32) -> Lost {
        Lost {
            pid,
            reason: RestartReason::Killed,
            detail: "ended by signal 9".to_owned(),
            lived: Duration::from_secs(7),
            was_up: true,
        }
    }

    #[test]
    fn the_newest_come_first_and_there_is_an_end() {
        let mut journal = Journal::new(None, None).unwrap();
        for pid in 0..200 {
            journal.lost(UnixMillis(i64::from(pid)), &lost(pid));
        }
        let pids: Vec<u32> = journal.newest().map(|restart| restart.pid).collect();
        assert_eq!((pids.len(), pids[0], pids[99]), (RESTARTS_MAX, 199, 100));
        assert_eq!(journal.total(), 200);
    }

    #[test]
    fn every_open_loss_is_over_when_somebody_serves() {
        let mut journal = Journal::new(None, None).unwrap();
        journal.lost(UnixMillis(1), &lost(1));
        journal.back(Duration::from_secs(1), "1.0");
        journal.lost(UnixMillis(2000), &lost(2));
        journal.lost(UnixMillis(3500), &lost(3));
        journal.back(Duration::from_secs(2), "1.1");
        let back: Vec<_> = journal.newest().map(|r| r.back_after_seconds).collect();
        assert_eq!(back, [0.5, 2.0, 1.0].map(|seconds| Reading::Present(Seconds(seconds))));
        let versions: Vec<_> = journal.newest().map(|r| r.version.present().cloned()).collect();
        assert_eq!(versions, [Some("1.1".to_owned()), Some("1.1".into()), Some("1.0".into())]);
    }

    #[test]
    fn the_next_manager_goes_on_from_the_file() {
        let (said, heard) = std::sync::mpsc::channel();
        let keep: Keep = Box::new(move |bytes| said.send(bytes.to_vec()).unwrap());
        let mut journal = Journal::new(None, Some(keep)).unwrap();
        journal.lost(UnixMillis(1), &lost(1));
        let written = heard.recv_timeout(Duration::from_secs(10)).unwrap();
        let next = Journal::new(Some(&written), None).unwrap();
        let kept: Vec<_> = next.newest().collect();
        assert_eq!((kept.len(), kept[0].pid, next.total()), (1, 1, 0));
        assert_eq!(kept[0].version, Reading::Absent { absent: Reason::NotCollected });
        for damaged in [&b"["[..], b"{}", b"[1]", b"\xff"] {
            assert_eq!(Journal::new(Some(damaged), None).unwrap().newest().count(), 0);
        }
    }
}
