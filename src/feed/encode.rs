//! Snapshots to JSON: documents and patches of each topic, as an audience may see them.
//!
//! Written straight from the snapshot, without building the documents of `model::wire` first; a
//! test reads every output back as those types.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::{Overview, hide};

use crate::model::process::{Process, ProcessRow, ProcessSummary, ProcessTable};
use crate::model::table::Row;
use crate::model::wire::HostRow;
use crate::model::{Audience, Reading, Section, Snapshot, Text};

/// Writes one JSON object.
struct Object {
    out: Vec<u8>,
}

impl Object {
    fn new(room: usize) -> Self {
        let mut out = Vec::with_capacity(room);
        out.push(b'{');
        Self { out }
    }

    fn field<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) {
        self.key(key);
        serde_json::to_writer(&mut self.out, value)
            .expect("our types have text keys and memory does not refuse writes");
    }

    fn raw_field(&mut self, key: &str, json: &[u8]) {
        self.key(key);
        self.out.extend_from_slice(json);
    }

    fn key(&mut self, key: &str) {
        if self.out.len() > 1 {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    fn end(mut self) -> Vec<u8> {
        self.out.push(b'}');
        self.out
    }
}

pub(super) fn overview(overview: &Overview, audience: Audience) -> Vec<u8> {
    let shown = &hide::overview(overview, audience);
    let mut object = Object::new(256 + shown.rows.len() * 4096);
    object.field("groups", &*shown.groups);
    object.field("hosts", &shown.rows);
    object.end()
}

pub(super) fn overview_patch(earlier: &Overview, now: &Overview, audience: Audience) -> Vec<u8> {
    let mut replace = Object::new(256);
    field_if_changed(&mut replace, "groups", &*earlier.groups, &*now.groups);
    let seen = |row: &&Arc<HostRow>| hide::sees(row, audience);
    let mut before: BTreeMap<&str, &Arc<HostRow>> =
        earlier.rows.iter().filter(seen).map(|row| (&*row.key, row)).collect();
    let mut table = TableChanges::new();
    for row in now.rows.iter().filter(seen) {
        match before.remove(&*row.key) {
            Some(old) if Arc::ptr_eq(old, row) => {}
            Some(old) => {
                let change = hide::row(row, audience).change_since(&hide::row(old, audience));
                table.changed(change);
            }
            None => table.added(&**hide::row(row, audience)),
        }
    }
    for row in before.into_values() {
        table.dropped(&row.key);
    }
    patch(replace, [("hosts", table)])
}

pub(super) fn host(snapshot: &Snapshot, audience: Audience) -> Vec<u8> {
    let snapshot = &*hide::host(snapshot, audience);
    let mut object = Object::new(16 << 10);
    object.field("host", &snapshot.host);
    object.field("status", &*snapshot.status);
    macro_rules! write {
        ($( $(#[$doc:meta])* $key:ident: $type:ident, )*) => {
            $( object.field(stringify!($key), &snapshot.$key); )*
        };
    }
    crate::host_sections!(write);
    object.field("sources", &snapshot.sources);
    object.end()
}

pub(super) fn host_patch(earlier: &Snapshot, now: &Snapshot, audience: Audience) -> Vec<u8> {
    let (earlier, now) = (&*hide::host(earlier, audience), &*hide::host(now, audience));
    let mut replace = Object::new(4096);
    macro_rules! write {
        ($( $(#[$doc:meta])* $key:ident: $type:ident, )*) => {
            $( field_if_changed(&mut replace, stringify!($key), &earlier.$key, &now.$key); )*
        };
    }
    crate::host_sections!(write);
    field_if_changed(&mut replace, "status", &earlier.status, &now.status);
    field_if_changed(&mut replace, "sources", &earlier.sources, &now.sources);
    patch(replace, [])
}

pub(super) fn processes(snapshot: &Snapshot, audience: Audience) -> Vec<u8> {
    let rows = shown_rows(snapshot);
    let mut object = Object::new(256 + rows.len() * 400);
    object.field("host", &snapshot.host);
    object.field("summary", &summary(snapshot));
    let mut list = List::new();
    for process in rows {
        list.push(&*shown(process, audience));
    }
    object.raw_field("processes", &list.end());
    object.end()
}

pub(super) fn processes_patch(earlier: &Snapshot, now: &Snapshot, audience: Audience) -> Vec<u8> {
    let mut replace = Object::new(512);
    field_if_changed(&mut replace, "summary", &summary(earlier), &summary(now));
    let mut table = TableChanges::new();
    let mut before = shown_rows(earlier).iter().peekable();
    for process in shown_rows(now) {
        // Both lists go by pid; a pid occurs once in each.
        while let Some(old) = before.next_if(|old| old.row.pid < process.row.pid) {
            table.dropped(&old.row.key);
        }
        match before.next_if(|old| old.row.pid == process.row.pid) {
            Some(old) if old.row.key == process.row.key => {
                if old != process {
                    let change = shown(process, audience).change_since(&shown(old, audience));
                    table.changed(change);
                }
            }
            reused => {
                if let Some(old) = reused {
                    table.dropped(&old.row.key);
                }
                table.added(&*shown(process, audience));
            }
        }
    }
    for old in before {
        table.dropped(&old.row.key);
    }
    patch(replace, [("processes", table)])
}

/// The row as `audience` may see it.
fn shown(process: &Process, audience: Audience) -> Cow<'_, ProcessRow> {
    match &process.full_command {
        Some(full) if audience.sees_full_commands() => Cow::Owned(ProcessRow {
            command: Reading::Present(full.clone()),
            ..process.row.clone()
        }),
        _ => Cow::Borrowed(&process.row),
    }
}

fn shown_rows(snapshot: &Snapshot) -> &[Process] {
    snapshot.processes.value.present().map_or(&[], |table| &table.rows)
}

fn summary(snapshot: &Snapshot) -> Section<ProcessSummary> {
    let Section { taken_at_ms, interval_ms, problem, value } = &*snapshot.processes;
    Section {
        taken_at_ms: *taken_at_ms,
        interval_ms: *interval_ms,
        problem: *problem,
        value: value.as_ref().map(|table: &ProcessTable| table.summary),
    }
}

fn field_if_changed<T: Serialize + PartialEq>(object: &mut Object, key: &str, old: &T, new: &T) {
    if old != new {
        object.field(key, new);
    }
}

fn patch<const N: usize>(replace: Object, tables: [(&str, TableChanges); N]) -> Vec<u8> {
    let mut object = Object::new(replace.out.len() + 256);
    object.raw_field("replace", &replace.end());
    let mut changed_tables = Object::new(256);
    for (key, table) in tables {
        if table.is_empty() {
            continue;
        }
        let mut changes = Object::new(256);
        changes.raw_field("changed", &table.changed.end());
        changes.raw_field("dropped", &table.dropped.end());
        changed_tables.raw_field(key, &changes.end());
    }
    object.raw_field("tables", &changed_tables.end());
    object.end()
}

/// Writes one JSON list.
struct List {
    out: Vec<u8>,
}

impl List {
    fn new() -> Self {
        Self { out: vec![b'['] }
    }

    fn push<T: Serialize + ?Sized>(&mut self, item: &T) {
        if !self.is_empty() {
            self.out.push(b',');
        }
        serde_json::to_writer(&mut self.out, item)
            .expect("our types have text keys and memory does not refuse writes");
    }

    fn is_empty(&self) -> bool {
        self.out.len() == 1
    }

    fn end(mut self) -> Vec<u8> {
        self.out.push(b']');
        self.out
    }
}

struct TableChanges {
    changed: List,
    dropped: List,
}

impl TableChanges {
    fn new() -> Self {
        Self { changed: List::new(), dropped: List::new() }
    }

    fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.dropped.is_empty()
    }

    fn added<R: Row>(&mut self, row: &R) {
        self.changed.push(row);
    }

    fn changed<C: Serialize>(&mut self, change: Option<C>) {
        if let Some(change) = change {
            self.changed.push(&change);
        }
    }

    fn dropped(&mut self, key: &Text) {
        self.dropped.push(key);
    }
}
