//! `GET /metrics`: what is known of the host, for Prometheus and whoever speaks its language.
//!
//! One file per family of metrics. Where node_exporter has a metric of the same meaning its name and
//! labels are used, so that dashboards and alerts work; everything else is called `smonitor_…`. Only
//! what was read is said: counters and gauges, no rates; what is absent or old has no sample.
//! docs/metrics.md lists all of it.
//!
//! Knows what values mean to a scraper, not where they come from.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use super::answer::{self, Refused};
use super::gate::Caller;
use super::server::Server;
use crate::feed::Overview;
use crate::host::Roots;
use crate::host::own::OwnProcess;
use crate::model::{Audience, Section, Snapshot, UnixMillis};

/// Defines the metrics of a file, and the list of them.
macro_rules! metrics {
    ($( $id:ident: $kind:ident $name:expr, [$( $label:literal ),*], $help:expr; )*) => {
        $(
            static $id: crate::web::metrics::Metric = crate::web::metrics::Metric {
                name: $name,
                kind: crate::web::metrics::Kind::$kind,
                labels: &[$( $label ),*],
                help: $help,
            };
        )*
        /// Everything this file can say.
        pub(super) static METRICS: &[&crate::web::metrics::Metric] = &[$( &$id ),*];
    };
}

mod accept;
mod containers;
mod cpu;
mod disks;
mod filesystems;
mod gpus;
mod health;
mod hosts;
mod memory;
mod network;
mod own;
mod sensors;
mod storage;
mod system;
mod text;

pub use text::{Format, Kind, LABEL_MAX_BYTES, Metric};

use text::Page;

/// Metrics that belong together.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// What it is about.
    pub title: &'static str,
    /// Where the values come from: sections of the host's document, and files of the kernel.
    pub origin: &'static str,
    /// The metrics, in the order they are written.
    pub metrics: &'static [&'static Metric],
}

/// Every metric there is.
#[must_use]
pub fn groups() -> [Group; 13] {
    let group = |title, origin, metrics| Group { title, origin, metrics };
    [
        group("Processors and load", cpu::ORIGIN, cpu::METRICS),
        group("Memory", memory::ORIGIN, memory::metrics()),
        group("Filesystems", filesystems::ORIGIN, filesystems::METRICS),
        group("Disks", disks::ORIGIN, disks::METRICS),
        group("MD and ZFS", storage::ORIGIN, storage::METRICS),
        group("Network", network::ORIGIN, network::METRICS),
        group("Sensors", sensors::ORIGIN, sensors::METRICS),
        group("Graphics cards", gpus::ORIGIN, gpus::METRICS),
        group("Containers", containers::ORIGIN, containers::METRICS),
        group("System", system::ORIGIN, system::METRICS),
        group("smonitor's sources", health::ORIGIN, health::METRICS),
        group("Hosts", hosts::ORIGIN, hosts::METRICS),
        group("smonitor itself", own::ORIGIN, own::METRICS),
    ]
}

/// What smonitor knows of itself.
#[derive(Debug, Clone)]
pub struct Own {
    /// The program's version.
    pub version: String,
    /// Open sockets of viewers.
    pub viewers: usize,
    /// Open connections, sockets included.
    pub connections: usize,
    /// Documents and patches encoded since the start.
    pub encodings: u64,
    /// Messages of viewers that were not understood, since the start.
    pub unknown_messages: u64,
    /// When the server was started.
    pub started_at: UnixMillis,
    /// What the operating system says of the process.
    pub process: OwnProcess,
}

/// Writes all of it. `snapshot` is what the reader may see.
#[must_use]
pub fn page(snapshot: &Snapshot, own: &Own, now: UnixMillis, format: Format) -> Vec<u8> {
    let mut page = Page::new(format);
    let known = Known { snapshot, now };
    cpu::write(&mut page, known);
    memory::write(&mut page, known);
    filesystems::write(&mut page, known);
    disks::write(&mut page, known);
    storage::write(&mut page, known);
    network::write(&mut page, known);
    sensors::write(&mut page, known);
    gpus::write(&mut page, known);
    containers::write(&mut page, known);
    system::write(&mut page, known);
    health::write(&mut page, known);
    hosts::write(&mut page, [(snapshot.host.as_str(), snapshot.status.state)].into_iter());
    own::write(&mut page, own);
    page.end()
}

/// The same of an app, whose hosts have metrics of their own: which of them are up. `overview` is what the
/// reader may see.
#[must_use]
pub fn page_of_app(overview: &Overview, own: &Own, format: Format) -> Vec<u8> {
    let mut page = Page::new(format);
    let hosts = overview.rows.iter().map(|row| (&*row.key, row.status.state));
    hosts::write(&mut page, hosts);
    own::write(&mut page, own);
    page.end()
}

/// What there is to write from.
#[derive(Clone, Copy)]
struct Known<'a> {
    snapshot: &'a Snapshot,
    now: UnixMillis,
}

impl<'a> Known<'a> {
    /// The value of a section, unless it is old: its source fails or hangs, or it has not been read
    /// for three of its intervals. A scraper cannot be told that a value is old, so it gets none.
    fn fresh<T>(self, section: &'a Section<T>) -> Option<&'a T> {
        let is_old = age_ms(section, self.now).is_none_or(|age| age > section.interval_ms * 3);
        section.value.present().filter(|_| section.problem.is_none() && !is_old)
    }

    /// The value of a section however old it is, for what does not change while the machine is up.
    fn lasting<T>(section: &'a Section<T>) -> Option<&'a T> {
        section.value.present()
    }
}

/// How long ago a section was read. A clock that was set back makes it new, not unknown.
fn age_ms<T>(section: &Section<T>, now: UnixMillis) -> Option<u64> {
    let taken = section.taken_at_ms.present()?;
    Some(u64::try_from(now.since(*taken)).unwrap_or(0))
}

pub(super) async fn answer(
    server: &Arc<Server>,
    caller: Caller,
    headers: &HeaderMap,
) -> Result<Response, Refused> {
    let role = caller.role.ok_or_else(Refused::unauthorized)?;
    let audience = Audience::new(role);
    let format = accept::format(headers);
    let body = match &server.settings.only_host {
        None => page_of_app(&server.feed.overview(audience).await?, &own(server), format),
        Some(host) => {
            let snapshot = server.feed.snapshot(host, audience).await?;
            let server = server.clone();
            // A large machine has tens of thousands of series.
            let writing = tokio::task::spawn_blocking(move || {
                page(&snapshot, &own(&server), server.clock.wall(), format)
            });
            writing.await.map_err(|_| Refused::internal())?
        }
    };
    let content_type = HeaderValue::from_static(format.content_type());
    let mut response = answer::document_of_type(body.into(), content_type, headers).await;
    let vary = HeaderValue::from_static("accept, accept-encoding");
    response.headers_mut().insert(header::VARY, vary);
    Ok(response)
}

fn own(server: &Server) -> Own {
    Own {
        version: server.settings.version.clone(),
        viewers: server.viewers.in_use(),
        connections: server.connections.in_use(),
        encodings: server.feed.encodings(),
        unknown_messages: server.unknown_messages.load(std::sync::atomic::Ordering::Relaxed),
        started_at: server.started_at,
        process: OwnProcess::read(&Roots::live()),
    }
}
