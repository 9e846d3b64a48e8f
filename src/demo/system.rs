//! What the made-up machine is, its clock, and a service that failed.

use super::moment::Moment;
use super::{BOOT, host_id};
use crate::model::clock_sync::ClockSync;
use crate::model::system::{OperatingSystem, OsRelease, System};
use crate::model::unit::{FailedUnit, Units};
use crate::model::{Reading, Seconds, UnixMillis};

const DAY_MS: i64 = 86_400_000;

pub(super) fn system(moment: Moment) -> System {
    System {
        hostname: Reading::Present(host_id(moment.seed).to_string()),
        operating_system: Reading::Present(OperatingSystem {
            name: "Ubuntu".to_owned(),
            version: Reading::Present("24.04".to_owned()),
            codename: Reading::Present("noble".to_owned()),
            pretty_name: "Ubuntu 24.04.3 LTS".to_owned(),
            release: OsRelease {
                id: "ubuntu".to_owned(),
                id_like: "debian".to_owned(),
                version: "24.04.3 LTS (Noble Numbat)".to_owned(),
                ..OsRelease::default()
            },
        }),
        kernel_name: Reading::Present("Linux".to_owned()),
        kernel_release: Reading::Present("6.8.0-45-generic".to_owned()),
        kernel_version: Reading::Present("#45-Ubuntu SMP PREEMPT_DYNAMIC".to_owned()),
        domain_name: Reading::Present("(none)".to_owned()),
        architecture: "x86_64".to_owned(),
        boot_time_ms: Reading::Present(BOOT),
        uptime_seconds: Reading::Present(Seconds::new(moment.uptime_seconds())),
    }
}

pub(super) fn clock(moment: Moment) -> ClockSync {
    ClockSync {
        synchronised: true,
        offset_seconds: Seconds::new(moment.between("clock offset", 200.0, -0.000_41, 0.000_38)),
        estimated_error_seconds: Reading::Present(Seconds::new(0.000_7)),
        maximum_error_seconds: Reading::Present(Seconds::new(moment.between(
            "clock error",
            500.0,
            0.011,
            0.034,
        ))),
    }
}

/// The backup of last night did not work out.
pub(super) fn units(moment: Moment) -> Units {
    const HALF_PAST_TWO_MS: i64 = 9_000_000;
    let night = (moment.at.0 - HALF_PAST_TWO_MS).div_euclid(DAY_MS) * DAY_MS + HALF_PAST_TWO_MS;
    Units {
        failed: vec![FailedUnit {
            key: "backup-home.service".into(),
            description: "Nightly backup of /home".into(),
            sub_state: "failed".into(),
            since_ms: Reading::Present(UnixMillis(night + 12_400)),
        }],
        left_out: 0,
    }
}
