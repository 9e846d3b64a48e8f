//! Graphics cards, their instances, and who is on them.

use super::Known;
use super::text::{Page, Sample, Samples, or_empty};
use crate::model::Reading;
use crate::model::gpu::{
    DriverState, EccCounts, Gpu, GpuClock, GpuFinding, GpuState, GpuUser, Gpus, Severity, Throttle,
};

pub(super) const ORIGIN: &str = "section `gpus`: NVML";

/// The most rows of one card that have series; the cards there are have fewer.
pub(super) const FANS_MAX: usize = 8;
pub(super) const LINKS_MAX: usize = 36;
pub(super) const SLICES_MAX: usize = 16;
pub(super) const XIDS_MAX: usize = 32;

/// The most users that have series, those with the most memory first.
const USERS_MAX: usize = 256;

metrics! {
    DRIVER_STATE: Gauge "smonitor_gpu_driver_state", ["state"],
        "Whether the driver serves the cards: 1 for the state it is in, 0 for the others.";
    DRIVER_INFO: Gauge "smonitor_gpu_driver_info", ["version", "nvml", "cuda"],
        "1, with the versions of driver and library, and of the newest CUDA that it runs.";
    INFO: Gauge "smonitor_gpu_info",
        ["gpu", "index", "model", "uuid", "serial", "vbios", "architecture"],
        "1, with what the card is; gpu is its PCI address, as in the log of the kernel.";
    STATE: Gauge "smonitor_gpu_state", ["gpu", "state"],
        "What the card is to somebody who looks for one: 1 for the state it is in, 0 for the others.";
    FINDINGS: Gauge "smonitor_gpu_findings", ["gpu", "severity"],
        "What is wrong with the card, counted by how bad it is.";
    XIDS: Gauge "smonitor_gpu_xid_errors_recent", ["gpu", "code"],
        "XID errors of the last 24 hours that smonitor heard of; a code has a series while there are any.";
    IDLE_SINCE: Gauge "smonitor_gpu_idle_since_timestamp_seconds", ["gpu"],
        "Since when it computes nothing, seconds since 1970; none while it computes.";
    PROCESSES: Gauge "smonitor_gpu_processes", ["gpu"], "Processes on the card.";
    UTILISATION: Gauge "smonitor_gpu_utilisation_ratio", ["gpu", "engine"],
        "Share of time that the engine was busy, 0 to 1.";
    MEMORY_TOTAL: Gauge "smonitor_gpu_memory_total_bytes", ["gpu"], "Memory on the card.";
    MEMORY_USED: Gauge "smonitor_gpu_memory_used_bytes", ["gpu"],
        "Memory that processes use, without what is reserved.";
    MEMORY_RESERVED: Gauge "smonitor_gpu_memory_reserved_bytes", ["gpu"],
        "Memory that driver and firmware keep.";
    MEMORY_FREE: Gauge "smonitor_gpu_memory_free_bytes", ["gpu"], "Memory that is free.";
    BAR1_TOTAL: Gauge "smonitor_gpu_bar1_total_bytes", ["gpu"],
        "The window through which the machine sees the card's memory.";
    BAR1_USED: Gauge "smonitor_gpu_bar1_used_bytes", ["gpu"], "Used of that window.";
    TEMPERATURE: Gauge "smonitor_gpu_temperature_celsius", ["gpu", "sensor"],
        "How warm chip and memory are.";
    TEMPERATURE_LIMIT: Gauge "smonitor_gpu_temperature_limit_celsius", ["gpu", "limit"],
        "From here on it runs slower, switches itself off, or is warmer than its maker lets it run.";
    FAN: Gauge "smonitor_gpu_fan_speed_ratio", ["gpu", "fan"],
        "How fast a fan is meant to turn, of its most; may exceed 1.";
    POWER: Gauge "smonitor_gpu_power_watts", ["gpu"], "Power that the board draws.";
    POWER_LIMIT: Gauge "smonitor_gpu_power_limit_watts", ["gpu", "limit"],
        "The limit in force, the one it is delivered with, and the least and the most it can be set to.";
    ENERGY: Counter "smonitor_gpu_energy_joules_total", ["gpu"],
        "Energy used since the driver was loaded.";
    CLOCK: Gauge "smonitor_gpu_clock_hertz", ["gpu", "clock"], "Clock frequency now.";
    CLOCK_MOST: Gauge "smonitor_gpu_clock_limit_hertz", ["gpu", "clock"],
        "Clock frequency at most.";
    PERFORMANCE: Gauge "smonitor_gpu_performance_state", ["gpu"],
        "Performance state, 0 (fastest) to 15.";
    THROTTLE: Gauge "smonitor_gpu_throttle", ["gpu", "reason"],
        "Whether this holds the clocks back now.";
    PCIE_GENERATION: Gauge "smonitor_gpu_pcie_generation", ["gpu"],
        "Generation of the link to the machine now; goes down when idle.";
    PCIE_GENERATION_MOST: Gauge "smonitor_gpu_pcie_generation_limit", ["gpu"],
        "Generation of the link at most, of card and slot together.";
    PCIE_WIDTH: Gauge "smonitor_gpu_pcie_lanes", ["gpu"], "Lanes of the link now.";
    PCIE_WIDTH_MOST: Gauge "smonitor_gpu_pcie_lanes_limit", ["gpu"], "Lanes of the link at most.";
    PCIE_REPLAYS: Counter "smonitor_gpu_pcie_replays_total", ["gpu"],
        "Packets that had to be sent again since the driver was loaded.";
    PCIE_RECEIVED: Gauge "smonitor_gpu_pcie_receive_bytes_per_second", ["gpu"],
        "Received by the card; the driver has no total.";
    PCIE_SENT: Gauge "smonitor_gpu_pcie_transmit_bytes_per_second", ["gpu"],
        "Sent by the card; the driver has no total.";
    NVLINK_ACTIVE: Gauge "smonitor_gpu_nvlink_active", ["gpu", "link"],
        "Whether a link to another card or a switch works.";
    NVLINK_ERRORS: Counter "smonitor_gpu_nvlink_errors_total", ["gpu", "link"],
        "Messages sent again, recoveries and checksum errors since the driver was loaded.";
    ECC_ENABLED: Gauge "smonitor_gpu_ecc_enabled", ["gpu"], "Whether memory errors are corrected.";
    ECC: Counter "smonitor_gpu_ecc_errors_total", ["gpu", "kind", "since"],
        "Memory errors, corrected and not, since the driver was loaded and in the card's life.";
    RETIRED: Gauge "smonitor_gpu_retired_pages", ["gpu", "kind"],
        "Pages of memory taken out of use, by the errors that caused it.";
    REMAPPED: Gauge "smonitor_gpu_remapped_rows", ["gpu", "kind"],
        "Rows of memory replaced by spare ones, by the errors that caused it.";
    REPAIR_PENDING: Gauge "smonitor_gpu_memory_repair_pending", ["gpu"],
        "Whether rows or pages will be replaced once the card is reset.";
    REMAP_FAILED: Gauge "smonitor_gpu_row_remap_failed", ["gpu"],
        "Whether a row could not be replaced: then the card has to be.";
    PERSISTENCE: Gauge "smonitor_gpu_persistence_enabled", ["gpu"],
        "Whether the driver stays loaded while nobody uses the card.";
    MIG: Gauge "smonitor_gpu_mig_enabled", ["gpu"], "Whether the card is divided into instances.";
    SLICE_INFO: Gauge "smonitor_gpu_slice_info", ["gpu", "slice", "profile", "uuid"],
        "1, with what an instance of a divided card is.";
    SLICE_STATE: Gauge "smonitor_gpu_slice_state", ["gpu", "slice", "state"],
        "What the instance is to somebody who looks for one: 1 for the state it is in, 0 for the others.";
    SLICE_TOTAL: Gauge "smonitor_gpu_slice_memory_total_bytes", ["gpu", "slice"],
        "Memory of the instance.";
    SLICE_USED: Gauge "smonitor_gpu_slice_memory_used_bytes", ["gpu", "slice"],
        "Memory that processes on the instance use.";
    SLICE_PROCESSES: Gauge "smonitor_gpu_slice_processes", ["gpu", "slice"],
        "Processes on the instance.";
    USER_GPUS: Gauge "smonitor_gpu_user_gpus", ["user"],
        "Cards with processes of the user; without a name: of nobody who is known.";
    USER_HELD: Gauge "smonitor_gpu_user_held_gpus", ["user"],
        "Those among them that are held and compute nothing.";
    USER_MEMORY: Gauge "smonitor_gpu_user_memory_bytes", ["user"],
        "Memory of cards that the user's processes use together.";
    USER_PROCESSES: Gauge "smonitor_gpu_user_processes", ["user"],
        "Processes of the user on cards.";
}

const DRIVER_STATES: [(&str, DriverState); 7] = [
    ("running", DriverState::Running),
    ("library_missing", DriverState::LibraryMissing),
    ("not_loaded", DriverState::NotLoaded),
    ("version_mismatch", DriverState::VersionMismatch),
    ("forbidden", DriverState::Forbidden),
    ("asleep", DriverState::Asleep),
    ("failing", DriverState::Failing),
];

const STATES: [(&str, GpuState); 5] = [
    ("unknown", GpuState::Unknown),
    ("fault", GpuState::Fault),
    ("free", GpuState::Free),
    ("held", GpuState::Held),
    ("busy", GpuState::Busy),
];

const SEVERITIES: [(&str, Severity); 3] =
    [("info", Severity::Info), ("warning", Severity::Warning), ("critical", Severity::Critical)];

const THROTTLES: [(&str, Throttle); 10] = [
    ("idle", Throttle::Idle),
    ("applications_clocks", Throttle::ApplicationsClocks),
    ("power_cap", Throttle::PowerCap),
    ("hardware_slowdown", Throttle::HardwareSlowdown),
    ("sync_boost", Throttle::SyncBoost),
    ("software_thermal", Throttle::SoftwareThermal),
    ("hardware_thermal", Throttle::HardwareThermal),
    ("power_brake", Throttle::PowerBrake),
    ("display_clock", Throttle::DisplayClock),
    ("other", Throttle::Other),
];

/// Rows of cards that have no series.
pub(super) fn left_out(gpus: &Gpus) -> u64 {
    gpus.left_out + gpus.people.len().saturating_sub(USERS_MAX) as u64
}

pub(super) fn write(page: &mut Page, known: Known<'_>) {
    let Some(gpus) = known.fresh(&known.snapshot.gpus) else { return };
    page.family(&DRIVER_STATE, |samples| {
        for (name, state) in DRIVER_STATES {
            samples.add(&[name], gpus.driver == state);
        }
    });
    page.family(&DRIVER_INFO, |samples| {
        // Without a version it would be nobody's.
        if let Reading::Present(version) = &gpus.driver_version {
            let (nvml, cuda) = (or_empty(&gpus.nvml_version), or_empty(&gpus.cuda_version));
            samples.add(&[version, nvml, cuda], true);
        }
    });
    what_they_are(page, &gpus.cards);
    load(page, &gpus.cards);
    heat_and_speed(page, &gpus.cards);
    links(page, &gpus.cards);
    memory_errors(page, &gpus.cards);
    slices(page, &gpus.cards);
    people(page, &gpus.people);
}

/// A family of one sample a card.
fn each<V: Sample>(
    page: &mut Page,
    metric: &'static super::Metric,
    cards: &[Gpu],
    pick: impl Fn(&Gpu) -> V,
) {
    page.family(metric, |samples| {
        for card in cards {
            samples.add(&[&card.key], pick(card));
        }
    });
}

/// A family of several samples a card.
fn several(
    page: &mut Page,
    metric: &'static super::Metric,
    cards: &[Gpu],
    fill: impl Fn(&mut Samples<'_>, &Gpu),
) {
    page.family(metric, |samples| {
        for card in cards {
            fill(samples, card);
        }
    });
}

fn what_they_are(page: &mut Page, cards: &[Gpu]) {
    several(page, &INFO, cards, |samples, card| {
        let labels = [
            &*card.key,
            &card.index.to_string(),
            or_empty(&card.name),
            or_empty(&card.uuid),
            or_empty(&card.serial),
            or_empty(&card.vbios_version),
            or_empty(&card.architecture),
        ];
        samples.add(&labels, true);
    });
    several(page, &STATE, cards, |samples, card| {
        for (name, state) in STATES {
            samples.add(&[&card.key, name], card.state == state);
        }
    });
    several(page, &FINDINGS, cards, |samples, card| {
        for (name, severity) in SEVERITIES {
            let findings = card.health.findings.iter();
            let count = findings.filter(|finding| finding.severity() == severity).count();
            samples.add(&[&card.key, name], count);
        }
    });
    several(page, &XIDS, cards, |samples, card| {
        let xids = card.health.findings.iter().filter_map(|finding| match finding {
            GpuFinding::Xid { code, count, .. } => Some((*code, *count)),
            _ => None,
        });
        for (code, count) in xids.take(XIDS_MAX) {
            samples.add(&[&card.key, &code.to_string()], count);
        }
    });
    each(page, &IDLE_SINCE, cards, |card| card.idle_since_ms);
    each(page, &PROCESSES, cards, |card| card.process_count);
    each(page, &PERSISTENCE, cards, |card| card.persistence);
    each(page, &MIG, cards, |card| card.mig);
}

fn load(page: &mut Page, cards: &[Gpu]) {
    several(page, &UTILISATION, cards, |samples, card| {
        let now = card.utilisation;
        for (engine, share) in [
            ("gpu", now.gpu_percent),
            ("memory", now.memory_percent),
            ("encoder", now.encoder_percent),
            ("decoder", now.decoder_percent),
            ("jpeg", now.jpeg_percent),
            ("ofa", now.ofa_percent),
        ] {
            samples.add(&[&card.key, engine], share);
        }
    });
    each(page, &MEMORY_TOTAL, cards, |card| card.memory.total_bytes);
    each(page, &MEMORY_USED, cards, |card| card.memory.used_bytes);
    each(page, &MEMORY_RESERVED, cards, |card| card.memory.reserved_bytes);
    each(page, &MEMORY_FREE, cards, |card| card.memory.free_bytes);
    each(page, &BAR1_TOTAL, cards, |card| card.memory.bar1_total_bytes);
    each(page, &BAR1_USED, cards, |card| card.memory.bar1_used_bytes);
}

fn heat_and_speed(page: &mut Page, cards: &[Gpu]) {
    several(page, &TEMPERATURE, cards, |samples, card| {
        samples.add(&[&card.key, "gpu"], card.temperature.gpu_celsius);
        samples.add(&[&card.key, "memory"], card.temperature.memory_celsius);
    });
    several(page, &TEMPERATURE_LIMIT, cards, |samples, card| {
        let limits = card.temperature;
        samples.add(&[&card.key, "slowdown"], limits.slowdown_celsius);
        samples.add(&[&card.key, "shutdown"], limits.shutdown_celsius);
        samples.add(&[&card.key, "maximum"], limits.maximum_celsius);
        samples.add(&[&card.key, "memory_maximum"], limits.memory_maximum_celsius);
    });
    several(page, &FAN, cards, |samples, card| {
        for (number, fan) in card.fans.iter().enumerate().take(FANS_MAX) {
            samples.add(&[&card.key, &number.to_string()], fan.speed_percent);
        }
    });
    each(page, &POWER, cards, |card| card.power.draw_watts);
    several(page, &POWER_LIMIT, cards, |samples, card| {
        samples.add(&[&card.key, "enforced"], card.power.limit_watts);
        samples.add(&[&card.key, "default"], card.power.default_limit_watts);
        samples.add(&[&card.key, "least"], card.power.least_limit_watts);
        samples.add(&[&card.key, "most"], card.power.most_limit_watts);
    });
    each(page, &ENERGY, cards, |card| card.power.energy_joules);
    let clocks = |card: &Gpu| -> [(&'static str, GpuClock); 4] {
        [
            ("graphics", card.clocks.graphics),
            ("sm", card.clocks.sm),
            ("memory", card.clocks.memory),
            ("video", card.clocks.video),
        ]
    };
    several(page, &CLOCK, cards, |samples, card| {
        for (name, clock) in clocks(card) {
            samples.add(&[&card.key, name], clock.now_hertz);
        }
    });
    several(page, &CLOCK_MOST, cards, |samples, card| {
        for (name, clock) in clocks(card) {
            samples.add(&[&card.key, name], clock.most_hertz);
        }
    });
    each(page, &PERFORMANCE, cards, |card| card.performance_state.map(u32::from));
    several(page, &THROTTLE, cards, |samples, card| {
        let Reading::Present(now) = &card.throttle else { return };
        for (name, reason) in THROTTLES {
            samples.add(&[&card.key, name], now.contains(&reason));
        }
    });
}

fn links(page: &mut Page, cards: &[Gpu]) {
    each(page, &PCIE_GENERATION, cards, |card| card.pcie.generation);
    each(page, &PCIE_GENERATION_MOST, cards, |card| card.pcie.most_generation);
    each(page, &PCIE_WIDTH, cards, |card| card.pcie.width);
    each(page, &PCIE_WIDTH_MOST, cards, |card| card.pcie.most_width);
    each(page, &PCIE_REPLAYS, cards, |card| card.pcie.replays);
    each(page, &PCIE_RECEIVED, cards, |card| card.pcie.received_bytes_per_second);
    each(page, &PCIE_SENT, cards, |card| card.pcie.sent_bytes_per_second);
    several(page, &NVLINK_ACTIVE, cards, |samples, card| {
        for link in card.nvlinks.present().into_iter().flatten().take(LINKS_MAX) {
            samples.add(&[&card.key, &link.link.to_string()], link.active);
        }
    });
    several(page, &NVLINK_ERRORS, cards, |samples, card| {
        for link in card.nvlinks.present().into_iter().flatten().take(LINKS_MAX) {
            samples.add(&[&card.key, &link.link.to_string()], link.errors);
        }
    });
}

fn memory_errors(page: &mut Page, cards: &[Gpu]) {
    each(page, &ECC_ENABLED, cards, |card| card.ecc.enabled);
    several(page, &ECC, cards, |samples, card| {
        let both: [(&str, EccCounts); 2] =
            [("load", card.ecc.since_load), ("ever", card.ecc.lifetime)];
        for (since, counts) in both {
            samples.add(&[&card.key, "corrected", since], counts.corrected);
            samples.add(&[&card.key, "uncorrected", since], counts.uncorrected);
        }
    });
    several(page, &RETIRED, cards, |samples, card| {
        samples.add(&[&card.key, "corrected"], card.retired_pages.map(|pages| pages.corrected));
        samples.add(&[&card.key, "uncorrected"], card.retired_pages.map(|pages| pages.uncorrected));
    });
    several(page, &REMAPPED, cards, |samples, card| {
        samples.add(&[&card.key, "corrected"], card.row_remap.map(|rows| rows.corrected));
        samples.add(&[&card.key, "uncorrected"], card.row_remap.map(|rows| rows.uncorrected));
    });
    // A card has the one or the other.
    each(page, &REPAIR_PENDING, cards, |card| {
        let rows = card.row_remap.present().map(|rows| rows.pending);
        let pages = card.retired_pages.present().map(|pages| pages.pending);
        rows.into_iter().chain(pages).reduce(|one, other| one || other)
    });
    each(page, &REMAP_FAILED, cards, |card| card.row_remap.map(|rows| rows.failed));
}

fn slices(page: &mut Page, cards: &[Gpu]) {
    macro_rules! of_slices {
        ($metric:ident, |$samples:ident, $card:ident, $slice:ident| $add:expr) => {
            several(page, &$metric, cards, |$samples, $card| {
                for $slice in $card.slices.iter().take(SLICES_MAX) {
                    $add;
                }
            });
        };
    }
    of_slices!(SLICE_INFO, |samples, card, slice| samples
        .add(&[&card.key, &slice.key, or_empty(&slice.profile), or_empty(&slice.uuid)], true));
    of_slices!(SLICE_STATE, |samples, card, slice| for (name, state) in STATES {
        samples.add(&[&card.key, &slice.key, name], slice.state == state);
    });
    of_slices!(SLICE_TOTAL, |samples, card, slice| samples
        .add(&[&card.key, &slice.key], slice.memory.total_bytes));
    of_slices!(SLICE_USED, |samples, card, slice| samples
        .add(&[&card.key, &slice.key], slice.memory.used_bytes));
    of_slices!(SLICE_PROCESSES, |samples, card, slice| samples
        .add(&[&card.key, &slice.key], slice.process_count));
}

fn people(page: &mut Page, people: &[GpuUser]) {
    let people = people.get(..USERS_MAX).unwrap_or(people);
    let mut each = |metric, pick: fn(&GpuUser) -> Option<u64>| {
        page.family(metric, |samples| {
            for person in people {
                samples.add(&[or_empty(&person.user)], pick(person));
            }
        });
    };
    each(&USER_GPUS, |person| Some(person.gpus.len() as u64));
    each(&USER_HELD, |person| Some(person.held_gpus.len() as u64));
    each(&USER_MEMORY, |person| person.memory_bytes.present().map(|bytes| bytes.0));
    each(&USER_PROCESSES, |person| Some(person.processes.into()));
}
