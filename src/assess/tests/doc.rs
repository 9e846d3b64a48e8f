//! docs/gpu.md says what the rules do.

use super::*;
use crate::assess::xid::{Fault, XIDS};

fn document() -> String {
    std::fs::read_to_string("docs/gpu.md").unwrap()
}

/// The word of a unit variant, as it stands on the wire.
fn word(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

/// Whether the table of thresholds has a row with this name and value.
fn says(document: &str, name: &str, value: &str) -> bool {
    document.lines().any(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        cells.get(1) == Some(&name) && cells.get(2) == Some(&value)
    })
}

#[test]
fn every_threshold_is_told_as_it_is() {
    let document = document();
    let time = |time: Duration| match time.as_secs() {
        seconds if seconds % 3600 == 0 => format!("{} h", seconds / 3600),
        seconds if seconds % 60 == 0 && seconds > 60 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    };
    let percent = |percent: f64| format!("{percent} %");
    let thresholds = [
        ("idle below", percent(Rules::IDLE_BELOW_PERCENT)),
        ("idle below, screens only", percent(Rules::IDLE_BELOW_PERCENT_GRAPHICS)),
        ("empty below", percent(Rules::EMPTY_BELOW_PERCENT)),
        (
            "empty below, screens only",
            format!(
                "{} and {} GiB",
                percent(Rules::EMPTY_BELOW_PERCENT_GRAPHICS),
                Rules::EMPTY_BELOW_BYTES_GRAPHICS / GIB
            ),
        ),
        ("free after", time(Rules::FREE_AFTER)),
        ("held after", time(Rules::HELD_AFTER)),
        ("longest pause", time(Rules::LONGEST_GAP)),
        ("thermal fault after", time(Rules::THERMAL_FAULT_AFTER)),
        ("hot within", format!("{} °C", Rules::HOT_WITHIN_CELSIUS)),
        ("critical within", format!("{} °C", Rules::CRITICAL_WITHIN_CELSIUS)),
        ("under load from", percent(Rules::LOADED_FROM_PERCENT)),
        ("link fast after", time(Rules::LINK_FAST_AFTER)),
        ("throttling over", time(Rules::THROTTLE_WINDOW)),
        ("least load for throttling", time(Rules::THROTTLE_LEAST_LOAD)),
        ("throttling from", percent(Rules::THROTTLE_FROM_PERCENT)),
        ("power limit from", percent(Rules::POWER_CAP_FROM_PERCENT)),
        ("XID kept", time(Rules::XID_KEPT)),
        ("short fault", time(Rules::XID_SHORT_FAULT)),
        ("NVLink errors from", Rules::NVLINK_ERRORS_FROM.to_string()),
    ];
    for (name, value) in thresholds {
        assert!(says(&document, name, &value), "docs/gpu.md has no row | {name} | {value} |");
    }
    assert!(!says(&document, "free after", "31 s"), "the check finds what is wrong");
}

/// The first cells of a row of the table of XID errors, but for the words.
fn row(known: &xid::Xid) -> [String; 4] {
    let fault = match known.fault {
        Fault::No => "no",
        Fault::Short => "10 min",
        Fault::UntilReset => "until reset",
    };
    [known.code.to_string(), word(known.class), word(known.action), fault.to_owned()]
}

#[test]
fn every_xid_is_in_the_document_with_what_to_do() {
    let document = document();
    let rows: Vec<Vec<&str>> = document
        .lines()
        .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>())
        .filter(|cells| cells.get(1).is_some_and(|cell| cell.parse::<u32>().is_ok()))
        .collect();
    let told: Vec<&[&str]> = rows.iter().filter_map(|cells| cells.get(1..6)).collect();
    assert_eq!(told.len(), XIDS.len(), "a row for each code and no other");
    for (known, cells) in XIDS.iter().zip(told) {
        let [code, words, class, action, fault] = cells else { panic!("{cells:?}") };
        assert_eq!([*code, class, action, fault], row(known).each_ref().map(String::as_str));
        assert!(words.len() > 10, "XID {code} has no words");
    }
}
