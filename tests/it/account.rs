//! When an account ends does not depend on where the machine stands.

use std::process::Command;
use std::time::Duration;

use smonitor::clock::Clock;
use smonitor::host::account::Accounts;
use smonitor::host::{Context, Roots};
use smonitor::model::account::AccountEnd;
use smonitor::model::{Reading, UnixMillis};

/// 2026-12-01 00:00 UTC, day 20,788.
const MIDNIGHT_MS: i64 = 1_796_083_200_000;

#[test]
fn an_account_ends_at_midnight_utc() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("etc")).unwrap();
    std::fs::write(folder.path().join("etc/shadow"), "alice:!:1:0:9:7::20788:\n").unwrap();
    let (clock, _hands) = Clock::manual(UnixMillis(0));
    let roots = Roots::at(folder.path());
    let mut accounts =
        Accounts::new(&Context { roots, clock, rate_window: Duration::from_secs(10) });
    for (now, expired) in [(MIDNIGHT_MS - 1, false), (MIDNIGHT_MS, true)] {
        let wanted = AccountEnd::At { at_ms: UnixMillis(MIDNIGHT_MS), expired };
        let end = accounts.end_of("alice", UnixMillis(now));
        assert_eq!(end, Reading::Present(wanted), "in {:?}", std::env::var("TZ"));
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the zone of a process is set from outside")]
fn it_does_so_in_new_york_and_in_shanghai() {
    for zone in ["America/New_York", "Asia/Shanghai", "<+14>-14", "<-12>12"] {
        let run = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "account::an_account_ends_at_midnight_utc"])
            .env("TZ", zone)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success() && said.contains("1 passed"), "{zone}: {said}");
    }
}
