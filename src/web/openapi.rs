//! The description of the API, made from the route table and the model by a test.

/// `docs/openapi.json`, as committed.
pub(super) const DESCRIPTION: &str = include_str!("../../docs/openapi.json");
