//! smonitor: a live, read-only monitor for shared GPU servers.
//!
//! The map. Every arrow points down; `tests/it/rules.rs` checks it.
//!
//! | layer | modules |
//! |---|---|
//! | L5 composition | [`serve`], [`manager`], [`commands`], `main` |
//! | L4 delivery | [`web`] |
//! | L3 roles | [`node`], [`cluster`], [`demo`] |
//! | L2 capabilities | [`host`] (read this machine), [`assess`] (judge what was read), [`feed`] (publish and subscribe), [`peer`] (ask other machines) |
//! | L1 foundations | [`cli`], [`config`], [`telemetry`], [`clock`], [`shutdown`], [`state_dir`], [`sandbox`], [`plain_text`] |
//! | L0 words | [`model`] |
//!
//! The way of a value: `host` reads bytes and makes samples and rates, `node` schedules that, has
//! `assess` judge it and puts snapshots together, `feed` turns a snapshot into frames (once per topic and audience, and
//! only if somebody looks), `web` hands frames to viewers. docs/architecture.md tells the story.

pub mod assess;
pub mod cli;
pub mod clock;
pub mod cluster;
pub mod commands;
pub mod config;
pub mod demo;
pub mod feed;
pub mod host;
pub mod manager;
pub mod model;
pub mod node;
pub mod peer;
pub mod plain_text;
pub mod sandbox;
pub mod serve;
pub mod shutdown;
pub mod state_dir;
pub mod telemetry;
pub mod web;
