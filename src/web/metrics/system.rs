//! The machine, its clock, its services, who is logged in.

use std::collections::BTreeSet;

use super::Known;
use super::text::Page;
use crate::model::Reading;
use crate::model::system::System;

pub(super) const ORIGIN: &str = "section `system`: `stat`, `sys/kernel`, os-release(5); section `clock`: \
     adjtimex(2); section `units`: systemd; section `logins`: utmp(5), logind";

metrics! {
    BOOT_TIME: Gauge "node_boot_time_seconds", [], "When the kernel started, seconds since 1970.";
    TIME: Gauge "node_time_seconds", [], "The machine's time of day, seconds since 1970.";
    UNAME: Gauge "node_uname_info",
        ["sysname", "release", "version", "machine", "nodename", "domainname"],
        "1, with what uname(2) says of the machine.";
    OS: Gauge "node_os_info",
        ["build_id", "id", "id_like", "image_id", "image_version", "name", "pretty_name", "variant",
         "variant_id", "version", "version_codename", "version_id"],
        "1, with what os-release(5) says of the distribution.";
    SYNC: Gauge "node_timex_sync_status", [], "Whether a time service keeps the clock right.";
    OFFSET: Gauge "node_timex_offset_seconds", [],
        "What is still to be corrected; negative if the clock is ahead.";
    ESTIMATED_ERROR: Gauge "node_timex_estimated_error_seconds", [],
        "Estimated error of a clock that is kept right.";
    MAXIMUM_ERROR: Gauge "node_timex_maxerror_seconds", [],
        "Largest possible error of a clock that is kept right.";
    FAILED_UNITS: Gauge "smonitor_systemd_failed_units", [], "Units of systemd that failed.";
    FAILED_UNIT: Gauge "smonitor_systemd_unit_failed", ["name"], "1, for each unit that failed.";
    LOGINS: Gauge "smonitor_login_sessions", [], "Sessions of people who are logged in.";
    USERS: Gauge "smonitor_login_users", [], "People who are logged in, each once.";
}

pub(super) fn write(page: &mut Page, known: Known<'_>) {
    let snapshot = known.snapshot;
    if let Some(system) = Known::lasting(&snapshot.system) {
        page.single(&BOOT_TIME, system.boot_time_ms);
        info(page, system);
    }
    page.single(&TIME, known.now);
    if let Some(clock) = known.fresh(&snapshot.clock) {
        page.single(&SYNC, clock.synchronised);
        page.single(&OFFSET, clock.offset_seconds);
        page.single(&ESTIMATED_ERROR, clock.estimated_error_seconds);
        page.single(&MAXIMUM_ERROR, clock.maximum_error_seconds);
    }
    if let Some(units) = known.fresh(&snapshot.units) {
        page.single(&FAILED_UNITS, units.failed.len() as u64 + units.left_out);
        page.family(&FAILED_UNIT, |samples| {
            for unit in &units.failed {
                samples.add(&[&unit.key], true);
            }
        });
    }
    if let Some(logins) = known.fresh(&snapshot.logins) {
        page.single(&LOGINS, logins.sessions.len() as u64 + logins.left_out);
        // With sessions left out nobody knows how many people they are.
        if logins.left_out == 0 {
            let users: BTreeSet<&str> = logins.sessions.iter().map(|one| &*one.user).collect();
            page.single(&USERS, users.len());
        }
    }
}

fn info(page: &mut Page, system: &System) {
    page.family(&UNAME, |samples| {
        // Without these it would be nobody's.
        let (Reading::Present(name), Reading::Present(release)) =
            (&system.kernel_name, &system.kernel_release)
        else {
            return;
        };
        let labels = [
            name,
            release,
            text(&system.kernel_version),
            &system.architecture,
            text(&system.hostname),
            text(&system.domain_name),
        ];
        samples.add(&labels, true);
    });
    page.family(&OS, |samples| {
        let Reading::Present(os) = &system.operating_system else { return };
        let rest = &os.release;
        let labels = [
            &rest.build_id,
            &rest.id,
            &rest.id_like,
            &rest.image_id,
            &rest.image_version,
            os.name.as_str(),
            &os.pretty_name,
            &rest.variant,
            &rest.variant_id,
            &rest.version,
            text(&os.codename),
            text(&os.version),
        ];
        samples.add(&labels, true);
    });
}

fn text(reading: &Reading<String>) -> &str {
    reading.present().map_or("", |text| text)
}
