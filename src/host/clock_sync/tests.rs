use super::*;
use crate::clock::Clock;
use crate::host::Roots;
use std::time::Duration;

const KEPT: Timex = Timex { status: 0, offset: 0, estimated_error: 2_500, maximum_error: 16_000 };

#[test]
fn a_clock_that_is_kept_says_how_well() {
    // STA_PLL and, as every kernel today, STA_NANO.
    let chrony = judge(Timex { status: 0x2001, offset: -1_234_567, ..KEPT });
    assert_eq!(
        chrony,
        ClockSync {
            synchronised: true,
            offset_seconds: Seconds(-0.001_235),
            estimated_error_seconds: Reading::Present(Seconds(0.002_5)),
            maximum_error_seconds: Reading::Present(Seconds(0.016)),
        }
    );
    let microseconds = judge(Timex { status: 0x0001, offset: -1_234_567, ..KEPT });
    assert_eq!(microseconds.offset_seconds, Seconds(-1.234_567));
}

#[test]
fn a_clock_that_nobody_keeps_has_no_errors() {
    let alone = judge(Timex {
        status: 0x2040,
        estimated_error: 16_000_000,
        maximum_error: 16_000_000,
        ..KEPT
    });
    assert!(!alone.synchronised);
    assert_eq!(alone.estimated_error_seconds.reason(), Some(Reason::NotSupported));
    assert_eq!(alone.maximum_error_seconds.reason(), Some(Reason::NotSupported));
}

#[test]
fn a_jittering_pulse_is_no_loss_of_time() {
    // STA_PPSSIGNAL, STA_PPSTIME and STA_PPSJITTER: the call says TIME_ERROR.
    assert!(judge(Timex { status: 0x2000 | 0x0100 | 0x0004 | 0x0200, ..KEPT }).synchronised);
}

#[test]
fn this_kernel_answers_and_a_captured_machine_has_none() {
    let (clock, _) = Clock::manual(crate::model::UnixMillis(0));
    let context =
        |roots| Context { roots, clock: clock.clone(), rate_window: Duration::from_secs(60) };
    let mut live = ClockSource::new(context(Roots::live()));
    match live.collect() {
        Ok(Collected::ClockSync(sync)) => {
            let errors = (sync.estimated_error_seconds, sync.maximum_error_seconds);
            assert_eq!(errors.0.present().is_some(), sync.synchronised);
            // The kernel gives up on a clock that may be 16 seconds off.
            assert!(errors.1.present().is_none_or(|most| (0.0..=16.1).contains(&most.0)));
            assert!(sync.offset_seconds.0.abs() < 3600.0, "{sync:?}");
        }
        Err(Reason::PermissionDenied) => println!("skipped: this container forbids adjtimex"),
        other => panic!("{other:?}"),
    }
    let folder = tempfile::tempdir().unwrap();
    let mut captured = ClockSource::new(context(Roots::at(folder.path())));
    assert_eq!(captured.collect(), Err(Reason::NotSupported));
}

proptest::proptest! {
    #[test]
    fn every_answer_is_a_number(status: i32, offset: i64, estimated: i64, maximum: i64) {
        let sync =
            judge(Timex { status, offset, estimated_error: estimated, maximum_error: maximum });
        proptest::prop_assert!(sync.offset_seconds.0.is_finite());
        let back: ClockSync = serde_json::from_str(&serde_json::to_string(&sync).unwrap()).unwrap();
        proptest::prop_assert_eq!(back.synchronised, sync.synchronised);
    }
}
