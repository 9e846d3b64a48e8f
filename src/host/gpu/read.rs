//! One card's values, by NVML: what never changes, what changes slowly, what is read at every run.
//! Knows the calls and in which field each answer goes, not when they are made.

use nvml_wrapper::Device;
use nvml_wrapper::enum_wrappers::device::{
    Clock, ComputeMode as NvmlComputeMode, EccCounter, MemoryError, PerformanceState,
    RetirementCause, TemperatureSensor, TemperatureThreshold,
};
use nvml_wrapper::enums::device::DeviceArchitecture;

use super::ask::Calls;
use super::raw::{self, Field};
use super::value::{
    bytes, celsius, hertz, joules, known, percent, text, throttle, virtualisation, watts,
};
use crate::model::gpu::{ComputeMode, EccCounts, Gpu, GpuFan, GpuMemory, RetiredPages, RowRemap};
use crate::model::{Bytes, Percent, Reading, Reason, Text};

/// `NVML_FI_DEV_MEMORY_TEMP`
const MEMORY_TEMPERATURE: u32 = 82;

/// What a card is: read once.
pub(super) fn identity(gpu: &mut Gpu, device: &Device<'_>, calls: &mut Calls) {
    gpu.name = calls.ask("nvmlDeviceGetName", || device.name()).map(text);
    gpu.uuid = calls.ask("nvmlDeviceGetUUID", || device.uuid()).map(text);
    gpu.serial = calls.ask("nvmlDeviceGetSerial", || device.serial()).map(text);
    gpu.minor = calls.ask("nvmlDeviceGetMinorNumber", || device.minor_number()).and_then(known);
    gpu.vbios_version = calls.ask("nvmlDeviceGetVbiosVersion", || device.vbios_version()).map(text);
    gpu.architecture =
        calls.ask("nvmlDeviceGetArchitecture", || device.architecture()).and_then(architecture);
    gpu.compute_capability = calls
        .ask("nvmlDeviceGetCudaComputeCapability", || device.cuda_compute_capability())
        .map(|it| format!("{}.{}", it.major, it.minor).into());
    gpu.pcie.most_generation = calls
        .ask("nvmlDeviceGetMaxPcieLinkGeneration", || device.max_pcie_link_gen())
        .and_then(known);
    gpu.pcie.most_width =
        calls.ask("nvmlDeviceGetMaxPcieLinkWidth", || device.max_pcie_link_width()).and_then(known);
    let mut most =
        |name, clock: Clock| calls.ask(name, || device.max_clock_info(clock)).and_then(hertz);
    gpu.clocks.graphics.most_hertz = most("nvmlDeviceGetMaxClockInfo graphics", Clock::Graphics);
    gpu.clocks.sm.most_hertz = most("nvmlDeviceGetMaxClockInfo sm", Clock::SM);
    gpu.clocks.memory.most_hertz = most("nvmlDeviceGetMaxClockInfo memory", Clock::Memory);
    gpu.clocks.video.most_hertz = most("nvmlDeviceGetMaxClockInfo video", Clock::Video);
    let mut threshold = |name, kind: TemperatureThreshold| {
        calls.ask(name, || device.temperature_threshold(kind)).and_then(celsius)
    };
    let limits = &mut gpu.temperature;
    limits.slowdown_celsius =
        threshold("nvmlDeviceGetTemperatureThreshold slowdown", TemperatureThreshold::Slowdown);
    limits.shutdown_celsius =
        threshold("nvmlDeviceGetTemperatureThreshold shutdown", TemperatureThreshold::Shutdown);
    limits.maximum_celsius =
        threshold("nvmlDeviceGetTemperatureThreshold gpu", TemperatureThreshold::GpuMax);
    limits.memory_maximum_celsius =
        threshold("nvmlDeviceGetTemperatureThreshold memory", TemperatureThreshold::MemoryMax);
    gpu.power.default_limit_watts = calls
        .ask("nvmlDeviceGetPowerManagementDefaultLimit", || device.power_management_limit_default())
        .and_then(watts);
    let limits = calls.ask("nvmlDeviceGetPowerManagementLimitConstraints", || {
        device.power_management_limit_constraints()
    });
    gpu.power.least_limit_watts = limits.as_ref().and_then(|limits| watts(limits.min_limit));
    gpu.power.most_limit_watts = limits.as_ref().and_then(|limits| watts(limits.max_limit));
}

/// A family that this version does not know has no name yet.
fn architecture(family: DeviceArchitecture) -> Reading<Text> {
    match family {
        DeviceArchitecture::Unknown => Reading::absent(Reason::NotSupported),
        family => Reading::Present(family.to_string().to_ascii_lowercase().into()),
    }
}

/// What changes seldom, or costs: read every ten seconds.
pub(super) fn slow(gpu: &mut Gpu, device: &Device<'_>, calls: &mut Calls) {
    gpu.power.limit_watts = calls
        .ask("nvmlDeviceGetEnforcedPowerLimit", || device.enforced_power_limit())
        .and_then(watts);
    window(&mut gpu.memory, device, calls);
    gpu.pcie.replays = calls
        .ask("nvmlDeviceGetPcieReplayCounter", || device.pcie_replay_counter())
        .and_then(known)
        .map(u64::from);
    ecc(gpu, device, calls);
    gpu.retired_pages = retired_pages(device, calls);
    gpu.row_remap = calls.ask("nvmlDeviceGetRemappedRows", || raw::remapped_rows(device)).map(
        |[corrected, uncorrected, pending, failed]| RowRemap {
            corrected,
            uncorrected,
            pending: pending != 0,
            failed: failed != 0,
        },
    );
    gpu.compute_mode =
        calls.ask("nvmlDeviceGetComputeMode", || device.compute_mode()).map(|mode| match mode {
            NvmlComputeMode::Default => ComputeMode::Default,
            NvmlComputeMode::ExclusiveThread => ComputeMode::ExclusiveThread,
            NvmlComputeMode::Prohibited => ComputeMode::Prohibited,
            NvmlComputeMode::ExclusiveProcess => ComputeMode::ExclusiveProcess,
        });
    gpu.persistence = calls.ask("nvmlDeviceGetPersistenceMode", || device.is_in_persistent_mode());
    gpu.virtualisation = calls
        .ask("nvmlDeviceGetVirtualizationMode", || device.virtualization_mode())
        .map(|mode| virtualisation(&mode));
}

fn ecc(gpu: &mut Gpu, device: &Device<'_>, calls: &mut Calls) {
    let mode = calls.ask("nvmlDeviceGetEccMode", || device.is_ecc_enabled());
    gpu.ecc.enabled = mode.as_ref().map(|mode| mode.currently_enabled);
    gpu.ecc.enabled_after_restart = mode.as_ref().map(|mode| mode.pending_enabled);
    let mut count = |name, kind: MemoryError, since: EccCounter| {
        calls.ask(name, || device.total_ecc_errors(kind, since)).and_then(super::value::known_wide)
    };
    gpu.ecc.since_load = EccCounts {
        corrected: count(
            "nvmlDeviceGetTotalEccErrors corrected volatile",
            MemoryError::Corrected,
            EccCounter::Volatile,
        ),
        uncorrected: count(
            "nvmlDeviceGetTotalEccErrors uncorrected volatile",
            MemoryError::Uncorrected,
            EccCounter::Volatile,
        ),
    };
    gpu.ecc.lifetime = EccCounts {
        corrected: count(
            "nvmlDeviceGetTotalEccErrors corrected aggregate",
            MemoryError::Corrected,
            EccCounter::Aggregate,
        ),
        uncorrected: count(
            "nvmlDeviceGetTotalEccErrors uncorrected aggregate",
            MemoryError::Uncorrected,
            EccCounter::Aggregate,
        ),
    };
}

fn retired_pages(device: &Device<'_>, calls: &mut Calls) -> Reading<RetiredPages> {
    let mut pages = |name, cause: RetirementCause| {
        let pages = calls.ask(name, || device.retired_pages(cause));
        pages.map(|pages| pages.len() as u64)
    };
    let corrected =
        pages("nvmlDeviceGetRetiredPages corrected", RetirementCause::MultipleSingleBitEccErrors);
    let uncorrected =
        pages("nvmlDeviceGetRetiredPages uncorrected", RetirementCause::DoubleBitEccError);
    let pending =
        calls.ask("nvmlDeviceGetRetiredPagesPendingStatus", || device.are_pages_pending_retired());
    corrected.and_then(|corrected| {
        uncorrected.and_then(|uncorrected| {
            pending.map(|pending| RetiredPages { corrected, uncorrected, pending })
        })
    })
}

/// What is read at every run.
pub(super) fn live(gpu: &mut Gpu, device: &Device<'_>, calls: &mut Calls) {
    let rates = calls.ask("nvmlDeviceGetUtilizationRates", || device.utilization_rates());
    let busy = &mut gpu.utilisation;
    busy.gpu_percent = rates.as_ref().and_then(|rates| percent(rates.gpu));
    busy.memory_percent = rates.as_ref().and_then(|rates| percent(rates.memory));
    busy.encoder_percent = calls
        .ask("nvmlDeviceGetEncoderUtilization", || device.encoder_utilization())
        .and_then(|it| percent(it.utilization));
    busy.decoder_percent = calls
        .ask("nvmlDeviceGetDecoderUtilization", || device.decoder_utilization())
        .and_then(|it| percent(it.utilization));
    busy.jpeg_percent = calls
        .ask("nvmlDeviceGetJpgUtilization", || raw::jpeg_utilization(device))
        .and_then(percent);
    busy.ofa_percent =
        calls.ask("nvmlDeviceGetOfaUtilization", || raw::ofa_utilization(device)).and_then(percent);
    let (bar1_total_bytes, bar1_used_bytes) =
        (gpu.memory.bar1_total_bytes, gpu.memory.bar1_used_bytes);
    gpu.memory = GpuMemory { bar1_total_bytes, bar1_used_bytes, ..memory(device, calls) };
    gpu.temperature.gpu_celsius = calls
        .ask("nvmlDeviceGetTemperature", || device.temperature(TemperatureSensor::Gpu))
        .and_then(celsius);
    gpu.temperature.memory_celsius = calls
        .ask("nvmlDeviceGetFieldValues 82", || raw::field(device, MEMORY_TEMPERATURE, 0))
        .and_then(|value| match value {
            // Cards without that sensor say 0.
            Field::Narrow(0) => Reading::absent(Reason::NotSupported),
            Field::Narrow(value) => celsius(value),
            Field::Wide(_) | Field::Other => Reading::absent(Reason::Malformed),
        });
    gpu.fans = fans(device, calls);
    gpu.power.draw_watts =
        calls.ask("nvmlDeviceGetPowerUsage", || device.power_usage()).and_then(watts);
    gpu.power.energy_joules = calls
        .ask("nvmlDeviceGetTotalEnergyConsumption", || device.total_energy_consumption())
        .and_then(joules);
    let mut clock =
        |name, clock: Clock| calls.ask(name, || device.clock_info(clock)).and_then(hertz);
    gpu.clocks.graphics.now_hertz = clock("nvmlDeviceGetClockInfo graphics", Clock::Graphics);
    gpu.clocks.sm.now_hertz = clock("nvmlDeviceGetClockInfo sm", Clock::SM);
    gpu.clocks.memory.now_hertz = clock("nvmlDeviceGetClockInfo memory", Clock::Memory);
    gpu.clocks.video.now_hertz = clock("nvmlDeviceGetClockInfo video", Clock::Video);
    gpu.performance_state = calls
        .ask("nvmlDeviceGetPerformanceState", || device.performance_state())
        .and_then(performance_state);
    gpu.throttle = calls
        .ask("nvmlDeviceGetCurrentClocksEventReasons", || raw::clocks_event_reasons(device))
        .map(throttle);
    gpu.pcie.generation = calls
        .ask("nvmlDeviceGetCurrPcieLinkGeneration", || device.current_pcie_link_gen())
        .and_then(known);
    gpu.pcie.width = calls
        .ask("nvmlDeviceGetCurrPcieLinkWidth", || device.current_pcie_link_width())
        .and_then(known);
}

fn performance_state(state: PerformanceState) -> Reading<u8> {
    let number = match state {
        PerformanceState::Unknown => None,
        state => u8::try_from(state.as_c()).ok(),
    };
    Reading::from_option(number, Reason::NotSupported)
}

/// Memory of a card or an instance; the window through which the machine sees it stays unread.
pub(super) fn memory(device: &Device<'_>, calls: &mut Calls) -> GpuMemory {
    let second = calls.ask("nvmlDeviceGetMemoryInfo_v2", || device.memory_info());
    let (total, used, free, reserved) = match second {
        Reading::Present(it) => (it.total, it.used, it.free, bytes(it.reserved)),
        Reading::Absent { absent: Reason::NotSupported } => {
            let first = calls.ask("nvmlDeviceGetMemoryInfo", || raw::memory_first_version(device));
            match first {
                Reading::Present([total, used, free]) => {
                    (total, used, free, Reading::absent(Reason::NotSupported))
                }
                Reading::Absent { absent } => return no_memory(absent),
            }
        }
        Reading::Absent { absent } => return no_memory(absent),
    };
    // Where the memory is the machine's, some drivers say so with a size of nothing.
    if total == 0 {
        return no_memory(Reason::NotSupported);
    }
    let (total_bytes, used_bytes) = (bytes(total), bytes(used));
    GpuMemory {
        total_bytes,
        used_bytes,
        reserved_bytes: reserved,
        free_bytes: bytes(free),
        used_percent: used_percent(used_bytes, total_bytes),
        ..GpuMemory::default()
    }
}

fn used_percent(used: Reading<Bytes>, total: Reading<Bytes>) -> Reading<Percent> {
    used.and_then(|used| {
        total.and_then(|total| {
            let percent = Percent::of_bytes(used, total).map(Percent::clamped);
            Reading::from_option(percent, Reason::NotSupported)
        })
    })
}

/// The window through which the machine sees the memory.
pub(super) fn window(memory: &mut GpuMemory, device: &Device<'_>, calls: &mut Calls) {
    let bar1 = calls.ask("nvmlDeviceGetBAR1MemoryInfo", || device.bar1_memory_info());
    memory.bar1_total_bytes = bar1.as_ref().and_then(|bar1| bytes(bar1.total));
    memory.bar1_used_bytes = bar1.as_ref().and_then(|bar1| bytes(bar1.used));
}

/// Memory that cannot be told.
pub(super) fn no_memory(reason: Reason) -> GpuMemory {
    GpuMemory {
        total_bytes: Reading::absent(reason),
        used_bytes: Reading::absent(reason),
        reserved_bytes: Reading::absent(reason),
        free_bytes: Reading::absent(reason),
        used_percent: Reading::absent(reason),
        bar1_total_bytes: Reading::absent(reason),
        bar1_used_bytes: Reading::absent(reason),
    }
}

/// The most fans of a card that are asked.
const FANS_MAX: u32 = 16;

fn fans(device: &Device<'_>, calls: &mut Calls) -> Vec<GpuFan> {
    // Drivers that cannot count them know one.
    let count = match calls.ask("nvmlDeviceGetNumFans", || device.num_fans()) {
        Reading::Present(count) => count.min(FANS_MAX),
        Reading::Absent { absent: Reason::NotSupported } => 1,
        Reading::Absent { .. } => 0,
    };
    let mut fans = Vec::new();
    for number in 0..count {
        let speed = calls.ask("nvmlDeviceGetFanSpeed_v2", || device.fan_speed(number));
        if speed.reason() == Some(Reason::NotSupported) {
            break;
        }
        fans.push(GpuFan { speed_percent: speed.and_then(percent) });
    }
    fans
}
