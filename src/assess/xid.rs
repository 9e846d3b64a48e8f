//! What an XID error is about, what to do, and whether the card can be used afterwards: one line a
//! code. Facts from NVIDIA's public catalogue of XID errors, judged for a machine that people share.
//! docs/gpu.md has the same table with words for each.

use crate::model::gpu::{GpuEvent, Severity, XidAction, XidClass};

/// How long a card is called faulty because of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Not at all.
    No,
    /// For [`super::rules::Rules::XID_SHORT_FAULT`] after it came last: it passes by itself, or shows
    /// otherwise if it does not, as a card does that fell off the bus.
    Short,
    /// Until the card was reset, for [`super::rules::Rules::XID_KEPT`] at most.
    UntilReset,
}

/// What is known of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Xid {
    /// Its number, as in `dmesg`.
    pub code: u32,
    /// What it is about.
    pub class: XidClass,
    /// What to do.
    pub action: XidAction,
    /// How bad it is once the card is not called faulty for it.
    pub severity: Severity,
    /// How long the card is called faulty.
    pub fault: Fault,
}

macro_rules! xids {
    ($( $code:literal $class:ident $action:ident $severity:ident $fault:ident; )*) => {
        &[ $( Xid {
            code: $code,
            class: XidClass::$class,
            action: XidAction::$action,
            severity: Severity::$severity,
            fault: Fault::$fault,
        }, )* ]
    };
}

/// Every code that is known, by number.
pub const XIDS: &[Xid] = xids! {
    8   Program  CheckProgram   Info    No;
    11  Program  CheckProgram   Info    No;
    13  Program  CheckProgram   Info    No;
    16  Driver   Watch          Warning No;
    18  Bus      RestartMachine Warning UntilReset;
    31  Program  CheckProgram   Info    No;
    32  Bus      Watch          Warning No;
    38  Driver   Watch          Warning No;
    42  Program  CheckProgram   Info    No;
    43  Program  CheckProgram   Info    No;
    44  Driver   Watch          Warning No;
    45  Program  Watch          Info    No;
    46  Hardware ResetCard      Warning UntilReset;
    48  Memory   ResetCard      Warning UntilReset;
    54  Thermal  CheckHardware  Warning UntilReset;
    56  Driver   Watch          Warning No;
    57  Hardware CheckHardware  Warning Short;
    58  Memory   CheckHardware  Warning UntilReset;
    61  Driver   ResetCard      Warning Short;
    62  Hardware ResetCard      Warning UntilReset;
    63  Memory   ResetCard      Warning No;
    64  Memory   Replace        Warning UntilReset;
    66  Program  CheckProgram   Warning No;
    68  Program  CheckProgram   Info    No;
    69  Program  CheckProgram   Info    No;
    74  NvLink   CheckHardware  Warning Short;
    78  Driver   LookUp         Warning No;
    79  Bus      CheckHardware  Warning Short;
    80  Bus      CheckHardware  Warning Short;
    81  Hardware CheckHardware  Warning Short;
    92  Memory   Watch          Warning No;
    93  Hardware Watch          Info    No;
    94  Memory   ResetCard      Warning No;
    95  Memory   ResetCard      Warning UntilReset;
    109 Driver   ResetCard      Warning Short;
    110 Hardware ResetCard      Warning UntilReset;
    119 Driver   ResetCard      Warning UntilReset;
    120 Driver   ResetCard      Warning UntilReset;
    121 Bus      Watch          Warning No;
    122 Hardware Watch          Warning No;
    123 Hardware Watch          Warning No;
    136 NvLink   Watch          Warning No;
    137 Program  CheckProgram   Info    No;
    140 Memory   ResetCard      Warning UntilReset;
    143 Hardware ResetCard      Warning UntilReset;
    144 NvLink   LookUp         Warning Short;
    145 NvLink   LookUp         Warning Short;
    146 NvLink   LookUp         Warning Short;
    147 NvLink   LookUp         Warning Short;
    148 NvLink   LookUp         Warning Short;
    149 NvLink   LookUp         Warning Short;
    150 NvLink   LookUp         Warning Short;
    154 Driver   LookUp         Warning No;
    155 NvLink   LookUp         Warning No;
    156 Memory   Watch          Warning No;
    157 Memory   Replace        Warning UntilReset;
    158 Hardware ResetCard      Warning UntilReset;
    160 Memory   ResetCard      Warning No;
    161 Memory   Replace        Warning UntilReset;
    171 Memory   ResetCard      Warning UntilReset;
    172 Memory   ResetCard      Warning UntilReset;
};

/// What is known of a code; of one that is not in the table, that it has to be looked up.
#[must_use]
pub fn of(code: u32) -> Xid {
    match XIDS.binary_search_by_key(&code, |xid| xid.code) {
        Ok(at) => XIDS.get(at).copied().unwrap_or(unknown(code)),
        Err(_) => unknown(code),
    }
}

fn unknown(code: u32) -> Xid {
    Xid {
        code,
        class: XidClass::Unknown,
        action: XidAction::LookUp,
        severity: Severity::Warning,
        fault: Fault::No,
    }
}

/// Fills in what events are about and what to do.
pub(super) fn explain(events: &mut [GpuEvent]) {
    for event in events {
        let known = of(event.code);
        (event.class, event.action) = (known.class, known.action);
    }
}
