//! States of the driver, and drivers that lack functions.

use serde_json::json;
use smonitor::host::Source;
use smonitor::host::gpu::{GpuSource, Settings};

use super::{Fake, LONG, Machine, Watched, absent};

const A100: &str = "made-8x-a100-sxm4-80gb-550.90";

/// A card on the bus, as the kernel shows it whether or not a driver serves it.
fn add_card(machine: &Machine, address: &str) {
    let folder = format!("sys/bus/pci/devices/{address}");
    machine.write(&format!("{folder}/class"), "0x030200\n");
    machine.write(&format!("{folder}/vendor"), "0x10de\n");
    machine.write(&format!("{folder}/device"), "0x20b2\n");
}

#[test]
fn what_is_wrong_with_the_driver_is_said_and_the_cards_stay() {
    for (error, state, reason) in [
        ("DRIVER_NOT_LOADED", "not_loaded", "not_installed"),
        ("LIB_RM_VERSION_MISMATCH", "version_mismatch", "read_failed"),
        ("NO_PERMISSION", "forbidden", "permission_denied"),
        ("UNKNOWN", "failing", "read_failed"),
    ] {
        let fake = Fake::new(A100);
        fake.scenario(|world| world["init"] = json!({ "error": error }));
        let machine = Machine::empty();
        add_card(&machine, "0000:07:00.0");
        add_card(&machine, "0000:0f:00.0");
        let mut watched = Watched::with(machine, fake);
        let said = watched.look();
        assert_eq!(said["driver"], state);
        assert_eq!(said["driver_version"], absent(reason), "{error}");
        assert_eq!(said["cards"].as_array().unwrap().len(), 2, "{error}");
        assert_eq!(said["cards"][1]["pci_address"], "00000000:0F:00.0");
        assert_eq!(said["cards"][1]["utilisation"]["gpu_percent"], absent(reason), "{error}");
        assert_eq!(watched.findings().len(), 1, "{error}: {:?}", watched.findings());

        // As soon as it is well, the cards are there; that is not tried at every look.
        watched.fake.scenario(|world| world["init"] = json!(null));
        watched.look();
        assert_eq!(watched.fake.calls("nvmlInit_v2") + watched.fake.calls("nvmlInitWithFlags"), 1);
        let said = watched.look_after(LONG);
        assert_eq!(said["driver"], "running", "{error}");
        assert_eq!(said["cards"].as_array().unwrap().len(), 8);
        assert!(watched.findings().is_empty(), "{:?}", watched.findings());
    }
}

#[test]
fn a_library_that_is_not_there() {
    let machine = Machine::empty();
    add_card(&machine, "0000:07:00.0");
    let library = Some(machine.path("no/libnvidia-ml.so.1"));
    let mut source =
        GpuSource::with(machine.context(), Settings { library, ..Settings::default() });
    let said = json!(match source.collect() {
        Ok(smonitor::host::Collected::Gpus(gpus)) => gpus,
        other => panic!("not cards: {other:?}"),
    });
    assert_eq!(said["driver"], "library_missing");
    assert_eq!(said["cards"][0]["memory"]["used_bytes"], absent("not_installed"));
    assert!(!source.findings().is_empty());
}

#[test]
fn a_file_that_is_no_library() {
    let machine = Machine::empty();
    machine.write("libnvidia-ml.so.1", "no library\n");
    let library = Some(machine.path("libnvidia-ml.so.1"));
    let mut source =
        GpuSource::with(machine.context(), Settings { library, ..Settings::default() });
    match source.collect() {
        Ok(smonitor::host::Collected::Gpus(gpus)) => {
            assert_eq!(json!(gpus)["driver"], "failing");
        }
        other => panic!("not cards: {other:?}"),
    }
}

#[test]
fn functions_that_an_old_driver_lacks() {
    let missing = [
        "nvmlDeviceGetMemoryInfo_v2",
        "nvmlDeviceGetComputeRunningProcesses_v3",
        "nvmlDeviceGetGraphicsRunningProcesses_v3",
        "nvmlDeviceGetMPSComputeRunningProcesses_v3",
        "nvmlDeviceGetCurrentClocksEventReasons",
        "nvmlDeviceGetJpgUtilization",
        "nvmlDeviceGetOfaUtilization",
        "nvmlDeviceGetRemappedRows",
        "nvmlDeviceGetFieldValues",
        "nvmlDeviceGetMigMode",
        "nvmlDeviceGetProcessUtilization",
        "nvmlEventSetWait_v2",
    ];
    let mut watched = Watched::with(Machine::empty(), Fake::new(A100).without(&missing));
    watched.look();
    let said = watched.look();
    let card = &said["cards"][4];
    assert_eq!(said["driver"], "running");
    // The older call counts what is reserved as used.
    let used = (23_810_u64 + 655) << 20;
    assert_eq!(card["memory"]["used_bytes"], json!(used));
    assert_eq!(card["memory"]["reserved_bytes"], absent("not_supported"));
    assert_eq!(card["utilisation"]["jpeg_percent"], absent("not_supported"));
    assert_eq!(card["utilisation"]["gpu_percent"], 43.0);
    assert_eq!(card["row_remap"], absent("not_supported"));
    assert_eq!(card["throttle"], json!([]), "the same call under its older name");
    assert_eq!(card["process_count"], 2, "from the older list");
    assert_eq!(said["processes"][0]["gpu_percent"], absent("not_supported"));
    assert_eq!(said["cards"][0]["throttle"], json!(["power_cap"]));
}

#[test]
fn a_driver_that_is_taken_away_and_comes_back() {
    let mut watched = Watched::new(A100);
    assert_eq!(watched.look()["driver"], "running");
    watched.fake.scenario(|world| world["count"] = json!({ "error": "UNINITIALIZED" }));
    assert_ne!(watched.look()["driver"], "running");
    watched.fake.scenario(|world| {
        world["count"] = json!(8);
        world["system"]["DriverVersion"] = json!("560.35.05");
    });
    let said = watched.look_after(LONG);
    assert_eq!(said["driver"], "running");
    assert_eq!(said["driver_version"], "560.35.05", "of the driver that is there now");
    assert_eq!(said["cards"][0]["utilisation"]["gpu_percent"], 98.0);
}
