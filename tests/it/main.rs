//! All integration tests in one binary, so that they link once.

mod feed;
mod node;
mod support;
