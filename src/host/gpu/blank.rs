//! Cards of which nothing, or nothing any more, can be read: every value absent, and why.

use super::read::no_memory;
use crate::model::gpu::{
    EccCounts, Gpu, GpuClock, GpuEcc, GpuHealth, GpuPcie, GpuPower, GpuTemperature, GpuUtilisation,
};
use crate::model::{Reading, Reason, Text};

/// A card that is known by its address only.
pub(super) fn unread(address: &str, index: u32, reason: Reason) -> Gpu {
    let mut gpu = Gpu { key: address.into(), index, pci_address: address.into(), ..Gpu::default() };
    for text in [
        &mut gpu.name,
        &mut gpu.uuid,
        &mut gpu.serial,
        &mut gpu.vbios_version,
        &mut gpu.architecture,
        &mut gpu.compute_capability,
    ] {
        *text = Reading::<Text>::absent(reason);
    }
    gpu.minor = Reading::absent(reason);
    gpu.temperature = GpuTemperature {
        slowdown_celsius: Reading::absent(reason),
        shutdown_celsius: Reading::absent(reason),
        maximum_celsius: Reading::absent(reason),
        memory_maximum_celsius: Reading::absent(reason),
        ..gpu.temperature
    };
    gpu.power = GpuPower {
        default_limit_watts: Reading::absent(reason),
        least_limit_watts: Reading::absent(reason),
        most_limit_watts: Reading::absent(reason),
        ..gpu.power
    };
    gpu.pcie.most_generation = Reading::absent(reason);
    gpu.pcie.most_width = Reading::absent(reason);
    for clock in [
        &mut gpu.clocks.graphics,
        &mut gpu.clocks.sm,
        &mut gpu.clocks.memory,
        &mut gpu.clocks.video,
    ] {
        clock.most_hertz = Reading::absent(reason);
    }
    quiet(&mut gpu, reason);
    gpu
}

/// What a card is stays; what it does cannot be told.
pub(super) fn quiet(gpu: &mut Gpu, reason: Reason) {
    gpu.state_since_ms = Reading::absent(reason);
    gpu.idle_since_ms = Reading::absent(reason);
    gpu.health = GpuHealth::default();
    gpu.utilisation = GpuUtilisation {
        gpu_percent: Reading::absent(reason),
        memory_percent: Reading::absent(reason),
        encoder_percent: Reading::absent(reason),
        decoder_percent: Reading::absent(reason),
        jpeg_percent: Reading::absent(reason),
        ofa_percent: Reading::absent(reason),
    };
    gpu.memory = no_memory(reason);
    gpu.temperature.gpu_celsius = Reading::absent(reason);
    gpu.temperature.memory_celsius = Reading::absent(reason);
    gpu.fans.clear();
    gpu.power.draw_watts = Reading::absent(reason);
    gpu.power.limit_watts = Reading::absent(reason);
    gpu.power.energy_joules = Reading::absent(reason);
    let clock = |most_hertz| GpuClock { now_hertz: Reading::absent(reason), most_hertz };
    gpu.clocks.graphics = clock(gpu.clocks.graphics.most_hertz);
    gpu.clocks.sm = clock(gpu.clocks.sm.most_hertz);
    gpu.clocks.memory = clock(gpu.clocks.memory.most_hertz);
    gpu.clocks.video = clock(gpu.clocks.video.most_hertz);
    gpu.performance_state = Reading::absent(reason);
    gpu.throttle = Reading::absent(reason);
    gpu.pcie = GpuPcie {
        generation: Reading::absent(reason),
        most_generation: gpu.pcie.most_generation,
        width: Reading::absent(reason),
        most_width: gpu.pcie.most_width,
        replays: Reading::absent(reason),
        received_bytes_per_second: Reading::absent(reason),
        sent_bytes_per_second: Reading::absent(reason),
    };
    gpu.nvlinks = Reading::absent(reason);
    let counts =
        EccCounts { corrected: Reading::absent(reason), uncorrected: Reading::absent(reason) };
    gpu.ecc = GpuEcc {
        enabled: Reading::absent(reason),
        enabled_after_restart: Reading::absent(reason),
        since_load: counts,
        lifetime: counts,
    };
    gpu.retired_pages = Reading::absent(reason);
    gpu.row_remap = Reading::absent(reason);
    gpu.compute_mode = Reading::absent(reason);
    gpu.persistence = Reading::absent(reason);
    gpu.mig = Reading::absent(reason);
    gpu.slices.clear();
    gpu.virtualisation = Reading::absent(reason);
    gpu.process_count = Reading::absent(reason);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_of_a_card_that_cannot_be_read_says_the_same() {
        let gpu = unread("00000000:3B:00.0", 2, Reason::NotInstalled);
        let json = serde_json::to_value(&gpu).unwrap();
        let mut absent = 0;
        let mut walk = vec![&json];
        while let Some(value) = walk.pop() {
            let Some(object) = value.as_object() else { continue };
            if let Some(reason) = object.get("absent") {
                assert_eq!(reason, "not_installed", "{value}");
                absent += 1;
            }
            walk.extend(object.values());
        }
        let readings = json.to_string().matches("\"absent\"").count();
        assert_eq!((absent, readings), (absent, absent));
        assert!(absent > 50, "{absent}");
        assert_eq!((gpu.index, gpu.key.as_str()), (2, "00000000:3B:00.0"));
    }

    #[test]
    fn a_quiet_card_keeps_what_it_is() {
        let mut gpu = unread("00000000:3B:00.0", 0, Reason::NotInstalled);
        gpu.name = Reading::Present("NVIDIA L40S".into());
        gpu.clocks.sm = GpuClock {
            now_hertz: Reading::Present(crate::model::Hertz(1)),
            most_hertz: Reading::Present(crate::model::Hertz(2)),
        };
        quiet(&mut gpu, Reason::Gone);
        assert_eq!(gpu.name, Reading::Present("NVIDIA L40S".into()));
        assert_eq!(gpu.clocks.sm.now_hertz, Reading::absent(Reason::Gone));
        assert_eq!(gpu.clocks.sm.most_hertz, Reading::Present(crate::model::Hertz(2)));
        assert_eq!(gpu.mig, Reading::absent(Reason::Gone));
    }
}
