//! Whole machines: what is said of each world at the second look, value by value.

use serde_json::{Value, json};

use super::Watched;

fn one_line(value: &Value) -> Value {
    Value::String(value.to_string().replace('"', ""))
}

/// A card with a line a group, so that a change of it can be read.
fn shown(card: &Value) -> Value {
    let mut card = card.clone();
    for (key, value) in card.as_object_mut().unwrap() {
        *value = match &value {
            Value::Array(rows) if ["slices", "nvlinks"].contains(&key.as_str()) => {
                rows.iter().map(one_line).collect()
            }
            Value::Object(_) | Value::Array(_) => one_line(value),
            _ => continue,
        };
    }
    card
}

fn golden(world: &str) {
    let mut watched = Watched::new(world);
    watched.look();
    let mut said = watched.look();
    for key in ["processes", "people", "events"] {
        let rows: Value = said[key].as_array().unwrap().iter().map(one_line).collect();
        said[key] = rows;
    }
    let cards: Value = said["cards"].as_array().unwrap().iter().map(shown).collect();
    said["cards"] = cards;
    insta::assert_json_snapshot!(world, json!(said));
}

#[test]
fn a_training_server() {
    golden("made-8x-a100-sxm4-80gb-550.90");
}

#[test]
fn a_workstation() {
    golden("made-2x-rtx-4090-570.86");
}

#[test]
fn an_old_card() {
    golden("made-gtx-1080-470.256");
}

#[test]
fn a_divided_card() {
    golden("made-h100-mig-570.124");
}

#[test]
fn retired_pages() {
    golden("made-v100-retired-pages-525");
}

#[test]
fn unified_memory() {
    golden("made-gb10-unified-580");
}

#[test]
fn a_lost_card() {
    golden("made-8x-l40s-lost-card-3-550");
}

#[test]
fn a_passive_card_in_a_virtual_machine() {
    golden("made-t4-passive-535");
}
