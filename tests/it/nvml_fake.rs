//! The test NVML library is one: nvml-wrapper loads it and gets from it what the scenario says. Other
//! tests rest on this.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use nvml_wrapper::Nvml;
use nvml_wrapper::bitmasks::event::EventTypes;
use nvml_wrapper::enum_wrappers::device::{
    Clock, EccCounter, MemoryError, RetirementCause, TemperatureSensor,
};
use nvml_wrapper::enums::device::{SampleValue, UsedGpuMemory};
use nvml_wrapper::enums::event::XidError;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::structs::device::FieldId;
use nvml_wrapper::sys_exports::field_id::NVML_FI_DEV_MEMORY_TEMP;
use serde_json::json;

use super::support::nvml::Fake;

const A100: &str = "made-8x-a100-sxm4-80gb-550.90";
const MIB: u64 = 1 << 20;

/// Long enough for a machine that is busy with other tests.
const LONG: Duration = Duration::from_secs(20);

/// Errors of NVML cannot be compared; their names can.
trait Told<T> {
    fn told(self) -> Result<T, String>;
}

impl<T> Told<T> for Result<T, NvmlError> {
    fn told(self) -> Result<T, String> {
        self.map_err(|error| format!("{error:?}"))
    }
}

fn failed<T>(name: &str) -> Result<T, String> {
    Err(name.to_owned())
}

fn load(fake: &Fake) -> Result<Nvml, NvmlError> {
    Nvml::builder().lib_path(fake.library().as_os_str()).init()
}

#[test]
fn values_arrive() {
    let fake = Fake::new(A100);
    let nvml = load(&fake).unwrap();
    assert_eq!(nvml.sys_driver_version().told(), Ok("550.90.07".to_owned()));
    assert_eq!(nvml.sys_nvml_version().told(), Ok("12.550.90.07".to_owned()));
    assert_eq!(nvml.sys_cuda_driver_version().told(), Ok(12_040));
    assert_eq!(nvml.device_count().told(), Ok(8));

    let card = nvml.device_by_index(6).unwrap();
    assert_eq!(card.index().told(), Ok(6));
    assert_eq!(card.name().told(), Ok("NVIDIA A100-SXM4-80GB".to_owned()));
    let pci = card.pci_info().unwrap();
    assert_eq!(pci.bus_id, "00000000:B7:00.0");
    assert_eq!((pci.domain, pci.bus, pci.device), (0, 0xb7, 0));
    let memory = card.memory_info().unwrap();
    assert_eq!(memory.total, 81_920 * MIB);
    assert_eq!(memory.reserved, 655 * MIB);
    assert_eq!(memory.used, 79_012 * MIB);
    assert_eq!(memory.free, (81_920 - 655 - 79_012) * MIB);
    let rates = card.utilization_rates().unwrap();
    assert_eq!((rates.gpu, rates.memory), (100, 88));
    assert_eq!(card.temperature(TemperatureSensor::Gpu).told(), Ok(71));
    assert_eq!(card.clock_info(Clock::Graphics).told(), Ok(1230));
    assert_eq!(card.max_clock_info(Clock::Memory).told(), Ok(1593));
    assert_eq!(card.power_usage().told(), Ok(399_959));
    assert_eq!(card.total_ecc_errors(MemoryError::Corrected, EccCounter::Aggregate).told(), Ok(2));
    assert_eq!(card.link_wrapper_for(11).version().told(), Ok(4));
    let uuid = card.uuid().unwrap();
    for found in [nvml.device_by_uuid(uuid), nvml.device_by_pci_bus_id("00000000:B7:00.0")] {
        assert_eq!(found.unwrap().index().told(), Ok(6));
    }
    let values = card.field_values_for(&[FieldId(NVML_FI_DEV_MEMORY_TEMP), FieldId(1)]).unwrap();

    let value = |at: usize| values[at].as_ref().map(|sample| sample.value.as_ref());
    assert!(matches!(value(0), Ok(Ok(SampleValue::U32(83)))), "{values:?}");
    assert!(matches!(value(1), Ok(Err(NvmlError::NotSupported)) | Err(NvmlError::NotSupported)));
}

#[test]
fn numbers_move_and_calls_are_counted() {
    let fake = Fake::of(&json!({ "cards": [
        { "PowerUsage": { "sequence": [1000, { "error": "TIMEOUT" }, 3000] } },
        { "PowerUsage": { "from": 5, "step": 7 } },
    ] }));
    let nvml = load(&fake).unwrap();
    let cards = [nvml.device_by_index(0).unwrap(), nvml.device_by_index(1).unwrap()];
    assert_eq!(
        [cards[0].power_usage().told(), cards[0].power_usage().told()],
        [Ok(1000), failed("Timeout")]
    );
    assert_eq!(
        [cards[0].power_usage().told(), cards[0].power_usage().told()],
        [Ok(3000), Ok(3000)]
    );
    assert_eq!([cards[1].power_usage().told(), cards[1].power_usage().told()], [Ok(5), Ok(12)]);
    assert_eq!(fake.calls("nvmlDeviceGetPowerUsage"), 6);
    assert_eq!(fake.calls("nvmlDeviceGetPowerUsage@0"), 4);
    assert_eq!(fake.calls("nvmlDeviceGetHandleByIndex_v2@1"), 1);
    assert_eq!(fake.calls("nvmlDeviceGetName"), 0);
}

#[test]
fn errors_arrive() {
    for (name, wanted) in [
        ("DRIVER_NOT_LOADED", "DriverNotLoaded"),
        ("LIB_RM_VERSION_MISMATCH", "LibRmVersionMismatch"),
        ("NO_PERMISSION", "NoPermission"),
    ] {
        let fake = Fake::new(A100);
        fake.scenario(|world| world["init"] = json!({ "error": name }));
        assert_eq!(load(&fake).map(|_| ()).told(), failed(wanted));
        fake.scenario(|world| world["init"] = json!(null));
        assert_eq!(load(&fake).unwrap().device_count().told(), Ok(8));
    }

    let fake = Fake::new("made-8x-l40s-lost-card-3-550");
    let nvml = load(&fake).unwrap();
    assert_eq!(nvml.device_by_index(3).map(|_| ()).told(), failed("GpuLost"));
    let card = nvml.device_by_index(2).unwrap();
    assert_eq!(card.mig_mode().map(|_| ()).told(), failed("NotSupported"));
    assert_eq!(card.fan_speed(0).told(), failed("NotSupported"));
    fake.scenario(|world| world["cards"][2]["lost"] = json!(true));
    assert_eq!(card.name().told(), failed("GpuLost"));
    fake.scenario(|world| world["cards"][3]["lost"] = json!(false));
    assert_eq!(nvml.device_by_index(3).unwrap().name().told(), Ok("NVIDIA L40S".to_owned()));
}

#[test]
fn a_function_can_be_missing() {
    let fake = Fake::new(A100).without(&["nvmlDeviceGetMemoryInfo_v2"]);
    let nvml = load(&fake).unwrap();
    let card = nvml.device_by_index(0).unwrap();
    let missing = card.memory_info().unwrap_err();
    assert!(matches!(missing, NvmlError::FailedToLoadSymbol(_)), "{missing:?}");
    assert_eq!(card.power_usage().map(|_| ()).told(), Ok(()), "only that one is missing");
    assert_eq!(fake.calls("nvmlDeviceGetMemoryInfo_v2"), 0);
}

#[test]
fn lists_grow_while_they_are_read() {
    let fake = Fake::new(A100);
    let nvml = load(&fake).unwrap();
    let card = nvml.device_by_index(4).unwrap();
    let pids = |card: &nvml_wrapper::Device<'_>| {
        card.running_compute_processes()
            .map(|list| list.into_iter().map(|one| one.pid).collect::<Vec<_>>())
            .told()
    };
    assert_eq!(pids(&card), Ok(vec![420_417, 420_418]));
    assert_eq!(card.running_graphics_processes_count().told(), Ok(0));

    // More than the room that nvml-wrapper leaves for this.
    let processes: Vec<_> =
        (1..=20).map(|pid| json!({ "pid": pid, "memory": 1, "kinds": ["compute"] })).collect();
    fake.scenario(|world| {
        world["cards"][4]["processes"] = json!(processes);
        world["cards"][4]["race"] =
            json!({ "ComputeRunningProcesses": { "more": 12, "times": 2 } });
    });
    assert_eq!(pids(&card), failed("InsufficientSize(None)"));
    assert_eq!(pids(&card), failed("InsufficientSize(None)"));
    assert_eq!(pids(&card), Ok((1..=20).collect()));
}

#[test]
fn processes_and_their_samples() {
    let fake = Fake::of(&json!({ "cards": [{
        "processes": [{ "pid": 7, "memory": null, "kinds": ["compute", "mps"] }],
        "ProcessUtilization": [{ "pid": 7, "sm": 40, "mem": 3 }, { "pid": 8, "sm": 1, "age": 1 }],
    }] }));
    let nvml = load(&fake).unwrap();
    let card = nvml.device_by_index(0).unwrap();
    let processes = card.running_compute_processes().unwrap();
    assert!(matches!(processes[0].used_gpu_memory, UsedGpuMemory::Unavailable));
    assert_eq!(processes[0].gpu_instance_id, None);
    assert_eq!(card.mps_running_compute_processes().unwrap().len(), 1);

    let first = card.process_utilization_stats(None).unwrap();
    assert_eq!(
        first.iter().map(|one| (one.pid, one.sm_util)).collect::<Vec<_>>(),
        [(7, 40), (8, 1)]
    );
    assert_eq!(first[0].timestamp - first[1].timestamp, 1_000_000);
    // The second sample of process 8 is as old as the first of process 7, which is known.
    let seen = first[0].timestamp;
    let second = card.process_utilization_stats(seen).unwrap();
    assert_eq!(second.iter().map(|one| one.pid).collect::<Vec<_>>(), [7]);
    assert_eq!(second[0].timestamp, seen + 1_000_000);
    let never = card.process_utilization_stats(u64::MAX).map(|_| ()).told();
    assert_eq!(never, failed("NotFound"));
}

#[test]
fn retired_pages() {
    let fake = Fake::new("made-v100-retired-pages-525");
    let nvml = load(&fake).unwrap();
    let card = nvml.device_by_index(0).unwrap();
    let pages = card.retired_pages(RetirementCause::DoubleBitEccError).unwrap();
    assert_eq!(pages.len(), 3);
    assert_eq!((pages[2].address, pages[2].timestamp), (0x2a1_a000, 1_700_000_002));
    let many = card.retired_pages(RetirementCause::MultipleSingleBitEccErrors).unwrap();
    assert_eq!(many.len(), 14);
    assert_eq!(card.are_pages_pending_retired().told(), Ok(true));
}

#[test]
fn instances() {
    let fake = Fake::new("made-h100-mig-570.124");
    let nvml = load(&fake).unwrap();
    let whole = nvml.device_by_index(0).unwrap();
    assert_eq!(whole.mig_mode().unwrap().current, 1);
    assert_eq!(whole.mig_is_mig_device_handle().told(), Ok(false));
    assert_eq!(whole.utilization_rates().map(|_| ()).told(), failed("NotSupported"));
    let found: Vec<_> = (0..whole.mig_device_count().unwrap())
        .map(|slot| whole.mig_device_by_index(slot).and_then(|instance| instance.name()).told())
        .collect();
    assert_eq!(found.iter().filter(|one| one.is_ok()).count(), 4);
    assert_eq!(found[0], Ok("NVIDIA H100 80GB HBM3 MIG 3g.40gb".to_owned()));
    assert_eq!(found[6], failed("NotFound"));

    let instance = whole.mig_device_by_index(1).unwrap();
    assert_eq!(instance.mig_is_mig_device_handle().told(), Ok(true));
    assert_eq!(instance.memory_info().unwrap().total, 9984 * MIB);
    let processes = instance.running_compute_processes().unwrap();
    assert_eq!(processes.iter().map(|one| one.pid).collect::<Vec<_>>(), [70_002]);
    assert_eq!(processes[0].gpu_instance_id, Some(7));
    assert_eq!(whole.running_compute_processes().unwrap().len(), 3);
    assert_eq!(instance.mig_parent_device().unwrap().uuid().told(), whole.uuid().told());
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a driver that hangs takes real time")]
fn a_call_hangs_until_it_is_released() {
    let fake = Fake::new(A100);
    let nvml = load(&fake).unwrap();
    fake.scenario(|world| world["hang"] = json!(["nvmlDeviceGetUtilizationRates@1"]));
    let other = nvml.device_by_index(0).unwrap();
    let (sender, answer) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let card = nvml.device_by_index(1).unwrap();
            sender.send(card.utilization_rates().map(|rates| rates.gpu).told()).unwrap();
        });
        let began = Instant::now();
        while fake.calls("nvmlDeviceGetUtilizationRates@1") == 0 && began.elapsed() < LONG {
            std::thread::yield_now();
        }
        assert!(other.utilization_rates().is_ok(), "other cards answer");
        assert!(answer.recv_timeout(Duration::from_millis(100)).is_err(), "it does not answer");
        fake.scenario(|world| world["hang"] = json!([]));
        assert_eq!(answer.recv_timeout(LONG), Ok(Ok(97)));
    });
}

#[test]
fn events_come_once() {
    let fake = Fake::new(A100);
    let nvml = load(&fake).unwrap();
    let set = nvml.create_event_set().unwrap();
    let card = nvml.device_by_index(3).unwrap();
    let set = card.register_events(EventTypes::CRITICAL_XID_ERROR, set).unwrap();
    let none = || set.wait(0).map(|_| ()).told();
    assert_eq!(none(), failed("Timeout"));
    fake.scenario(|world| {
        world["events"] = json!([
            { "number": 2, "card": 3, "data": 94 },
            { "number": 1, "card": 3, "data": 79 },
            { "number": 3, "card": 4, "data": 13 },
            { "number": 4, "card": 3, "type": 1, "data": 0 },
        ]);
    });
    let mut codes = Vec::new();
    while let (Ok(event), true) = (set.wait(0), codes.len() < 9) {
        assert_eq!(event.device.index().told(), Ok(3));
        codes.push(match event.event_data {
            Some(XidError::Value(code)) => code,
            other => panic!("no number of an error: {other:?}"),
        });
    }
    assert_eq!(codes, [79, 94], "of this card and this type only, in their order");
    fake.scenario(|world| world["about"] = json!("read again"));
    assert_eq!(none(), failed("Timeout"), "none of them comes again");
}

#[test]
fn every_world_is_read() {
    let mut names = 0;
    for entry in std::fs::read_dir("tests/fixtures/nvml").unwrap() {
        let path = entry.unwrap().path();
        let Some(name) = path.file_name().unwrap().to_str().unwrap().strip_suffix(".json") else {
            continue;
        };
        names += 1;
        let fake = Fake::new(name);
        let nvml = load(&fake).unwrap();
        let count = nvml.device_count().unwrap();
        assert!(count > 0, "{name}");
        let answers = (0..count).filter_map(|index| nvml.device_by_index(index).ok());
        for card in answers {
            assert!(card.name().is_ok() && card.pci_info().is_ok(), "{name}");
            assert!(card.running_compute_processes().is_ok(), "{name}");
        }
    }
    assert_eq!(names, 8);
}
