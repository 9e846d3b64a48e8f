use super::mdstat::parse_mdstat;
use crate::model::raid::{RaidAction, RaidArray, RaidMemberState, RaidState};
use crate::model::{Bytes, BytesPerSecond, Percent, Reading, Reason, Seconds};

fn one(text: &str) -> RaidArray {
    let mut arrays = parse_mdstat(text.as_bytes()).unwrap();
    assert_eq!(arrays.len(), 1, "{arrays:?}");
    arrays.remove(0)
}

fn members(array: &RaidArray) -> Vec<(&str, RaidMemberState)> {
    array.members.iter().map(|member| (member.device.as_str(), member.state)).collect()
}

fn action(array: &RaidArray) -> &RaidAction {
    array.action.as_ref().unwrap()
}

const CLEAN: &str = "Personalities : [raid1] [raid6] [raid5] [raid4] \n\
    md0 : active raid1 sdb1[1] sda1[0]\n      \
    1048576 blocks super 1.2 [2/2] [UU]\n      \
    bitmap: 0/1 pages [0KB], 65536KB chunk\n\nunused devices: <none>\n";

#[test]
fn a_mirror_that_is_well() {
    let array = one(CLEAN);
    assert_eq!(array.key.as_str(), "md0");
    assert_eq!(array.level, Reading::Present("raid1".into()));
    assert_eq!(array.state, RaidState::Clean);
    assert_eq!(array.size_bytes, Reading::Present(Bytes(1 << 30)));
    assert_eq!(array.devices_wanted, Reading::Present(2));
    assert_eq!(array.devices_working, Reading::Present(2));
    let active = RaidMemberState::Active;
    assert_eq!(members(&array), [("sdb1", active), ("sda1", active)]);
    assert_eq!(array.action, None);
}

#[test]
fn a_machine_without_arrays_has_an_empty_list() {
    for text in ["Personalities : \nunused devices: <none>\n", "", "Personalities : [raid1]\n"] {
        assert_eq!(parse_mdstat(text.as_bytes()).unwrap(), []);
    }
}

#[test]
fn a_member_that_failed_and_one_that_is_missing() {
    let failed = one("md1 : active raid1 sdb1[1](F) sda1[0]\n      104320 blocks [2/1] [U_]\n");
    assert_eq!(failed.state, RaidState::Degraded);
    assert_eq!(failed.devices_working, Reading::Present(1));
    assert_eq!(members(&failed)[0], ("sdb1", RaidMemberState::Failed));
    let missing = one("md1 : active (auto-read-only) raid6 sdc[2] sdb[1] sda[0]\n      \
        2096128 blocks super 1.2 level 6, 512k chunk, algorithm 2 [4/3] [UUU_]\n");
    assert_eq!(missing.state, RaidState::Degraded);
    assert_eq!(missing.level, Reading::Present("raid6".into()), "not (auto-read-only)");
    assert_eq!(missing.size_bytes, Reading::Present(Bytes(2_096_128 * 1024)));
    let level = one("md1 : active (read-only) raid5 sda[0] sdb[1] sdc[2]\n 8 blocks [3/3] [UUU]\n");
    assert_eq!(level.level, Reading::Present("raid5".into()));
}

#[test]
fn a_rebuild() {
    let array = one("md2 : active raid5 sdd1[3] sdc1[2](F) sdb1[1] sda1[0]\n      \
        585890304 blocks level 5, 64k chunk, algorithm 2 [3/2] [UU_]\n      \
        [==>..................]  recovery = 12.6% (37043392/292945152) finish=127.5min speed=33440K/sec\n      \
        bitmap: 3/3 pages [12KB], 65536KB chunk\n");
    assert_eq!(array.state, RaidState::Recovering);
    let action = action(&array);
    assert_eq!(action.kind.as_str(), "recovery");
    assert_eq!(action.done_percent, Reading::Present(Percent(12.6)));
    assert_eq!(action.speed_bytes_per_second, Reading::Present(BytesPerSecond(33_440 * 1024)));
    assert_eq!(action.remaining_seconds, Reading::Present(Seconds(7650.0)));
    assert_eq!(array.devices_working, Reading::Present(2));
}

#[test]
fn work_on_an_array_that_is_complete() {
    for (line, kind, percent) in [
        ("[>....................]  resync =  0.3% (1/2) finish=1.0min speed=5K/sec", "resync", 0.3),
        ("[====================>]  check =100.0% (2/2) finish=0.0min speed=5K/sec", "check", 100.0),
        (
            "[=>...................]  reshape =  9.9% (1/2) finish=1.0min speed=5K/sec",
            "reshape",
            9.9,
        ),
        // A spare takes the place of a member that still works.
        (
            "[=>...................]  recovery =  9.9% (1/2) finish=1.0min speed=5K/sec",
            "recovery",
            9.9,
        ),
    ] {
        let array = one(&format!(
            "md3 : active raid10 sdd[3] sdc[2] sdb[1] sda[0]\n      \
            4190208 blocks super 1.2 512K chunks 2 near-copies [4/4] [UUUU]\n      {line}\n"
        ));
        assert_eq!(array.state, RaidState::Working, "{line}");
        assert_eq!(action(&array).kind.as_str(), kind);
        assert_eq!(action(&array).done_percent, Reading::Present(Percent(percent)));
    }
}

#[test]
fn work_that_waits_its_turn() {
    for (line, kind) in [
        ("\tresync=DELAYED", "resync"),
        ("\tresync=PENDING", "resync"),
        ("\tresync=REMOTE", "resync"),
        ("\tcheck=DELAYED", "check"),
    ] {
        let text = |slots| {
            format!("md4 : active raid1 sdb[1] sda[0]\n      8 blocks {slots}\n      {line}\n")
        };
        let array = one(&text("[2/2] [UU]"));
        assert_eq!(array.state, RaidState::Clean, "{line}: nothing is being done");
        let action = action(&array);
        assert_eq!(action.kind.as_str(), kind);
        for reason in [
            action.done_percent.reason(),
            action.speed_bytes_per_second.reason(),
            action.remaining_seconds.reason(),
        ] {
            assert_eq!(reason, Some(Reason::Measuring));
        }
        assert_eq!(one(&text("[2/1] [_U]")).state, RaidState::Degraded, "{line}");
    }
}

#[test]
fn a_check_of_an_array_that_lacks_a_member_is_no_rebuild() {
    let array = one("md4 : active raid6 sdb[1] sda[0]\n 8 blocks [4/3] [UUU_]\n\
        \t[=>..]  check = 5.0% (1/2) finish=1.0min speed=5K/sec\n");
    assert_eq!(array.state, RaidState::Degraded);
}

#[test]
fn every_mark_of_a_member() {
    let array = one(
        "md5 : active raid5 sdg[6](J) sdf[5](S) sde[4](R) sdd[3](W) sdc[2](W)(F) sdb[1](S)(R) cciss/c0d0p1[0]\n 8 blocks [3/3] [UUU]\n",
    );
    use RaidMemberState::{Active, Failed, Journal, Replacement, Spare};
    let wanted = [
        ("sdg", Journal),
        ("sdf", Spare),
        ("sde", Replacement),
        ("sdd", Active),
        ("sdc", Failed),
        ("sdb", Spare),
        ("cciss/c0d0p1", Active),
    ];
    assert_eq!(members(&array), wanted);
}

#[test]
fn levels_without_redundancy() {
    let stripe = "md6 : active raid0 sdb[1] sda[0]\n      2095104 blocks super 1.2 512k chunks\n";
    let array = one(stripe);
    assert_eq!(array.state, RaidState::Clean);
    assert_eq!(array.devices_wanted, Reading::absent(Reason::NotSupported));
    assert_eq!(array.devices_working, Reading::absent(Reason::NotSupported));
    assert_eq!(one(&stripe.replace("sda[0]", "sda[0](F)")).state, RaidState::Inactive);
    let broken = one(&stripe.replace("active", "broken"));
    assert_eq!(broken.state, RaidState::Inactive, "since 5.4: a member is gone");
    assert_eq!(broken.level, Reading::Present("raid0".into()));
    assert_eq!(one(&stripe.replace("raid0", "linear")).level, Reading::Present("linear".into()));
}

#[test]
fn an_array_that_was_not_started() {
    let array =
        one("md127 : inactive sdb1[1](S) sda1[0](S)\n      2093056 blocks super 1.2\n       \n");
    assert_eq!(array.state, RaidState::Inactive);
    assert_eq!(array.level, Reading::absent(Reason::NotSupported));
    assert_eq!(
        array.size_bytes,
        Reading::absent(Reason::NotSupported),
        "the blocks are those of both members together"
    );
    assert_eq!(array.members.len(), 2);
    assert_eq!(array.devices_wanted, Reading::absent(Reason::NotSupported));
}

#[test]
fn an_array_that_lost_more_than_it_can_is_not_degraded_but_lost() {
    let text = "md7 : active raid5 sdc[2] sdb[1](F) sda[0](F)\n 8 blocks level 5 [3/1] [__U]\n";
    assert_eq!(one(text).state, RaidState::Inactive);
    let halves = |slots: &str, copies: &str| {
        let text =
            format!("md8 : active raid10 sda[0]\n 8 blocks 512K chunks {copies} [4/2] [{slots}]\n");
        one(&text).state
    };
    assert_eq!(halves("U_U_", "2 near-copies"), RaidState::Degraded);
    assert_eq!(halves("UU__", "2 near-copies"), RaidState::Inactive);
    assert_eq!(halves("UU__", "2 near-copies 2 far-copies"), RaidState::Degraded);
}

#[test]
fn a_container_is_no_array_and_the_volume_in_it_is() {
    let text = "Personalities : [raid1] \n\
        md126 : active raid1 sda[1] sdb[0]\n      \
        468848640 blocks super external:/md127/0 [2/2] [UU]\n      \n\
        md127 : inactive sdb[1](S) sda[0](S)\n      \
        5288 blocks super external:imsm\n       \nunused devices: <none>\n";
    assert_eq!(one(text).key.as_str(), "md126");
    let held =
        text.replace("external:/md127/0", "external:-md127/0").replace("active raid1", "inactive");
    assert_eq!(one(&held).key.as_str(), "md126", "held while its metadata are written");
    assert_eq!(one(&held).state, RaidState::Inactive);
}

#[test]
fn errors_name_the_token() {
    for (text, error) in [
        ("md0 : odd raid1\n", "line 1: wanted active, inactive or broken, found \"odd\""),
        ("md0 :\n", "line 1: wanted active, inactive or broken, found \"\""),
        ("md0 : active raid1\n  x blocks\n", "line 2: wanted a number of blocks, found \"x\""),
        (
            "md0 : active raid1\n  8 blocks\n  check = x% (1/2)\n",
            "line 3: wanted a decimal number, found \"x\"",
        ),
    ] {
        let found = parse_mdstat(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(found, format!("mdstat, {error}"));
    }
}

proptest::proptest! {
    #[test]
    fn never_panics_and_stays_in_range(
        bytes: Vec<u8>,
        text in "((md[0-9_]{0,3} : (active|inactive|broken)( (raid10|raid5|raid1|\\(read-only\\)|sd[a-c]\\[[0-9]\\](\\([FSJRW]\\))?)){0,5}|  +([0-9]{0,21} (blocks|near-copies|far-copies)|\\[[0-9]{1,11}/[0-9]\\]|\\[[U_]{0,6}\\]|(check|resync) ?=[ 0-9.]{0,9}%?( (finish|speed)=[0-9.]{0,9}(min|K/sec)?)?){1,4})\n){0,6}",
    ) {
        for input in [&bytes[..], text.as_bytes()] {
            for array in parse_mdstat(input).unwrap_or_default() {
                let done = array.action.and_then(|action| action.done_percent.present().copied());
                proptest::prop_assert!(done.is_none_or(|done| (0.0..=100.0).contains(&done.0)));
            }
        }
    }
}
