//! What a card has to say to somebody who looks at its host, beyond what stands in the overview.

use super::scene::{Card, Scene, Task};
use super::site::Model;
use crate::model::gpu::{
    ComputeMode, EccCounts, Gpu, GpuClock, GpuClocks, GpuEcc, GpuFan, GpuPcie, GpuPower,
    GpuTemperature, GpuUtilisation, NvLink, RowRemap, Throttle, Virtualisation,
};
use crate::model::{BytesPerSecond, Celsius, Hertz, Joules, Percent, Reading, Reason, Text, Watts};

const MEGAHERTZ: u64 = 1_000_000;
/// One direction of one link.
const LINK: BytesPerSecond = BytesPerSecond(25_000_000_000);

fn not_supported<T>() -> Reading<T> {
    Reading::absent(Reason::NotSupported)
}

fn percent(value: f64) -> Reading<Percent> {
    Reading::from_option(Percent::of(value, 100.0).map(Percent::clamped), Reason::NotSupported)
}

/// The card that is `row` in the overview, with everything else.
pub(super) fn whole(
    scene: &Scene<'_>,
    model: &'static Model,
    card: &Card,
    tasks: &[Task<'_>],
    row: Gpu,
) -> Gpu {
    let row = identity(scene, model, card, row);
    if row.problem.is_some() {
        return gone(row);
    }
    let level = card.level;
    let celsius = row.temperature.gpu_celsius;
    let count = tasks.iter().filter(|task| task.card.index == card.index).count();
    let throttle = match level {
        level if level < 1.0 => vec![Throttle::Idle],
        level if level > 96.0 => vec![Throttle::PowerCap],
        _ => Vec::new(),
    };
    Gpu {
        utilisation: GpuUtilisation {
            memory_percent: percent((level * 0.62).round()),
            encoder_percent: percent(0.0),
            decoder_percent: percent(0.0),
            jpeg_percent: percent(0.0),
            ofa_percent: percent(0.0),
            ..row.utilisation
        },
        temperature: GpuTemperature {
            memory_celsius: if model.ecc {
                celsius.map(|celsius| Celsius::new((celsius.0 * 1.04 + 2.0).round()))
            } else {
                not_supported()
            },
            slowdown_celsius: Reading::Present(Celsius(model.slowdown)),
            shutdown_celsius: Reading::Present(Celsius(model.slowdown + 3.0)),
            maximum_celsius: Reading::Present(Celsius(model.slowdown - 7.0)),
            memory_maximum_celsius: if model.ecc {
                Reading::Present(Celsius(95.0))
            } else {
                not_supported()
            },
            ..row.temperature
        },
        fans: (0..model.fans)
            .map(|fan| GpuFan {
                speed_percent: percent((30.0 + level * 0.4).round() + f64::from(fan)),
            })
            .collect(),
        power: power(scene, model, row.power),
        clocks: clocks(scene, model, level),
        performance_state: Reading::Present(if level < 1.0 { 8 } else { 0 }),
        throttle: Reading::Present(throttle),
        pcie: pcie(scene, model, card.index, level),
        nvlinks: nvlinks(model, card.index),
        ecc: ecc(model),
        row_remap: if model.ecc {
            let none = RowRemap { corrected: 0, uncorrected: 0, pending: false, failed: false };
            Reading::Present(none)
        } else {
            not_supported()
        },
        process_count: Reading::Present(u32::try_from(count).unwrap_or(u32::MAX)),
        ..row
    }
}

/// What it is, which does not change.
fn identity(scene: &Scene<'_>, model: &Model, card: &Card, row: Gpu) -> Gpu {
    let dice = scene.host.dice.of(40).of(u64::from(card.index));
    let (high, low) = (dice.of(0).number(), dice.of(1).number());
    let digits = format!("{high:016x}{low:016x}");
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    let uuid = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-");
    let serial = 1_320_021_000_000 + dice.of(2).below(999_983);
    Gpu {
        uuid: Reading::Present(format!("GPU-{uuid}").into()),
        serial: if model.ecc {
            Reading::Present(serial.to_string().into())
        } else {
            not_supported()
        },
        minor: Reading::Present(card.index),
        vbios_version: Reading::Present("92.00.A0.00.05".into()),
        architecture: Reading::Present(model.architecture.into()),
        compute_capability: Reading::Present(model.compute_capability.into()),
        retired_pages: not_supported(),
        compute_mode: Reading::Present(ComputeMode::Default),
        persistence: Reading::Present(true),
        mig: if model.nvlinks.0 > 0 { Reading::Present(false) } else { not_supported() },
        virtualisation: Reading::Present(Virtualisation::None),
        ..row
    }
}

/// A card that fell off the bus: it is known what it is, and nothing of what it does.
fn gone(row: Gpu) -> Gpu {
    fn gone<T>() -> Reading<T> {
        Reading::absent(Reason::Gone)
    }
    let none = GpuClock { now_hertz: gone(), most_hertz: gone() };
    let counts = EccCounts { corrected: gone(), uncorrected: gone() };
    Gpu {
        utilisation: GpuUtilisation {
            gpu_percent: gone(),
            memory_percent: gone(),
            encoder_percent: gone(),
            decoder_percent: gone(),
            jpeg_percent: gone(),
            ofa_percent: gone(),
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
            since_load: counts,
            lifetime: counts,
        },
        row_remap: gone(),
        process_count: gone(),
        ..row
    }
}

fn power(scene: &Scene<'_>, model: &Model, row: GpuPower) -> GpuPower {
    let mean = model.idle_watts + (model.limit_watts - model.idle_watts) * 0.4;
    GpuPower {
        limit_watts: Reading::Present(Watts(model.limit_watts)),
        default_limit_watts: Reading::Present(Watts(model.limit_watts)),
        least_limit_watts: Reading::Present(Watts(100.0)),
        most_limit_watts: Reading::Present(Watts(model.limit_watts)),
        energy_joules: Reading::Present(Joules(
            (mean * scene.moment.uptime_seconds()).max(0.0) as u64
        )),
        ..row
    }
}

fn clocks(scene: &Scene<'_>, model: &Model, level: f64) -> GpuClocks {
    // Steps of 15 MHz, as chips have them.
    let step = |megahertz: f64| (megahertz / 15.0).round() as u64 * 15;
    let most = model.most_megahertz;
    let wave = scene.host.dice.of(41).wave(scene.moment.at, 6.0);
    let now = match level {
        level if level < 1.0 => 210,
        level if level > 96.0 => step(most as f64 * (0.9 + 0.08 * wave)),
        _ => most,
    };
    let clock = |now: u64, most: u64| GpuClock {
        now_hertz: Reading::Present(Hertz(now * MEGAHERTZ)),
        most_hertz: Reading::Present(Hertz(most * MEGAHERTZ)),
    };
    GpuClocks {
        graphics: clock(now, most),
        sm: clock(now, most),
        memory: clock(model.memory_megahertz, model.memory_megahertz),
        video: clock(now * 9 / 10, most * 9 / 10),
    }
}

fn pcie(scene: &Scene<'_>, model: &Model, index: u32, level: f64) -> GpuPcie {
    let flow = |what: &str, mean: f64| {
        let flow = scene.moment.flow(&format!("card {index} {what}"), mean * level / 100.0);
        Reading::Present(flow.bytes_per_second())
    };
    GpuPcie {
        generation: Reading::Present(if level < 1.0 { 1 } else { model.pcie }),
        most_generation: Reading::Present(model.pcie),
        width: Reading::Present(16),
        most_width: Reading::Present(16),
        replays: Reading::Present(0),
        received_bytes_per_second: flow("received", 1.9e9),
        sent_bytes_per_second: flow("sent", 4.4e8),
    }
}

/// To the switches of the board.
fn nvlinks(model: &Model, index: u32) -> Reading<Vec<NvLink>> {
    let (count, version) = model.nvlinks;
    if count == 0 {
        return not_supported();
    }
    let remote = |link: u32| Text::from(format!("00000000:{:02X}:00.0", 0xc4 + (link + index) % 6));
    let links = (0..count).map(|link| NvLink {
        link,
        active: Reading::Present(true),
        version: Reading::Present(version),
        speed_bytes_per_second: Reading::Present(LINK),
        remote: Reading::Present(remote(link)),
        errors: Reading::Present(0),
    });
    Reading::Present(links.collect())
}

fn ecc(model: &Model) -> GpuEcc {
    fn of<T>(model: &Model, value: T) -> Reading<T> {
        if model.ecc { Reading::Present(value) } else { not_supported() }
    }
    let counts = EccCounts { corrected: of(model, 0), uncorrected: of(model, 0) };
    GpuEcc {
        enabled: of(model, true),
        enabled_after_restart: of(model, true),
        since_load: counts,
        lifetime: counts,
    }
}
