use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::clock::{Clock, Manual};
use crate::host::Roots;

const SHADOW: &str = "\
root:*:19000:0:99999:7:::
alice:$y$j9T$c2FsdA$aGFzaA:19000:0:99999:7::20788:
bob:!:19000:0:99999:7:::
closed:!:19000:0:99999:7::0:
first:!:19000:0:99999:7::1:
far:!:19000:0:99999:7::99999:
minus:!:19000:0:99999:7::-1:
rubbish:!:19000:0:99999:7::soon:
huge:!:19000:0:99999:7::99999999999999999999:
short:!:19000:0
seven:!:19000:0:99999:7:
eight:!:19000:0:99999:7::12
alice:!:19000:0:99999:7::1:
#comment:!:19000:0:99999:7::1:
+::::::::
";

/// 2026-12-01 12:00 UTC. Day 20,788 is that day.
const NOW: UnixMillis = UnixMillis(1_796_126_400_000);

fn at(ms: i64, expired: bool) -> Reading<AccountEnd> {
    Reading::Present(AccountEnd::At { at_ms: UnixMillis(ms), expired })
}

fn accounts(shadow: &str) -> (tempfile::TempDir, Accounts, std::sync::Arc<Manual>) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("etc")).unwrap();
    std::fs::write(folder.path().join("etc/shadow"), shadow).unwrap();
    let (clock, hands) = Clock::manual(NOW);
    let roots = Roots::at(folder.path());
    let context = Context { roots, clock, rate_window: Duration::from_secs(10) };
    (folder, Accounts::new(&context), hands)
}

#[test]
fn every_form_of_the_field_is_known() {
    let (_folder, mut accounts, _hands) = accounts(SHADOW);
    let absent = Reading::absent;
    for (user, wanted) in [
        ("root", Reading::Present(AccountEnd::Never)),
        ("alice", at(1_796_083_200_000, true)),
        ("bob", Reading::Present(AccountEnd::Never)),
        ("closed", at(0, true)),
        ("first", at(86_400_000, true)),
        ("far", at(8_639_913_600_000, false)),
        ("minus", Reading::Present(AccountEnd::Never)),
        ("rubbish", absent(Reason::Malformed)),
        ("huge", absent(Reason::Malformed)),
        ("short", absent(Reason::Malformed)),
        ("seven", absent(Reason::Malformed)),
        ("eight", at(12 * 86_400_000, true)),
        ("#comment", absent(Reason::NotSupported)),
        ("+", absent(Reason::NotSupported)),
        ("ldap-user", absent(Reason::NotSupported)),
        ("", absent(Reason::NotSupported)),
    ] {
        assert_eq!(accounts.end_of(user, NOW), wanted, "{user}");
    }
}

#[test]
fn an_account_ends_when_its_day_begins_in_utc() {
    let midnight = 1_796_083_200_000;
    for (now, expired) in [(midnight - 1, false), (midnight, true), (midnight + 1, true)] {
        assert_eq!(Field::Day(20_788).end(UnixMillis(now)), at(midnight, expired));
    }
}

#[test]
fn the_file_is_read_again_after_a_minute_and_not_before() {
    let (folder, mut accounts, hands) = accounts("alice:x::::::5:\n");
    let five = at(5 * 86_400_000, true);
    assert_eq!(accounts.end_of("alice", NOW), five);
    std::fs::write(folder.path().join("etc/shadow"), "alice:x::::::6:\n").unwrap();
    hands.advance(LIFE - Duration::from_millis(1));
    assert_eq!(accounts.end_of("alice", NOW), five);
    hands.advance(Duration::from_millis(1));
    assert_eq!(accounts.end_of("alice", NOW), at(6 * 86_400_000, true));
    std::fs::remove_file(folder.path().join("etc/shadow")).unwrap();
    hands.advance(LIFE);
    assert_eq!(accounts.end_of("alice", NOW), Reading::absent(Reason::NotSupported));
}

#[test]
fn why_nothing_is_known_is_told() {
    let (folder, mut accounts, hands) = accounts("alice:x::::::5:\n");
    let path = folder.path().join("etc/shadow");
    let file = File::options().write(true).open(&path).unwrap();
    file.set_len(FILE_BYTES as u64 + 1).unwrap();
    assert_eq!(accounts.end_of("alice", NOW), Reading::absent(Reason::OutOfResources));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0)).unwrap();
    if File::open(&path).is_err() {
        hands.advance(LIFE);
        assert_eq!(accounts.end_of("alice", NOW), Reading::absent(Reason::PermissionDenied));
    }
}

#[test]
fn no_password_is_kept() {
    let (_folder, mut accounts, _hands) = accounts(SHADOW);
    accounts.end_of("alice", NOW);
    let kept = format!("{accounts:?}");
    assert!(kept.contains("alice"), "{kept}");
    assert!(!kept.contains("$y$") && !kept.contains("aGFzaA"), "{kept}");
}

proptest::proptest! {
    #[test]
    fn any_file_is_survived(bytes: Vec<u8>, now: i64) {
        for field in parse_shadow(&bytes).into_values() {
            if let Reading::Present(AccountEnd::At { at_ms, expired }) = field.end(UnixMillis(now)) {
                proptest::prop_assert_eq!(expired, now >= at_ms.0);
            }
        }
    }

    #[test]
    fn any_day_is_that_many_times_24_hours(day: u32) {
        let known = parse_shadow(format!("u:x::::::{day}:").as_bytes());
        let wanted = at(i64::from(day) * 86_400_000, true);
        proptest::prop_assert_eq!(known["u"].end(UnixMillis(i64::MAX)), wanted);
    }
}
