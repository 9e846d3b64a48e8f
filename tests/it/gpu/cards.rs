//! Cards: what they do not support, lost ones, divided ones, lists that grow, errors they report.

use serde_json::{Value, json};

use super::{LONG, Watched, absent, leaves};

const A100: &str = "made-8x-a100-sxm4-80gb-550.90";
const L40S: &str = "made-8x-l40s-lost-card-3-550";

#[test]
fn what_a_card_does_not_support_is_absent_and_asked_for_once() {
    for world in [
        "made-gtx-1080-470.256",
        "made-2x-rtx-4090-570.86",
        "made-gb10-unified-580",
        "made-h100-mig-570.124",
        "made-t4-passive-535",
        "made-v100-retired-pages-525",
    ] {
        let mut watched = Watched::new(world);
        for _ in 0..5 {
            watched.look();
            watched.look_after(LONG);
        }
        assert!(watched.fake.calls("nvmlDeviceGetPowerUsage@0") >= 10, "it looks each time");
        assert_eq!(watched.fake.asked_in_vain(), "", "{world}");
    }
}

#[test]
fn absent_is_not_zero() {
    let mut watched = Watched::new("made-gtx-1080-470.256");
    watched.look();
    let said = watched.look();
    let card = &said["cards"][0];
    for path in [
        "/serial",
        "/utilisation/jpeg_percent",
        "/utilisation/ofa_percent",
        "/temperature/memory_celsius",
        "/temperature/maximum_celsius",
        "/power/energy_joules",
        "/nvlinks",
        "/ecc/enabled",
        "/ecc/since_load/uncorrected",
        "/retired_pages",
        "/row_remap",
        "/mig",
    ] {
        assert_eq!(card.pointer(path), Some(&absent("not_supported")), "{path}");
    }

    let said = Watched::new("made-t4-passive-535").look();
    assert_eq!(said["cards"][0]["fans"], json!([]), "none, rather than one that stands still");
    assert_eq!(said["cards"][0]["virtualisation"], "pass_through");

    let said = Watched::new("made-gb10-unified-580").look();
    for (path, value) in leaves(&said["cards"][0]["memory"]) {
        assert_eq!(value, absent("not_supported"), "{path}");
    }
    assert_eq!(said["processes"][1]["memory_bytes"], json!(44_032_u64 << 20));
}

#[test]
fn a_lost_card_marks_only_itself_and_comes_back() {
    let mut watched = Watched::new(L40S);
    watched.fake.scenario(|world| world["cards"][3]["lost"] = json!(false));
    let before = watched.look();
    assert_eq!(before["cards"][3]["problem"], json!(null));
    assert_eq!(before["cards"][3]["utilisation"]["gpu_percent"], 0.0);

    watched.fake.scenario(|world| world["cards"][3]["lost"] = json!(true));
    let lost = watched.look();
    let cards = lost["cards"].as_array().unwrap();
    assert_eq!(cards.len(), 8);
    assert_eq!(cards[3]["problem"]["reason"], "gone");
    assert_eq!(cards[3]["key"], before["cards"][3]["key"]);
    assert_eq!(cards[3]["name"], "NVIDIA L40S", "what it is stays known");
    assert_eq!(cards[3]["utilisation"]["gpu_percent"], absent("gone"), "what it does does not");
    assert_eq!(cards[3]["power"]["draw_watts"], absent("gone"));
    for index in [0, 1, 2, 4, 5, 6, 7] {
        assert_eq!(cards[index]["problem"], json!(null), "{index}");
        assert!(cards[index]["utilisation"]["gpu_percent"].is_number(), "{index}");
    }
    let since = cards[3]["problem"]["since_ms"].clone();
    assert_eq!(
        watched.look()["cards"][3]["problem"]["since_ms"],
        since,
        "since then, not since now"
    );

    watched.fake.scenario(|world| world["cards"][3]["lost"] = json!(false));
    let after = watched.look_after(LONG);
    assert_eq!(after["cards"][3]["problem"], json!(null));
    assert_eq!(after["cards"][3]["utilisation"]["gpu_percent"], 0.0);
}

#[test]
fn one_value_that_fails_marks_only_itself() {
    let mut watched = Watched::new(A100);
    watched.fake.scenario(|world| {
        world["cards"][0]["PowerUsage"] = json!({ "sequence": [{ "error": "UNKNOWN" }, 201_000] });
        world["cards"][1]["UtilizationRates"] = json!({ "error": "NO_PERMISSION" });
    });
    let first = watched.look();
    assert_eq!(first["cards"][0]["power"]["draw_watts"], absent("read_failed"));
    assert_eq!(first["cards"][0]["utilisation"]["gpu_percent"], 98.0);
    assert_eq!(first["cards"][1]["utilisation"]["gpu_percent"], absent("permission_denied"));
    assert!(first["cards"][1]["power"]["draw_watts"].is_number());
    assert_eq!(watched.look()["cards"][0]["power"]["draw_watts"], 201.0, "it is tried again");
}

#[test]
fn lists_that_grow_while_they_are_read() {
    let mut watched = Watched::new(A100);
    let processes: Vec<_> = (1..=40)
        .map(|pid| json!({ "pid": pid, "memory": 1 << 20, "kinds": ["compute"] }))
        .collect();
    watched.fake.scenario(|world| {
        world["cards"][2]["processes"] = json!(processes);
        world["cards"][2]["race"] =
            json!({ "ComputeRunningProcesses": { "more": 30, "times": 2 } });
    });
    let said = watched.look();
    assert_eq!(said["cards"][2]["process_count"], 40);

    // A list that never stands still ends the try, not the look.
    watched.fake.scenario(|world| {
        world["cards"][2]["race"] = json!({ "ComputeRunningProcesses": { "more": 30 } });
    });
    let said = watched.look();
    assert_eq!(said["cards"][0]["process_count"], 1);
    let count = &said["cards"][2]["process_count"];
    assert!(count == 40 || count.get("absent").is_some(), "all of them or none: {count}");
}

#[test]
fn instances_of_a_divided_card() {
    let mut watched = Watched::new("made-h100-mig-570.124");
    watched.look();
    let said = watched.look();
    let card = &said["cards"][0];
    assert_eq!(card["mig"], true);
    assert_eq!(card["utilisation"]["gpu_percent"], absent("not_supported"));
    let profiles: Vec<_> =
        card["slices"].as_array().unwrap().iter().map(|one| &one["profile"]).collect();
    assert_eq!(profiles, ["3g.40gb", "1g.10gb", "1g.10gb", "1g.10gb"]);
    assert_eq!(card["slices"][1]["gpu_instance"], 7);
    assert_eq!(card["slices"][1]["memory"]["used_bytes"], json!(4102_u64 << 20));
    assert_eq!(card["slices"][2]["process_count"], 0);
    let key = |row: &Value| row["slice"].clone();
    let of = |pid: u32| {
        said["processes"].as_array().unwrap().iter().find(|row| row["pid"] == pid).unwrap()
    };
    assert_eq!(key(of(70_002)), card["slices"][1]["key"]);
    assert_eq!(of(70_003)["memory_bytes"], absent("not_supported"), "not 2⁶⁴ bytes");
    assert_eq!(key(of(70_100)), json!(null));
    assert_eq!(said["cards"][1]["slices"], json!([]));

    // It is put together again, then divided otherwise.
    watched.fake.scenario(|world| {
        world["cards"][0]["MigMode"] = json!({ "current": 0, "pending": 0 });
        world["cards"][0]["mig"] = json!([]);
        world["cards"][0]["processes"] = json!([]);
    });
    let whole = watched.look_after(LONG);
    assert_eq!(
        (&whole["cards"][0]["mig"], &whole["cards"][0]["slices"]),
        (&json!(false), &json!([]))
    );
}

#[test]
fn errors_that_the_driver_reports() {
    let mut watched = Watched::new(A100);
    assert_eq!(watched.look()["events"], json!([]));
    watched.fake.scenario(|world| {
        world["events"] = json!([
            { "number": 1, "card": 6, "data": 94 },
            { "number": 2, "card": 2, "data": 79 },
        ]);
    });
    let said = watched.look();
    let codes = |said: &Value| -> Vec<(Value, Value)> {
        let events = said["events"].as_array().unwrap();
        events.iter().map(|event| (event["gpu"].clone(), event["code"].clone())).collect()
    };
    assert_eq!(codes(&said), [(json!(2), json!(79)), (json!(6), json!(94))], "newest first");
    let again = watched.look();
    assert_eq!(again["events"], said["events"], "each once, and none is forgotten");

    // Many at once neither hold the look up nor fill the memory.
    let many: Vec<_> =
        (3..1000).map(|number| json!({ "number": number, "card": 1, "data": 13 })).collect();
    watched.fake.scenario(|world| world["events"] = json!(many));
    assert_eq!(watched.look()["events"].as_array().unwrap().len(), 100);
}
