//! `GET /metrics`: what is written of made-up values, and what the page says that documents it. What
//! real scrapers make of it is in `live`.
#![allow(clippy::unwrap_used, reason = "these are helpers of tests; clippy knows only #[test]")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use smonitor::model::source::SourceState;
use smonitor::model::{Bytes, Problem, Reading, Reason, Snapshot, UnixMillis};
use smonitor::web::metrics::{Format, Kind, groups, page};

use crate::generated;
use machine::{AT, Size, machine, own};
use scrape::Scrape;

mod live;
pub(crate) mod machine;
pub(crate) mod scrape;

const SMALL: Size = Size { processors: 2, rows: 3, arrays: 2, units: 2, nodes: 2 };

fn written(snapshot: &Snapshot, now: UnixMillis, format: Format) -> String {
    String::from_utf8(page(snapshot, &own(), now, format)).unwrap()
}

fn scraped(snapshot: &Snapshot) -> Scrape {
    Scrape::read(&written(snapshot, AT, Format::Prometheus))
}

#[test]
fn every_metric_that_is_documented_can_be_had_and_no_other() {
    let listed: Vec<_> = groups().iter().flat_map(|group| group.metrics).collect();
    let names: BTreeSet<_> = listed.iter().map(|metric| metric.name).collect();
    assert_eq!(names.len(), listed.len(), "a name stands twice in the list");
    let scrape = scraped(&machine(SMALL));
    assert_eq!(scrape.names(), names);
    for metric in listed {
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Unknown => "untyped",
        };
        assert_eq!(scrape.kinds[metric.name], kind, "{}", metric.name);
        assert_eq!(metric.kind == Kind::Counter, metric.name.ends_with("_total"));
        let labels: BTreeSet<_> = metric.labels.iter().copied().collect();
        for series in scrape.samples[metric.name].keys() {
            let has: BTreeSet<_> = series.keys().map(String::as_str).collect();
            assert!(has.is_subset(&labels), "{}: {has:?}", metric.name);
        }
        let plain = |c: char| c.is_ascii() && !c.is_ascii_control() && c != '\\';
        assert!(metric.help.chars().all(plain) && metric.help.ends_with('.'), "{}", metric.help);
    }
}

#[test]
fn both_forms_say_the_same() {
    let snapshot = machine(SMALL);
    let plain = written(&snapshot, AT, Format::Prometheus);
    let open = written(&snapshot, AT, Format::OpenMetrics);
    assert!(open.ends_with("\n# EOF\n") && !plain.contains("# EOF"));
    let (plain, open) = (Scrape::read(&plain), Scrape::read(&open));
    assert_eq!(plain.samples, open.samples);
    assert_eq!(open.kinds["node_cpu_seconds"], "counter");
    assert_eq!(open.kinds["node_zfs_arc_hits"], "unknown");
}

#[test]
fn values_are_those_of_the_model_in_base_units() {
    let scrape = scraped(&machine(SMALL));
    let value = |name: &str, labels: &[(&str, &str)]| scrape.value(name, labels);
    let cpu1 = |mode| value("node_cpu_seconds_total", &[("cpu", "1"), ("mode", mode)]);
    assert_eq!((cpu1("user"), cpu1("nice")), (Some(124_456.78), Some(0.0)));
    let guest = value("node_cpu_guest_seconds_total", &[("cpu", "0"), ("mode", "nice")]);
    assert_eq!(guest, Some(9.0));
    assert_eq!(value("node_boot_time_seconds", &[]), Some(1_767_593_520.0));
    assert_eq!(value("node_time_seconds", &[]), Some(1_795_176_000.0));
    assert_eq!(value("node_memory_Active_anon_bytes", &[]), Some((1_u64 << 40) as f64));
    let place = [
        ("device", "/dev/mapper/vg0-home0001"),
        ("fstype", "ext4"),
        ("mountpoint", "/srv/data/project0001"),
    ];
    assert_eq!(value("node_filesystem_free_bytes", &place), Some(700.0));
    assert_eq!(value("node_filesystem_avail_bytes", &place), Some(650.0));
    assert_eq!(value("node_filesystem_files_free", &place), Some(60.0));
    assert_eq!(value("node_filesystem_device_error", &place), Some(0.0));
    let disk = [("device", "dm-0002")];
    assert_eq!(value("node_disk_io_time_seconds_total", &disk), Some(3.5));
    let speed = value("node_network_speed_bytes", &[("device", "veth0000")]);
    assert_eq!(speed, Some(1.25e9));
    let state = |state| value("smonitor_raid_state", &[("device", "md0000"), ("state", state)]);
    assert_eq!((state("degraded"), state("clean")), (Some(1.0), Some(0.0)));
    assert_eq!(value("node_md_blocks", &[("device", "md0001")]), Some(10.0));
    assert_eq!(value("node_timex_offset_seconds", &[]), Some(-0.000_25));
    assert_eq!(value("smonitor_login_users", &[]), Some(2.0));
    assert_eq!(value("smonitor_systemd_failed_units", &[]), Some(3.0), "those left out count");
    assert_eq!(value("smonitor_samples_left_out", &[]), Some(0.0));
}

/// A machine of which nothing was read says nothing of itself, and no zeros.
#[test]
fn what_was_not_read_is_not_there() {
    let nothing = Snapshot::not_collected(machine(SMALL).host, AT, |_| 2000);
    let scrape = scraped(&nothing);
    let is_ours = |name: &&str| {
        ["process_", "smonitor_"].iter().any(|ours| name.starts_with(ours))
            || *name == "node_time_seconds"
    };
    let others: Vec<_> = scrape.names().into_iter().filter(|name| !is_ours(name)).collect();
    assert!(others.is_empty(), "{others:?}");
    let ours = scrape.samples.values().flat_map(|series| series.values());
    assert!(ours.clone().count() > 0);
    assert_eq!(scrape.value("smonitor_section_age_seconds", &[("section", "cpu")]), None);

    let mut partly = machine(SMALL);
    let Reading::Present(cpu) = &mut Arc::make_mut(&mut partly.cpu).value else { panic!() };
    cpu.load = Reading::absent(Reason::ReadFailed);
    cpu.kernel.forks_total = Reading::absent(Reason::Malformed);
    let Reading::Present(memory) = &mut Arc::make_mut(&mut partly.memory).value else { panic!() };
    memory.meminfo.values[0] = None;
    let scrape = scraped(&partly);
    for name in ["node_load1", "node_forks_total", "node_memory_MemTotal_bytes"] {
        assert!(!scrape.names().contains(name), "{name}");
    }
    assert!(scrape.names().contains("node_intr_total"), "the rest is there");
}

#[test]
fn what_is_old_is_not_shown_as_new() {
    let mut snapshot = machine(SMALL);
    let stuck = Problem { reason: Reason::NotResponding, since_ms: UnixMillis(AT.0 - 90_000) };
    Arc::make_mut(&mut snapshot.disks).problem = Some(stuck);
    Arc::make_mut(&mut snapshot.system).problem = Some(stuck);
    Arc::make_mut(&mut snapshot.cpu).taken_at_ms = Reading::Present(UnixMillis(AT.0 - 6001));
    Arc::make_mut(&mut snapshot.memory).taken_at_ms = Reading::Present(UnixMillis(AT.0 - 6000));
    Arc::make_mut(&mut snapshot.network).taken_at_ms =
        Reading::Present(UnixMillis(AT.0 + 3_600_000));
    let source = &mut Arc::make_mut(&mut snapshot.sources)[5];
    assert_eq!(source.name, "disks");
    (source.state, source.problem) = (SourceState::Stuck, Some(stuck));
    let scrape = scraped(&snapshot);
    let has = |name: &str| scrape.names().contains(name);
    assert!(!has("node_disk_read_bytes_total") && !has("node_pressure_io_waiting_seconds_total"));
    assert!(!has("node_cpu_seconds_total") && !has("node_load1"), "over three intervals");
    assert!(has("node_memory_MemTotal_bytes"), "three intervals are not over three");
    assert!(has("node_network_up"), "a clock that was set back makes nothing old");
    assert!(has("node_uname_info") && has("node_boot_time_seconds") && has("smonitor_cpu_info"));
    let disks = [("source", "disks")];
    assert_eq!(scrape.value("smonitor_source_up", &disks), Some(0.0));
    assert_eq!(scrape.value("smonitor_source_stuck_seconds", &disks), Some(90.0));
    assert_eq!(scrape.value("smonitor_source_stuck_seconds", &[("source", "cpu")]), Some(0.0));
    let state = [("source", "disks"), ("state", "stuck")];
    assert_eq!(scrape.value("smonitor_source_state", &state), Some(1.0));
    assert_eq!(scrape.value("smonitor_section_age_seconds", &[("section", "cpu")]), Some(6.001));
}

#[test]
fn a_filesystem_that_hangs_says_so_and_nothing_else() {
    let mut snapshot = machine(SMALL);
    let Reading::Present(list) = &mut Arc::make_mut(&mut snapshot.filesystems).value else {
        panic!()
    };
    list.rows[1].problem = Some(Problem { reason: Reason::NotResponding, since_ms: AT });
    let scrape = scraped(&snapshot);
    let hangs = "/srv/data/project0001";
    for metric in scrape.names().into_iter().filter(|name| name.starts_with("node_filesystem_")) {
        let error = metric == "node_filesystem_device_error";
        let there = scrape.label_values(metric, "mountpoint").contains(hangs);
        assert_eq!(there, error, "{metric}");
    }
}

#[test]
fn the_state_of_a_source_decides_whether_it_is_up() {
    let up = |state| {
        let mut snapshot = machine(SMALL);
        Arc::make_mut(&mut snapshot.sources)[0].state = state;
        scraped(&snapshot).value("smonitor_source_up", &[("source", "system")])
    };
    for state in [SourceState::Stuck, SourceState::Failing, SourceState::Forbidden] {
        assert_eq!(up(state), Some(0.0), "{state:?}");
    }
    for state in [SourceState::Partial, SourceState::Slow, SourceState::Well, SourceState::NotThere]
    {
        assert_eq!(up(state), Some(1.0), "{state:?}");
    }
    assert_eq!(up(SourceState::Waiting), None);
}

/// A scraper refuses a page with a series in it twice, or with a name that breaks out.
#[test]
fn hostile_and_equal_names_do_not_spoil_the_page() {
    let mut snapshot = machine(SMALL);
    let Reading::Present(list) = &mut Arc::make_mut(&mut snapshot.filesystems).value else {
        panic!()
    };
    let hostile = "/mnt/\"} 1\nup{job=\"x\\\u{0}\u{7f}";
    list.rows[0].mount_points = vec![hostile.into()];
    list.rows[1].mount_points = Vec::new();
    let mut twin = list.rows[2].clone();
    twin.space = Reading::default();
    twin.key = "twin".into();
    list.rows.push(twin);
    for format in [Format::Prometheus, Format::OpenMetrics] {
        let scrape = Scrape::read(&written(&snapshot, AT, format));
        let places = scrape.label_values("node_filesystem_readonly", "mountpoint");
        assert!(places.contains("/mnt/\"} 1\nup{job=\"x\\␀\u{fffd}"), "{places:?}");
        assert!(!scrape.names().contains("up"));
        // The twin's, but for its sizes, which were absent.
        assert_eq!(scrape.value("smonitor_samples_left_out", &[]), Some(4.0));
    }
}

#[test]
fn series_of_a_family_are_sorted() {
    let scrape = scraped(&machine(Size { processors: 12, ..SMALL }));
    for name in scrape.names() {
        let of_name = |series: &&String| {
            series.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('{'))
        };
        let order: Vec<_> = scrape.order.iter().filter(of_name).collect();
        assert_eq!(order.len(), scrape.samples[name].len(), "{name}");
        assert!(order.is_sorted(), "{name}: {order:?}");
    }
}

/// What docs/metrics.md promises of the size of a page.
#[test]
fn there_are_never_more_series_than_the_page_says() {
    let full = Size { processors: 64, rows: 512, arrays: 128, units: 256, nodes: 8 };
    let series = scraped(&machine(full)).series();
    let per_processor = (scraped(&machine(Size { processors: 65, ..full })).series()) - series;
    let per_node = (scraped(&machine(Size { nodes: 9, ..full })).series()) - series;
    let rest = series - 64 * per_processor - 8 * per_node;
    let promise = format!(
        "At most {} series, and {per_processor} per logical processor and {per_node} per memory node",
        thousands(rest)
    );
    let documented = std::fs::read_to_string("docs/metrics.md").unwrap();
    assert!(documented.contains(&promise), "docs/metrics.md should say: {promise}");
}

fn thousands(number: usize) -> String {
    format!("{},{:03}", number / 1000, number % 1000)
}

/// The values of the caps that the test above fills up are those of the model.
#[test]
fn the_caps_are_the_models() {
    use smonitor::model::{container, disk, filesystem, gpu, network, raid, sensor, unit, zfs};
    let rows = [
        filesystem::FILESYSTEMS_MAX,
        disk::DISKS_MAX,
        network::INTERFACES_MAX,
        sensor::SENSORS_MAX,
    ];
    assert_eq!(rows, [512; 4]);
    assert_eq!([raid::ARRAYS_MAX, zfs::POOLS_MAX, unit::UNITS_MAX], [128, 128, 256]);
    assert_eq!([gpu::GPUS_MAX, container::CONTAINERS_MAX], [512 / 8, 512 * 2]);
}

#[test]
fn cards_and_containers_are_in_base_units() {
    let scrape = scraped(&machine(SMALL));
    let value = |name: &str, labels: &[(&str, &str)]| scrape.value(name, labels);
    let card = ("gpu", "00000000:0000");
    let model = scrape.label_values("smonitor_gpu_info", "model");
    assert_eq!(model.into_iter().collect::<Vec<_>>(), ["NVIDIA A100-SXM4-80GB"]);
    let state = |state| value("smonitor_gpu_state", &[card, ("state", state)]);
    assert_eq!((state("busy"), state("free")), (Some(1.0), Some(0.0)));
    let driver = |state| value("smonitor_gpu_driver_state", &[("state", state)]);
    assert_eq!((driver("running"), driver("not_loaded")), (Some(1.0), Some(0.0)));
    assert_eq!(value("smonitor_gpu_fan_speed_ratio", &[card, ("fan", "7")]), Some(0.455));
    assert_eq!(value("smonitor_gpu_memory_total_bytes", &[card]), Some(85_899_345_920.0));
    assert_eq!(value("smonitor_gpu_idle_since_timestamp_seconds", &[card]), Some(1_795_175_940.0));
    let findings = |severity| value("smonitor_gpu_findings", &[card, ("severity", severity)]);
    assert_eq!((findings("info"), findings("warning")), (Some(31.0), Some(1.0)));
    let xid = value("smonitor_gpu_xid_errors_recent", &[card, ("code", "33")]);
    assert_eq!(xid, Some(3.0));
    let link = |link| value("smonitor_gpu_nvlink_active", &[card, ("link", link)]);
    assert_eq!((link("0"), link("1")), (Some(1.0), Some(0.0)));
    assert_eq!(value("smonitor_gpu_memory_repair_pending", &[card]), Some(1.0));
    assert_eq!(value("smonitor_rows_left_out", &[("section", "gpus")]), Some(2.0));

    let container = ("container", "docker/0001");
    assert_eq!(value("smonitor_container_cpu_ratio", &[container]), Some(2.451));
    assert_eq!(
        value("smonitor_container_memory_limit_bytes", &[container]),
        Some(24.0 * 1024_f64.powi(3))
    );
    let state = |state| value("smonitor_container_state", &[container, ("state", state)]);
    assert_eq!((state("paused"), state("running")), (Some(1.0), Some(0.0)));
    assert_eq!(value("smonitor_container_oom_kills_total", &[container]), Some(3.0));
    let engine = |number| {
        value("smonitor_container_engine_up", &[("engine", &format!("unix:///run/engine{number}"))])
    };
    assert_eq!((engine("0000"), engine("0001")), (Some(0.0), Some(1.0)));
}

/// No limit is no number, a card that is lost has a state and nothing else, and more people than
/// there is room for are counted.
#[test]
fn what_cards_and_containers_do_not_have_is_not_there() {
    let mut snapshot = machine(SMALL);
    let Reading::Present(containers) = &mut Arc::make_mut(&mut snapshot.containers).value else {
        panic!()
    };
    containers.rows[0].memory_limit_bytes = Reading::Present(None);
    containers.rows[0].cpu_limit_percent = Reading::Present(None);
    containers.rows[0].cpu_percent = Reading::absent(Reason::Measuring);
    let demo = smonitor::demo::machine(1, AT).gpus;
    let lost = demo.cards.iter().find(|card| card.problem.is_some()).unwrap().clone();
    let Reading::Present(gpus) = &mut Arc::make_mut(&mut snapshot.gpus).value else { panic!() };
    let person = gpus.people[0].clone();
    gpus.people = (0..300)
        .map(|number| {
            let mut other = person.clone();
            other.user = Reading::Present(format!("user{number}").into());
            other
        })
        .collect();
    gpus.cards = vec![lost.clone()];
    let scrape = scraped(&snapshot);
    let (without, with) = (("container", "docker/0000"), ("container", "docker/0001"));
    for name in [
        "smonitor_container_memory_limit_bytes",
        "smonitor_container_cpu_limit_ratio",
        "smonitor_container_cpu_ratio",
    ] {
        assert_eq!(scrape.value(name, &[without]), None, "{name}");
        assert!(scrape.value(name, &[with]).is_some(), "{name}");
    }
    let of_cards: BTreeSet<_> = scrape
        .names()
        .into_iter()
        .filter(|name| scrape.label_values(name, "gpu").contains(lost.key.as_str()))
        .collect();
    let said = ["findings", "info", "state", "xid_errors_recent"]
        .map(|name| format!("smonitor_gpu_{name}"));
    assert_eq!(of_cards, said.iter().map(String::as_str).collect());
    assert_eq!(
        scrape.value("smonitor_gpu_state", &[("gpu", &lost.key), ("state", "fault")]),
        Some(1.0)
    );
    assert_eq!(scrape.label_values("smonitor_gpu_user_gpus", "user").len(), 256);
    let left_out = scrape.value("smonitor_rows_left_out", &[("section", "gpus")]);
    assert_eq!(left_out, Some(46.0), "two that have no row, and 44 that have no series");
}

#[test]
fn the_page_of_the_documentation_lists_every_metric() {
    let mut text = String::new();
    for group in groups() {
        write!(text, "\n### {}\n\nFrom {}.\n\n", group.title, group.origin).unwrap();
        text.push_str("| metric | type | unit | labels | meaning |\n|---|---|---|---|---|\n");
        for metric in group.metrics {
            let kind = match metric.kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
                Kind::Unknown => "unknown",
            };
            let unit = metric.unit().unwrap_or_default();
            let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
            let labels = labels.join(" ");
            let (name, help) = (metric.name, metric.help);
            writeln!(text, "| `{name}` | {kind} | {unit} | {labels} | {help} |").unwrap();
        }
    }
    text.push('\n');
    generated::assert_section(Path::new("docs/metrics.md"), "metrics", &text);
}

#[test]
fn nothing_is_lost_of_large_numbers() {
    let mut snapshot = machine(SMALL);
    let Reading::Present(memory) = &mut Arc::make_mut(&mut snapshot.memory).value else { panic!() };
    memory.used_bytes = Bytes(u64::MAX - 1);
    let text = written(&snapshot, AT, Format::OpenMetrics);
    assert!(text.contains("\nsmonitor_memory_used_bytes 18446744073709551614\n"));
}
