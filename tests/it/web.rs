//! The delivery layer's promises, over real connections to a server in this process.

mod client;
mod gate;
mod limits;
mod matrix;
mod rest;
mod secrets;
mod site;
mod socket;
