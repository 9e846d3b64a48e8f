//! smonitor itself: what it serves, and what its process takes.

use super::Own;
use super::text::Page;

pub(super) const ORIGIN: &str = "smonitor's counters, and its own files below `self`";

metrics! {
    BUILD: Gauge "smonitor_build_info", ["version"], "1, with the version of smonitor.";
    VIEWERS: Gauge "smonitor_viewers", [], "Open sockets of people who look.";
    CONNECTIONS: Gauge "smonitor_connections", [], "Open connections, sockets included.";
    ENCODINGS: Counter "smonitor_encodings_total", [], "Documents and patches that were encoded.";
    UNKNOWN_MESSAGES: Counter "smonitor_unknown_messages_total", [],
        "Messages of viewers that were not understood.";
    CPU: Counter "process_cpu_seconds_total", [],
        "Time that smonitor spent on processors, user and system.";
    RESIDENT: Gauge "process_resident_memory_bytes", [], "Memory of smonitor that is resident.";
    VIRTUAL: Gauge "process_virtual_memory_bytes", [], "Address space of smonitor.";
    OPEN_FDS: Gauge "process_open_fds", [], "File descriptors that smonitor has open.";
    MAX_FDS: Gauge "process_max_fds", [], "File descriptors that it may have open.";
    START: Gauge "process_start_time_seconds", [],
        "When smonitor was started, seconds since 1970.";
}

pub(super) fn write(page: &mut Page, own: &Own) {
    page.family(&BUILD, |samples| samples.add(&[&own.version], true));
    page.single(&VIEWERS, own.viewers);
    page.single(&CONNECTIONS, own.connections);
    page.single(&ENCODINGS, own.encodings);
    page.single(&UNKNOWN_MESSAGES, own.unknown_messages);
    page.single(&CPU, own.process.cpu_seconds);
    page.single(&RESIDENT, own.process.resident_bytes);
    page.single(&VIRTUAL, own.process.virtual_bytes);
    page.single(&OPEN_FDS, own.process.open_files);
    page.single(&MAX_FDS, own.process.open_files_limit);
    page.single(&START, own.started_at);
}
