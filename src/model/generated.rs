//! Keeps `frontend/src/lib/api/api.ts` equal to the types of this module.

use ts_rs::{Config, TS};

use crate::model::api::{ErrorBody, HealthBody, SessionBody, SignIn};
use crate::model::cluster::{FreeBody, HostTrouble, UsersBody};
use crate::model::recent::RecentDocument;
use crate::model::server::{ManagerBody, ServerBody};
use crate::model::wire::{
    ClientMessage, HostDocument, OverviewDocument, ProcessesDocument, ServerMessage,
};

/// Where the page finds its types.
const API_TS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/frontend/src/lib/api/api.ts");

#[test]
fn the_pages_types_are_made_from_these() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::new().with_out_dir(folder.path()).with_large_int("number");
    type AnyMessage = ServerMessage<HostDocument>;
    AnyMessage::export_all(&config).unwrap();
    ClientMessage::export_all(&config).unwrap();
    OverviewDocument::export_all(&config).unwrap();
    ProcessesDocument::export_all(&config).unwrap();
    RecentDocument::export_all(&config).unwrap();
    ErrorBody::export_all(&config).unwrap();
    HealthBody::export_all(&config).unwrap();
    SessionBody::export_all(&config).unwrap();
    SignIn::export_all(&config).unwrap();
    ServerBody::export_all(&config).unwrap();
    ManagerBody::export_all(&config).unwrap();
    FreeBody::export_all(&config).unwrap();
    UsersBody::export_all(&config).unwrap();
    HostTrouble::export_all(&config).unwrap();
    let made = std::fs::read_to_string(folder.path().join("api.ts")).unwrap();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(API_TS, &made).unwrap();
    }
    let committed = std::fs::read_to_string(API_TS).unwrap_or_default();
    assert!(
        made == committed,
        "api.ts is out of date: run UPDATE_GENERATED=1 cargo test generated"
    );
}
