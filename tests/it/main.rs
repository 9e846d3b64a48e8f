//! All integration tests in one binary, so that they link once.

mod cli;
mod commands;
mod config;
mod config_docs;
mod documents;
mod feed;
mod generated;
mod node;
mod rules;
mod support;
mod web;
