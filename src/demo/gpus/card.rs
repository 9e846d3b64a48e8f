//! One made-up card: what it does follows from the work on it.

use super::people::whole_pages;
use super::{DIVIDED, FREE, GHOST, HOT, HOUR_MS, LOST, NARROW, gone, not_supported, on_card};
use crate::demo::moment::Moment;
use crate::demo::work::{self, Work};
use crate::model::gpu::{
    ComputeMode, EccCounts, Gpu, GpuClock, GpuClocks, GpuEcc, GpuMemory, GpuPcie, GpuPower,
    GpuProcess, GpuState, GpuTemperature, GpuUtilisation, NvLink, RowRemap, Throttle,
    Virtualisation,
};
use crate::model::{
    Bytes, BytesPerSecond, Celsius, Hertz, Joules, Percent, Problem, Reading, Reason, UnixMillis,
    Watts,
};

const TOTAL: Bytes = Bytes(81_920 << 20);
const RESERVED: Bytes = Bytes(617 << 20);
/// What an empty card has in use.
const EMPTY: Bytes = Bytes(4 << 20);
const LIMIT_WATTS: f64 = 400.0;
const IDLE_WATTS: f64 = 61.0;
const SLOWDOWN: Celsius = Celsius(92.0);
const MEGAHERTZ: u64 = 1_000_000;
const MOST_MEGAHERTZ: u64 = 1410;
/// One direction of one link of the third version.
const LINK: BytesPerSecond = BytesPerSecond(25_000_000_000);

/// The card of that index.
pub(super) fn card(moment: Moment, index: u32, works: &[Work], processes: &[GpuProcess]) -> Gpu {
    let name = |what: &str| format!("card {index} {what}");
    let identity = identity(moment, index);
    let slowdown = SLOWDOWN;
    if index == LOST {
        return lost(moment, identity, works);
    }
    let level = on_card(works, index).filter_map(|work| work.part).map(|part| part.level);
    // Instances share the card by their size, of which it has seven.
    let level = if index == DIVIDED { level.sum::<f64>() * 0.55 } else { level.sum() };
    // The sum of nothing is -0.
    let level = level.clamp(0.0, 100.0) + 0.0;
    let warm = if index == HOT { 17.0 } else { moment.noise.unit(&name("warm")) * 5.0 };
    let idle = 30.0 + moment.between(&name("idle heat"), 200.0, 0.0, 2.0);
    // A chip takes a while to become warm, and its load changes faster than that.
    let mean = moment.between(&name("heat"), 45.0, 0.94, 1.0) * usual(works, index);
    let celsius = Celsius::new((idle + warm + mean * 0.38).round());
    let state = super::state(index, processes);
    let throttle = throttle(index, level);
    let count = processes.iter().filter(|row| row.gpu == index).count();
    Gpu {
        state,
        state_since_ms: Reading::Present(state_since(moment, index, works)),
        idle_since_ms: match index {
            FREE => Reading::Present(super::free_since(moment.at)),
            work::HELD => Reading::Present(work::held_since(moment.at)),
            GHOST => Reading::Present(ghost_since(moment)),
            _ => not_supported(),
        },
        health: super::health::health(moment, index, works, celsius, slowdown),
        utilisation: utilisation(index, level),
        memory: memory(index, processes),
        temperature: GpuTemperature {
            gpu_celsius: Reading::Present(celsius),
            memory_celsius: Reading::Present(Celsius::new((celsius.0 * 1.04 + 2.0).round())),
            ..limits()
        },
        power: power(moment, index, level),
        clocks: clocks(moment, index, level, &throttle),
        performance_state: Reading::Present(0),
        throttle: Reading::Present(throttle),
        pcie: pcie(moment, index, level),
        nvlinks: Reading::Present((0..12).map(|link| nvlink(index, link)).collect()),
        ecc: ecc(index),
        row_remap: Reading::Present(RowRemap {
            corrected: u32::from(index == FREE),
            uncorrected: 0,
            pending: false,
            failed: false,
        }),
        slices: if index == DIVIDED {
            super::slices::slices(moment, processes)
        } else {
            Vec::new()
        },
        process_count: Reading::Present(u32::try_from(count).unwrap_or(u32::MAX)),
        ..identity
    }
}

/// What it is, which does not change; everything else is absent.
fn identity(moment: Moment, index: u32) -> Gpu {
    let serial = 1_320_021_000_000 + moment.noise.number(&format!("serial {index}")) % 999_983;
    Gpu {
        key: super::address(index),
        index,
        name: Reading::Present("NVIDIA A100-SXM4-80GB".into()),
        uuid: Reading::Present(format!("GPU-{}", uuid(moment, &index.to_string())).into()),
        serial: Reading::Present(serial.to_string().into()),
        pci_address: super::address(index),
        minor: Reading::Present(index),
        vbios_version: Reading::Present("92.00.A0.00.05".into()),
        architecture: Reading::Present("ampere".into()),
        compute_capability: Reading::Present("8.0".into()),
        retired_pages: not_supported(),
        compute_mode: Reading::Present(ComputeMode::Default),
        persistence: Reading::Present(true),
        mig: Reading::Present(index == DIVIDED),
        virtualisation: Reading::Present(Virtualisation::None),
        ..Gpu::default()
    }
}

/// A number of the form of a UUID.
pub(super) fn uuid(moment: Moment, of: &str) -> String {
    let (high, low) =
        (moment.noise.number(&format!("uuid {of}")), moment.noise.number(&format!("uuid' {of}")));
    let digits = format!("{high:016x}{low:016x}");
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

/// A card that fell off the bus: it is known what it is, and nothing of what it does.
fn lost(moment: Moment, identity: Gpu, works: &[Work]) -> Gpu {
    let since_ms = super::lost_since(moment.at);
    let problem = Problem { reason: Reason::Gone, since_ms };
    let health = super::health::health(moment, LOST, works, Celsius(0.0), SLOWDOWN);
    let bare = Gpu::default();
    let none = GpuClock { now_hertz: gone(), most_hertz: gone() };
    Gpu {
        state: GpuState::Fault,
        state_since_ms: Reading::Present(since_ms),
        idle_since_ms: gone(),
        problem: Some(problem),
        health,
        utilisation: GpuUtilisation {
            gpu_percent: gone(),
            memory_percent: gone(),
            encoder_percent: gone(),
            decoder_percent: gone(),
            jpeg_percent: gone(),
            ofa_percent: gone(),
        },
        memory: GpuMemory {
            total_bytes: gone(),
            used_bytes: gone(),
            reserved_bytes: gone(),
            free_bytes: gone(),
            used_percent: gone(),
            bar1_total_bytes: gone(),
            bar1_used_bytes: gone(),
        },
        temperature: GpuTemperature {
            gpu_celsius: gone(),
            memory_celsius: gone(),
            slowdown_celsius: gone(),
            shutdown_celsius: gone(),
            maximum_celsius: gone(),
            memory_maximum_celsius: gone(),
        },
        power: GpuPower {
            draw_watts: gone(),
            limit_watts: gone(),
            default_limit_watts: gone(),
            least_limit_watts: gone(),
            most_limit_watts: gone(),
            energy_joules: gone(),
        },
        clocks: GpuClocks { graphics: none, sm: none, memory: none, video: none },
        performance_state: gone(),
        throttle: gone(),
        pcie: GpuPcie {
            generation: gone(),
            most_generation: gone(),
            width: gone(),
            most_width: gone(),
            replays: gone(),
            received_bytes_per_second: gone(),
            sent_bytes_per_second: gone(),
        },
        nvlinks: gone(),
        ecc: GpuEcc {
            enabled: gone(),
            enabled_after_restart: gone(),
            since_load: EccCounts { corrected: gone(), uncorrected: gone() },
            lifetime: EccCounts { corrected: gone(), uncorrected: gone() },
        },
        retired_pages: gone(),
        row_remap: gone(),
        compute_mode: gone(),
        persistence: gone(),
        mig: gone(),
        virtualisation: gone(),
        process_count: gone(),
        slices: bare.slices,
        ..identity
    }
}

/// How busy the work on a card keeps it on the whole.
fn usual(works: &[Work], index: u32) -> f64 {
    let usual: f64 = on_card(works, index).map(|work| work.usual_level).sum();
    (if index == DIVIDED { usual * 0.55 } else { usual }).min(100.0)
}

/// Since when it is as it is: busy since the first of those on it began.
fn state_since(moment: Moment, index: u32, works: &[Work]) -> UnixMillis {
    match index {
        FREE => super::free_since(moment.at),
        // Held ten minutes after it was used last.
        work::HELD => UnixMillis(work::held_since(moment.at).0 + 600_000),
        GHOST => ghost_since(moment),
        _ => {
            let first = on_card(works, index).map(|work| work.started.0).min();
            UnixMillis(first.unwrap_or(moment.at.0))
        }
    }
}

/// Since when memory lies about on a card.
fn ghost_since(moment: Moment) -> UnixMillis {
    UnixMillis(moment.at.0.div_euclid(6 * HOUR_MS) * 6 * HOUR_MS - 47 * 60_000)
}

fn percent(value: f64) -> Reading<Percent> {
    Reading::from_option(Percent::of(value, 100.0).map(Percent::clamped), Reason::NotSupported)
}

fn utilisation(index: u32, level: f64) -> GpuUtilisation {
    if index == DIVIDED {
        // A divided card tells nothing of it.
        return GpuUtilisation {
            gpu_percent: not_supported(),
            memory_percent: not_supported(),
            encoder_percent: not_supported(),
            decoder_percent: not_supported(),
            jpeg_percent: not_supported(),
            ofa_percent: not_supported(),
        };
    }
    GpuUtilisation {
        gpu_percent: percent(level),
        memory_percent: percent((level * 0.62).round()),
        encoder_percent: percent(0.0),
        decoder_percent: percent(0.0),
        jpeg_percent: percent(0.0),
        ofa_percent: percent(0.0),
    }
}

fn memory(index: u32, processes: &[GpuProcess]) -> GpuMemory {
    let mine = processes.iter().filter(|row| row.gpu == index);
    let taken: u64 = mine.filter_map(|row| row.memory_bytes.present()).map(|bytes| bytes.0).sum();
    let left = if index == GHOST { whole_pages(super::health::LEFT_GIB) } else { 0 };
    let used = Bytes(EMPTY.0 + taken + left);
    GpuMemory {
        total_bytes: Reading::Present(TOTAL),
        used_bytes: Reading::Present(used),
        reserved_bytes: Reading::Present(RESERVED),
        free_bytes: Reading::Present(Bytes(TOTAL.0.saturating_sub(used.0 + RESERVED.0))),
        used_percent: Reading::from_option(Percent::of_bytes(used, TOTAL), Reason::NotSupported),
        bar1_total_bytes: Reading::Present(Bytes(128 << 30)),
        bar1_used_bytes: Reading::Present(Bytes((6 << 20) + used.0 / 4000)),
    }
}

fn limits() -> GpuTemperature {
    GpuTemperature {
        slowdown_celsius: Reading::Present(SLOWDOWN),
        shutdown_celsius: Reading::Present(Celsius(95.0)),
        maximum_celsius: Reading::Present(Celsius(85.0)),
        memory_maximum_celsius: Reading::Present(Celsius(95.0)),
        ..GpuTemperature::default()
    }
}

fn throttle(index: u32, level: f64) -> Vec<Throttle> {
    match index {
        HOT if level > 50.0 => vec![Throttle::SoftwareThermal],
        _ if level < 1.0 => vec![Throttle::Idle],
        _ if level > 96.0 => vec![Throttle::PowerCap],
        _ => Vec::new(),
    }
}

fn power(moment: Moment, index: u32, level: f64) -> GpuPower {
    let appetite = if index == HOT { 268.0 } else { 331.0 };
    let wobble = moment.between(&format!("card {index} watts"), 5.0, 0.96, 1.0);
    let least = IDLE_WATTS + 4.0 * moment.noise.unit(&format!("card {index} watts"));
    let draw = least + appetite * (level / 100.0).powf(0.8) * wobble;
    // The means come to what each kind of work draws in the long run.
    let long_run = [352.0, 290.0, 191.0, 64.0, 214.0, 66.0, 63.0, 180.0];
    let mean = long_run.get(index as usize).copied().unwrap_or(IDLE_WATTS);
    GpuPower {
        draw_watts: Reading::Present(Watts::new(draw.min(LIMIT_WATTS + 3.0))),
        limit_watts: Reading::Present(Watts(LIMIT_WATTS)),
        default_limit_watts: Reading::Present(Watts(LIMIT_WATTS)),
        least_limit_watts: Reading::Present(Watts(100.0)),
        most_limit_watts: Reading::Present(Watts(LIMIT_WATTS)),
        energy_joules: Reading::Present(Joules((mean * moment.uptime_seconds()).max(0.0) as u64)),
    }
}

fn clocks(moment: Moment, index: u32, level: f64, throttle: &[Throttle]) -> GpuClocks {
    // Steps of 15 MHz, as the chip has them.
    let step = |megahertz: f64| (megahertz / 15.0).round() as u64 * 15;
    let wave = moment.wave(&format!("card {index} clock"), 6.0);
    let now = match throttle.first() {
        Some(Throttle::SoftwareThermal) => step(1020.0 + 120.0 * wave),
        Some(Throttle::PowerCap) => step(1290.0 + 105.0 * wave),
        _ if level < 1.0 => 210,
        _ => MOST_MEGAHERTZ,
    };
    let clock = |now: u64, most: u64| GpuClock {
        now_hertz: Reading::Present(Hertz(now * MEGAHERTZ)),
        most_hertz: Reading::Present(Hertz(most * MEGAHERTZ)),
    };
    GpuClocks {
        graphics: clock(now, MOST_MEGAHERTZ),
        sm: clock(now, MOST_MEGAHERTZ),
        memory: clock(1593, 1593),
        video: clock(if level < 1.0 { 585 } else { 1275 }, 1290),
    }
}

fn pcie(moment: Moment, index: u32, level: f64) -> GpuPcie {
    let flow = |what: &str, mean: f64| {
        let flow = moment.flow(&format!("card {index} {what}"), mean * level / 100.0);
        Reading::Present(flow.bytes_per_second())
    };
    GpuPcie {
        generation: Reading::Present(4),
        most_generation: Reading::Present(4),
        width: Reading::Present(if index == NARROW { 8 } else { 16 }),
        most_width: Reading::Present(16),
        replays: Reading::Present(if index == NARROW { 214 } else { 0 }),
        received_bytes_per_second: flow("received", 1.9e9),
        sent_bytes_per_second: flow("sent", 4.4e8),
    }
}

/// To the six switches, two links each.
fn nvlink(index: u32, link: u32) -> NvLink {
    NvLink {
        link,
        active: Reading::Present(true),
        version: Reading::Present(3),
        speed_bytes_per_second: Reading::Present(LINK),
        remote: Reading::Present(format!("00000000:{:02X}:00.0", 0xc4 + (link + index) % 6).into()),
        errors: Reading::Present(0),
    }
}

fn ecc(index: u32) -> GpuEcc {
    let counts = |corrected| EccCounts {
        corrected: Reading::Present(corrected),
        uncorrected: Reading::Present(0),
    };
    GpuEcc {
        enabled: Reading::Present(true),
        enabled_after_restart: Reading::Present(true),
        since_load: counts(u64::from(index == FREE) * 2),
        lifetime: counts(u64::from(index == FREE) * 19),
    }
}
