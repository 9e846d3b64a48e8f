//! All integration tests in one binary, so that they link once.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests: what goes wrong ends them")]

mod cli;
mod commands;
mod config;
mod config_docs;
mod disk;
mod disk_made;
mod doctor;
mod documents;
mod feed;
mod filesystem;
mod generated;
mod guests;
mod host_golden;
mod host_live;
mod host_machine;
mod host_made;
mod logins;
mod manager;
mod metrics;
mod network;
mod node;
mod node_live;
mod patches;
mod rules;
mod sandbox;
mod sensors;
mod snapshot_text;
mod stays_up;
mod storage_made;
mod supervisor_conf;
mod supervisord;
mod support;
mod systemd;
mod units;
mod web;
