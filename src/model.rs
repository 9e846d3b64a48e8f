//! L0, the words everything else is said in: domain values, wire messages, who may see what.
//!
//! Pure data. No I/O, no clock, no knowledge of where a value came from or where it goes.
//! Serialize and Deserialize live here (and in `config`, `peer`, `interop`), nowhere else.
//! The TypeScript types of the page and the schemas of the OpenAPI description are made from
//! these types by tests, so a change here shows up in `frontend/src/lib/api/api.ts` and
//! `docs/openapi.json`.

pub mod api;
pub mod audience;
pub mod cpu;
pub mod host_id;
pub mod memory;
pub mod network;
pub mod pressure;
pub mod process;
pub mod reading;
pub mod recent;
pub mod section;
pub mod snapshot;
pub mod source;
pub mod system;
pub mod table;
pub mod text;
pub mod units;
pub mod wire;

pub use audience::{Audience, Role};
pub use host_id::HostId;
pub use network::Network;
pub use reading::{Reading, Reason};
pub use section::{Problem, Section};
pub use snapshot::Snapshot;
pub use text::Text;
pub use units::{Bytes, BytesPerSecond, Hertz, Percent, Seconds, UnixMillis};

#[cfg(test)]
mod generated;
