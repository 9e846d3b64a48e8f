//! L1, time. The only module that asks the operating system what time it is; everything else is
//! handed a [`Clock`], so tests can turn the hands.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::model::UnixMillis;

/// A source of time: the machine's own or, in tests, one that is moved by hand.
#[derive(Clone, Debug)]
pub struct Clock(Inner);

#[derive(Clone, Debug)]
enum Inner {
    System(Instant),
    Manual(Arc<Manual>),
}

/// The hands of a clock that only moves when told to.
#[derive(Debug, Default)]
pub struct Manual {
    monotonic_nanos: AtomicU64,
    wall_millis: AtomicI64,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this module is where time comes from")]
    pub fn system() -> Self {
        Self(Inner::System(Instant::now()))
    }

    /// A clock that stands still at `wall` until its hands are moved.
    #[must_use]
    pub fn manual(wall: UnixMillis) -> (Self, Arc<Manual>) {
        let hands = Arc::new(Manual::default());
        hands.wall_millis.store(wall.0, Ordering::Relaxed);
        (Self(Inner::Manual(hands.clone())), hands)
    }

    /// Time since this clock was made; never goes back, whatever happens to the wall clock.
    #[must_use]
    pub fn monotonic(&self) -> Duration {
        match &self.0 {
            Inner::System(origin) => origin.elapsed(),
            Inner::Manual(hands) => {
                Duration::from_nanos(hands.monotonic_nanos.load(Ordering::Relaxed))
            }
        }
    }

    /// The time of day; may jump when somebody sets it.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this module is where time comes from")]
    pub fn wall(&self) -> UnixMillis {
        match &self.0 {
            Inner::System(_) => {
                let since_epoch =
                    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
                UnixMillis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
            }
            Inner::Manual(hands) => UnixMillis(hands.wall_millis.load(Ordering::Relaxed)),
        }
    }
}

impl Manual {
    /// Lets `duration` pass, on both hands.
    pub fn advance(&self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        self.monotonic_nanos.fetch_add(nanos, Ordering::Relaxed);
        self.wall_millis.fetch_add(millis, Ordering::Relaxed);
    }

    /// Sets the time of day, as an administrator or NTP would; monotonic time goes on.
    pub fn set_wall(&self, wall: UnixMillis) {
        self.wall_millis.store(wall.0, Ordering::Relaxed);
    }
}
