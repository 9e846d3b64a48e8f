//! XID errors as words for a terminal: what happened, what it is about, what to do. Which code is of
//! which class is decided where cards are judged; here are only words.

use crate::model::gpu::{XidAction, XidClass};

/// What happened, for codes that are met often or mean something of their own.
#[must_use]
pub fn happened(code: u32) -> Option<&'static str> {
    Some(match code {
        8 => "a program's work took too long and was stopped",
        13 => "a program accessed memory out of bounds or ran an illegal instruction",
        31 => "a program accessed an address of the card's memory that is not mapped",
        32 => "the card was given commands that were damaged on their way",
        38 => "the driver's firmware reported an error",
        43 => "a program made the card stop; the card itself goes on",
        45 => "work of a program was cleared away after an earlier error, or because it was ended",
        48 => "the card's memory had an error in two bits, which cannot be corrected",
        54 => "the card's auxiliary power is missing",
        61 => "a controller of the card stopped at a breakpoint",
        62 => "a controller of the card halted",
        63 => "the card noted a bad row or page of memory to be replaced",
        64 => "a bad row or page of memory could not be noted for replacement",
        68 => "the video engine met an error",
        69 => "the graphics engine met an error",
        74 => "a link to another card or a switch failed",
        79 => "the card fell off the bus: the machine no longer reaches it",
        80 => "data arrived damaged at the card",
        92 => "corrected memory errors come unusually often",
        94 => "an uncorrectable memory error ended one program; others were not touched",
        95 => "an uncorrectable memory error touched more than one program",
        109 => "switching between programs took too long",
        119 => "the card's system processor did not answer in time",
        120 => "the card's system processor met an error",
        121 => "the link to the processor met a corrected error",
        140 => "memory of the card had errors that the hardware did not recover from",
        143 => "the card could not be initialised",
        145 => "a link between cards met an error",
        154 => "the driver says what has to be done before the card can be used again",
        _ => return None,
    })
}

/// What it is about.
#[must_use]
pub fn about(class: XidClass) -> &'static str {
    match class {
        XidClass::Program => "a program",
        XidClass::Driver => "the driver",
        XidClass::Memory => "the card's memory",
        XidClass::Bus => "the connection to the machine",
        XidClass::NvLink => "a link between cards",
        XidClass::Hardware => "the card itself",
        XidClass::Thermal => "heat or power",
        XidClass::Unknown => "something this version does not know",
    }
}

/// What to do, as the end of a sentence, for the card of that index.
#[must_use]
pub fn remedy(action: XidAction, index: u32) -> String {
    match action {
        XidAction::CheckProgram => "look into the program that ran; the card is fine".to_owned(),
        XidAction::Watch => "watch whether it comes again".to_owned(),
        XidAction::ResetCard => format!("end what runs on it, then nvidia-smi -r -i {index}"),
        XidAction::RestartMachine => "restart the machine".to_owned(),
        XidAction::CheckHardware => {
            "check seating, cables and power of the card, then restart the machine".to_owned()
        }
        XidAction::Replace => "have the card replaced".to_owned(),
        XidAction::LookUp => "look it up: dmesg has the details".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_go_into_a_sentence() {
        let known: Vec<_> = (0..1000).filter_map(happened).collect();
        assert!(known.len() >= 25, "{}", known.len());
        for words in known {
            assert!(words.starts_with(|c: char| c.is_lowercase()) && !words.ends_with('.'));
            assert!(words.is_ascii() && words.len() < 90, "{words}");
        }
        assert_eq!(happened(9999), None, "nothing is invented of a code that is not known");
        assert!(remedy(XidAction::ResetCard, 3).ends_with("-i 3"));
    }
}
