//! What `scripts/gpu_check.py` says of a report of nvidia-smi and a snapshot: both were made for this
//! (`tests/fixtures/nvml/gpu-check`), since no card was at hand. Skipped where there is no python3.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use smonitor::host::gpu::{GpuSource, Settings};
use smonitor::host::{Collected, Source};

use super::host_machine::Machine;
use super::support::nvml::Fake;

const FIXTURE: &str = "tests/fixtures/nvml/gpu-check";

/// What a comparison said.
struct Said {
    passed: bool,
    lines: String,
    report: String,
}

fn snapshot() -> Value {
    let text = std::fs::read(Path::new(FIXTURE).join("snapshot.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn report_of_nvidia_smi() -> String {
    std::fs::read_to_string(Path::new(FIXTURE).join("nvidia-smi.xml")).unwrap()
}

fn gpus(snapshot: &mut Value) -> &mut Value {
    &mut snapshot["host"]["gpus"]["value"]
}

/// Nothing without python3.
#[expect(clippy::disallowed_methods, reason = "a script is what is tested")]
#[expect(clippy::print_stdout, reason = "what is skipped is said")]
fn compare(before: &str, snapshot: &Value, after: &str, pmon: Option<&str>) -> Option<Said> {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let report = folder.path().join("report.md");
    let mut command = Command::new("python3");
    command
        .arg("scripts/gpu_check.py")
        .arg(write("before.xml", before.as_bytes()))
        .arg(write("snapshot.json", &serde_json::to_vec(snapshot).unwrap()))
        .arg(write("after.xml", after.as_bytes()))
        .arg(&report)
        .args(pmon.map(|text| write("pmon", text.as_bytes())));
    let output = match command.output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("skipped gpu_check: there is no python3");
            return None;
        }
        Err(error) => panic!("python3: {error}"),
    };
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.is_empty(), "{errors}");
    Some(Said {
        passed: output.status.success(),
        lines: String::from_utf8(output.stdout).unwrap(),
        report: std::fs::read_to_string(report).unwrap(),
    })
}

/// Asserts that a changed pair is told apart, by these lines and no others.
fn finds(before: &str, snapshot: &Value, after: &str, wanted: &[&str]) {
    let Some(said) = compare(before, snapshot, after, None) else {
        return;
    };
    let found: Vec<_> = said.lines.lines().filter(|line| !line.contains(" the same, ")).collect();
    assert_eq!(found.len(), wanted.len(), "{found:#?}");
    for (line, part) in found.iter().zip(wanted) {
        assert!(line.contains(part), "{line}\nhas no {part}");
    }
    assert!(!said.passed && said.report.contains("**Something does not agree.**"));
}

#[test]
fn what_is_the_same_passes() {
    let xml = report_of_nvidia_smi();
    let Some(said) = compare(&xml, &snapshot(), &xml, None) else {
        return;
    };
    assert!(said.passed, "{}", said.lines);
    assert!(said.lines.starts_with("194 the same, 0 different, 0 unknown"), "{}", said.lines);
    assert!(said.report.contains("Everything agrees."));
    assert!(said.report.contains("| voltage/graphics_volt | the driver gives it for few cards"));
}

/// The source itself, against a world that says what the report of nvidia-smi says.
#[test]
fn what_the_source_says_passes() {
    let machine = Machine::empty();
    let fake = Fake::new("gpu-check/world");
    let settings = Settings { library: Some(fake.library()), ..Settings::default() };
    let mut source = GpuSource::with(machine.context(), settings);
    let Ok(Collected::Gpus(said)) = source.collect() else { panic!("no cards") };
    let snapshot = json!({ "host": { "gpus": { "value": said } } });
    let xml = report_of_nvidia_smi();
    if let Some(said) = compare(&xml, &snapshot, &xml, None) {
        assert!(said.passed, "{}", said.lines);
        assert!(said.lines.starts_with("194 the same"), "{}", said.lines);
    }
}

#[test]
fn a_wrong_value_is_found() {
    let xml = report_of_nvidia_smi();
    for (path, value, wanted) in [
        ("/cards/0/uuid", json!("GPU-0"), "card 00000000:87:00.0: uuid"),
        ("/cards/0/power/draw_watts", json!(18.2), "gpu_power_readings/average_power_draw"),
        ("/cards/0/memory/used_bytes", json!(0), "fb_memory_usage/used"),
        ("/cards/0/memory/reserved_bytes", json!(3 << 20), "fb_memory_usage/reserved"),
        ("/cards/0/throttle", json!(["power_cap"]), "clocks_event_reason_sw_power_cap"),
        ("/cards/0/pcie/width", json!(8), "link_widths/current_link_width"),
        ("/cards/0/ecc/since_load/uncorrected", json!(3), "ecc_errors/volatile/double_bit/total"),
        ("/cards/0/mig", json!(true), "mig_mode/current_mig"),
        ("/cards/0/clocks/sm/now_hertz", json!({ "absent": "not_supported" }), "clocks/sm_clock"),
        // The driver has no such value: whatever stands there is invented.
        ("/cards/1/utilisation/gpu_percent", json!(0), "utilization/gpu_util"),
        ("/cards/1/slices/1/memory/used_bytes", json!(0), "mig_device/fb_memory_usage/used"),
        ("/processes/0/memory_bytes", json!(1), "process_info/used_memory"),
        ("/processes/0/kinds", json!(["graphics"]), "process_info/type"),
        ("/driver_version", json!("550.90"), "driver_version"),
    ] {
        let mut changed = snapshot();
        let place = gpus(&mut changed).pointer_mut(path);
        *place.unwrap_or_else(|| panic!("{path} is not there")) = value;
        finds(&xml, &changed, &xml, &[wanted]);
    }
}

#[test]
fn what_is_missing_or_too_much_is_found() {
    let xml = report_of_nvidia_smi();
    let mut fewer = snapshot();
    gpus(&mut fewer)["processes"].as_array_mut().unwrap().remove(0);
    finds(&xml, &fewer, &xml, &["process_info 420417: process_info: nvidia-smi there"]);

    let mut more = snapshot();
    let mut process = gpus(&mut more)["processes"][0].clone();
    process["pid"] = json!(1);
    gpus(&mut more)["processes"].as_array_mut().unwrap().push(process);
    finds(&xml, &more, &xml, &["process_info 1: process_info: nvidia-smi not there"]);

    let mut one_card = snapshot();
    gpus(&mut one_card)["cards"].as_array_mut().unwrap().remove(1);
    finds(&xml, &one_card, &xml, &["attached_gpus", "card 00000000:19:00.0: gpu"]);

    let mut none = snapshot();
    none["host"]["gpus"]["value"] = json!({ "absent": "not_installed" });
    finds(&xml, &none, &xml, &["not_installed"]);
}

#[test]
fn an_unknown_leaf_is_found() {
    let xml = report_of_nvidia_smi();
    let new = xml.replacen(
        "<fan_speed>",
        "<quantum_state><spin>up</spin></quantum_state>\n<fan_speed>",
        1,
    );
    finds(
        &new,
        &snapshot(),
        &new,
        &["unknown leaf: card 00000000:87:00.0: quantum_state/spin = up"],
    );
    // A known leaf in a form that its rule does not know is no match either.
    let other = xml.replacen("<gpu_temp>49 C</gpu_temp>", "<gpu_temp>120 F</gpu_temp>", 1);
    assert_ne!(other, xml);
    finds(&other, &snapshot(), &other, &["not a number of “C”: 120 F"]);
}

#[test]
fn what_moves_lies_between_before_and_after() {
    let before = report_of_nvidia_smi();
    let later = |watts: &str| {
        let after = before.replacen("182.69 W", watts, 1);
        assert_ne!(after, before);
        after
    };
    let mut moved = snapshot();
    gpus(&mut moved)["cards"][0]["power"]["draw_watts"] = json!(300.0);
    let wanted = ["gpu_power_readings/average_power_draw"];
    finds(&before, &moved, &before, &wanted);
    finds(&before, &moved, &later("240.00 W"), &wanted);
    if let Some(said) = compare(&before, &moved, &later("390.00 W"), None) {
        assert!(said.passed, "{}", said.lines);
    }
}

#[test]
fn a_process_that_ended_meanwhile_is_no_difference() {
    let before = report_of_nvidia_smi();
    let start = before.find("<process_info>").unwrap();
    let end = before.find("</process_info>").unwrap() + "</process_info>".len();
    let after = format!("{}{}", &before[..start], &before[end..]);
    let mut fewer = snapshot();
    gpus(&mut fewer)["processes"].as_array_mut().unwrap().remove(0);
    if let Some(said) = compare(&before, &fewer, &after, None) {
        assert!(said.passed, "{}", said.lines);
    }
}

#[test]
fn what_each_process_does_is_compared() {
    let xml = report_of_nvidia_smi();
    let pmon = "# gpu        pid  type    sm   mem   enc   dec   command\n\
                # Idx          #   C/G     %     %     %     %   name\n    \
                    0     420417     C    24     6     -     -   python\n    \
                    1          -     -     -     -     -     -   -\n";
    let with = |percent: Value| {
        let mut changed = snapshot();
        let process = &mut gpus(&mut changed)["processes"][0];
        process["gpu_percent"] = percent;
        process["memory_percent"] = json!(5);
        for key in ["encoder_percent", "decoder_percent"] {
            process[key] = json!({ "absent": "not_supported" });
        }
        changed
    };
    if let Some(said) = compare(&xml, &with(json!(21)), &xml, Some(pmon)) {
        assert!(said.passed, "{}", said.lines);
        assert!(said.report.contains("| pmon sm | 24 | 21 |"), "{}", said.report);
    }
    for wrong in [json!(80), json!({ "absent": "measuring" })] {
        if let Some(said) = compare(&xml, &with(wrong), &xml, Some(pmon)) {
            assert!(
                !said.passed && said.lines.contains("process 420417: pmon sm"),
                "{}",
                said.lines
            );
        }
    }
}
