//! L1, values as plain text: tables and units for a terminal and for `curl`, without colours, with nothing
//! in them that moves a cursor. Must not know where values come from or where text goes.

mod free;
pub mod table;
pub mod units;
mod who;

pub use free::free;
pub use who::{Who, who, who_words};
