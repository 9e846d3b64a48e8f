//! L0, the words everything else is said in: domain values, wire messages, who may see what.
//!
//! Pure data. No I/O, no clock, no knowledge of where a value came from or where it goes.
//! Serialize and Deserialize live here (and in `config`, `peer`, `interop`), nowhere else.
//! The TypeScript types of the page and the schemas of the OpenAPI description are made from
//! these types by tests, so a change here shows up in `frontend/src/lib/api/api.ts` and
//! `docs/openapi.json`.

pub mod account;
pub mod api;
pub mod audience;
pub mod cidr;
pub mod clock_sync;
pub mod cluster;
pub mod container;
pub mod cpu;
pub mod disk;
pub mod filesystem;
pub mod free;
pub mod gpu;
pub mod host_id;
pub mod login;
pub mod memory;
pub mod network;
pub mod numa;
pub mod order;
pub mod peer;
pub mod pin;
pub mod place;
pub mod pressure;
pub mod process;
pub mod raid;
pub mod reading;
pub mod recent;
pub mod secret;
pub mod section;
pub mod sensor;
pub mod server;
pub mod snapshot;
pub mod source;
pub mod system;
pub mod table;
pub mod text;
pub mod unit;
pub mod units;
pub mod wire;
pub mod zfs;

pub use audience::{Audience, Role};
pub use cidr::Cidr;
pub use host_id::HostId;
pub use pin::CertificatePin;

pub use reading::{Reading, Reason};
pub use secret::Secret;
pub use section::{Problem, Section};
pub use snapshot::Snapshot;
pub use text::Text;
pub use units::{
    BitsPerSecond, Bytes, BytesPerSecond, Celsius, Hertz, Joules, PerSecond, Percent, Seconds,
    UnixMillis, Volts, Watts,
};

#[cfg(test)]
mod generated;
