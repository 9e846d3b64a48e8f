//! `/metrics` of this very machine, as real programs take it: Prometheus scrapes it, promtool looks
//! it over, and node_exporter says the same of the machine. Where they are not installed these tests
//! are skipped and say so; `scripts/test.sh` installs them.
#![allow(clippy::disallowed_methods, reason = "these tests start the programs they are about")]
#![allow(clippy::print_stdout, reason = "what is skipped is said")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use smonitor::model::Reading;
use smonitor::web::metrics::Format;
use tokio::time::sleep;

use super::machine::{AT, machine};
use super::scrape::{Labels, Scrape};
use super::{SMALL, written};

/// Nothing here takes longer, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// Finds a program, or says that the test is skipped.
fn program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    let mut places = names.iter().flat_map(|name| folders.iter().map(move |dir| dir.join(name)));
    let found = places.find(|place| place.is_file());
    if found.is_none() {
        println!("skipped: there is no {}", names[0]);
    }
    found
}

/// A server in the background; ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn start(program: &Path, arguments: &[String], folder: &Path) -> Running {
    let log = fs::File::create(folder.join("log")).unwrap();
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command.stdout(log.try_clone().unwrap()).stderr(log);
    Running(command.spawn().unwrap())
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A node of this machine; what it said first.
struct Node {
    _running: Running,
    address: String,
    token: Option<String>,
}

impl Node {
    fn start(config: &str, folder: &Path) -> Self {
        fs::write(folder.join("config.json"), config).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_smonitor"))
            .args(["--mode", "node", "--port", "0", "--disable-log"])
            .current_dir(folder)
            .env_clear()
            .env("XDG_STATE_HOME", folder.join("state"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let first = lines.next().unwrap();
        let address = first.split(" is at http://").nth(1).expect("the address");
        let address = address.trim_end_matches('/').to_owned();
        let token = config.contains("token").then(|| {
            let link = lines.next().unwrap();
            link.split("#token=").nth(1).expect("the link is printed").trim().to_owned()
        });
        Self { _running: Running(child), address, token }
    }
}

async fn get(url: &str, accept: &str) -> Result<String, reqwest::Error> {
    smonitor::serve::install_crypto();
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
    let response = client.get(url).header("accept", accept).send().await?;
    response.error_for_status()?.text().await
}

/// Asks until `good` likes the answer.
async fn until<T>(url: &str, good: impl Fn(&str) -> Option<T>) -> T {
    let mut last = String::new();
    let asking = async {
        loop {
            if let Ok(text) = get(url, "*/*").await {
                if let Some(found) = good(&text) {
                    return found;
                }
                last = text;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    match tokio::time::timeout(PATIENCE, asking).await {
        Ok(found) => found,
        Err(_) => panic!("{url} never said what is wanted; the last was {last}"),
    }
}

#[tokio::test]
async fn a_real_prometheus_scrapes_a_real_node() {
    let Some(prometheus) = program(&["prometheus"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let node = Node::start(r#"{"auth": {"mode": "token"}, "monitor": {"interval": 0.5}}"#, path);
    let token_file = path.join("token");
    fs::write(&token_file, node.token.as_ref().unwrap()).unwrap();
    // The example of the documents, with this test's names in it.
    let example = fs::read_to_string("docs/prometheus/prometheus.yml").unwrap();
    let config = example
        .replace("gpu-01.example.org:8999", &node.address)
        .replace("/etc/prometheus/smonitor.token", token_file.to_str().unwrap())
        .replace("scrape_interval: 15s", "scrape_interval: 1s");
    fs::write(path.join("prometheus.yml"), config).unwrap();
    fs::copy("docs/prometheus/smonitor.rules.yml", path.join("smonitor.rules.yml")).unwrap();
    let port = free_port();
    let arguments = [
        "--config.file=prometheus.yml".to_owned(),
        "--storage.tsdb.path=data".to_owned(),
        "--log.level=debug".to_owned(),
        format!("--web.listen-address=127.0.0.1:{port}"),
    ];
    let running = start(&prometheus, &arguments, path);
    let api = format!("http://127.0.0.1:{port}/api/v1");
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();

    // As Prometheus itself counts: several scrapes, each of them good.
    let count = format!("{api}/query?query=count_over_time(up%5B1m%5D)");
    until(&count, |text| {
        let value = json(text)["data"]["result"][0]["value"][1].as_str()?.parse::<u32>().ok()?;
        (value >= 7).then_some(())
    })
    .await;
    let good = get(&format!("{api}/query?query=min_over_time(up%5B1m%5D)"), "*/*").await.unwrap();
    assert_eq!(json(&good)["data"]["result"][0]["value"][1], "1");
    let targets = json(&get(&format!("{api}/targets"), "*/*").await.unwrap());
    let target = &targets["data"]["activeTargets"][0];
    assert_eq!((&target["health"], &target["lastError"]), (&"up".into(), &"".into()), "{target}");

    // What comes out is what the kernel says.
    let query = format!("{api}/query?query=node_memory_MemTotal_bytes");
    let total = json(&get(&query, "*/*").await.unwrap());
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap();
    let kilobytes: u64 = meminfo.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert_eq!(total["data"]["result"][0]["value"][1], (kilobytes * 1024).to_string());
    // A rate, made from counters of two scrapes.
    let query = format!("{api}/query?query=sum(rate(node_cpu_seconds_total%5B5s%5D))");
    let spent = json(&get(&query, "*/*").await.unwrap());
    let spent: f64 = spent["data"]["result"][0]["value"][1].as_str().unwrap().parse().unwrap();
    let processors = std::thread::available_parallelism().unwrap().get() as f64;
    assert!((processors * 0.5..processors * 1.5).contains(&spent), "{spent} of {processors} s");
    let metadata = json(&get(&format!("{api}/metadata?metric=node_load1"), "*/*").await.unwrap());
    assert_eq!(metadata["data"]["node_load1"][0]["type"], "gauge");
    // A counter's family has no `_total` in OpenMetrics: that is the form it asked for and got.
    let metadata = get(&format!("{api}/metadata?metric=node_cpu_seconds"), "*/*").await.unwrap();
    assert_eq!(json(&metadata)["data"]["node_cpu_seconds"][0]["type"], "counter");
    let rules = json(&get(&format!("{api}/rules"), "*/*").await.unwrap());
    let rules = rules["data"]["groups"][0]["rules"].as_array().unwrap();
    assert!(rules.iter().all(|rule| rule["lastError"].is_null()), "{rules:?}");

    drop(running);
    let log = fs::read_to_string(path.join("log")).unwrap();
    let complaints: Vec<_> = log
        .lines()
        .filter(|line| {
            line.contains("component=\"scrape manager\"") || line.contains("scrape_pool")
        })
        .filter(|line| !line.contains("level=info"))
        .collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

fn promtool(program: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// The names of meminfo are not ours to choose: `MemTotal` is spelled so in every dashboard.
fn is_spelled_by_the_kernel(name: &str) -> bool {
    name.starts_with("node_memory_")
}

#[tokio::test]
async fn promtool_finds_nothing_to_mend() {
    let Some(program) = program(&["promtool"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start("{}", folder.path());
    let live = get(&format!("http://{}/metrics", node.address), "text/plain").await.unwrap();
    let mut hostile = machine(SMALL);
    let Reading::Present(list) = &mut Arc::make_mut(&mut hostile.filesystems).value else {
        panic!()
    };
    list.rows[0].mount_points = vec!["/mnt/\"} 1\nup{job=\"x\\\u{0}\u{7f}é".into()];
    for text in [live, written(&hostile, AT, Format::Prometheus)] {
        let output = promtool(&program, &["check", "metrics"], &text);
        let said =
            String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap();
        let camel_case = "metric names should be written in 'snake_case' not 'camelCase'";
        for line in said.lines() {
            let (name, complaint) = line.split_once(' ').unwrap();
            assert!(is_spelled_by_the_kernel(name) && complaint == camel_case, "{line}");
        }
        let of_memory = |line: &&str| {
            let line = line.trim_start_matches("# HELP ").trim_start_matches("# TYPE ");
            is_spelled_by_the_kernel(line)
        };
        let rest: Vec<_> = text.lines().filter(|line| !of_memory(line)).collect();
        assert!(rest.len() > 100);
        let output = promtool(&program, &["check", "metrics"], &(rest.join("\n") + "\n"));
        assert!(output.status.success(), "{output:?}");
        assert_eq!((output.stdout, output.stderr), (Vec::new(), Vec::new()));
    }
}

#[test]
fn promtool_takes_the_examples() {
    let Some(program) = program(&["promtool"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "x").unwrap();
    let config = fs::read_to_string("docs/prometheus/prometheus.yml").unwrap();
    let config = config.replace("/etc/prometheus/smonitor.token", token.to_str().unwrap());
    let path = folder.path().join("prometheus.yml");
    fs::write(&path, config).unwrap();
    let rules = "docs/prometheus/smonitor.rules.yml";
    fs::copy(rules, folder.path().join("smonitor.rules.yml")).unwrap();
    for arguments in [["check", "config", path.to_str().unwrap()], ["check", "rules", rules]] {
        let output = promtool(&program, &arguments, "");
        assert!(output.status.success(), "{output:?}");
    }
    // Every name in the rules is one that can be had.
    let rules = fs::read_to_string(rules).unwrap();
    let known: BTreeSet<_> = smonitor::web::metrics::groups()
        .iter()
        .flat_map(|group| group.metrics.iter().map(|metric| metric.name))
        .collect();
    let words = rules.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let named = words.filter(|word| word.starts_with("node_") || word.starts_with("smonitor_"));
    let named: BTreeSet<_> = named.filter(|name| *name != "smonitor_").collect();
    assert!(named.len() >= 4 && named.is_subset(&known), "{named:?}");
}

/// Where we and node_exporter differ on purpose: metric, and what may differ. docs/metrics.md says
/// why, and names each of them.
const DIFFERENCES: [(&str, Difference); 29] = [
    ("node_procs_running", Difference::Value),
    ("node_procs_blocked", Difference::Value),
    ("node_time_seconds", Difference::Value),
    ("node_filesystem_size_bytes", Difference::Series),
    ("node_filesystem_free_bytes", Difference::Series),
    ("node_filesystem_avail_bytes", Difference::Series),
    ("node_filesystem_files", Difference::Series),
    ("node_filesystem_files_free", Difference::Series),
    ("node_filesystem_readonly", Difference::Series),
    ("node_filesystem_device_error", Difference::Series),
    ("node_disk_read_bytes_total", Difference::Series),
    ("node_disk_written_bytes_total", Difference::Series),
    ("node_disk_reads_completed_total", Difference::Series),
    ("node_disk_writes_completed_total", Difference::Series),
    ("node_disk_read_time_seconds_total", Difference::Series),
    ("node_disk_write_time_seconds_total", Difference::Series),
    ("node_disk_io_time_seconds_total", Difference::Series),
    ("node_network_receive_bytes_total", Difference::Series),
    ("node_network_receive_packets_total", Difference::Series),
    ("node_network_receive_errs_total", Difference::Series),
    ("node_network_receive_drop_total", Difference::Series),
    ("node_network_transmit_bytes_total", Difference::Series),
    ("node_network_transmit_packets_total", Difference::Series),
    ("node_network_transmit_errs_total", Difference::Series),
    ("node_network_transmit_drop_total", Difference::Series),
    ("node_network_speed_bytes", Difference::Series),
    ("node_tcp_connection_states", Difference::Series),
    ("node_timex_estimated_error_seconds", Difference::Series),
    ("node_timex_maxerror_seconds", Difference::Series),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Difference {
    /// Not the same series: those that both have are compared.
    Series,
    /// Changes too fast to compare.
    Value,
}

fn difference(metric: &str) -> Option<Difference> {
    DIFFERENCES.iter().find(|(name, _)| *name == metric).map(|(_, difference)| *difference)
}

/// What still was not equal in any attempt.
type Unequal = BTreeMap<(String, Labels), String>;

/// Our values lie between two of node_exporter's, one read before and one after: the same numbers
/// where nothing changed meanwhile, with no tolerance but for how a computer rounds.
fn compare(before: &Scrape, ours: &Scrape, after: &Scrape) -> Unequal {
    let mut unequal = Unequal::new();
    for (name, series) in ours.samples.iter().filter(|(name, _)| name.starts_with("node_")) {
        let Some(theirs) = before.samples.get(name) else { continue };
        assert_eq!(ours.kinds[name], before.kinds[name], "type of {name}");
        let series_differ = difference(name) == Some(Difference::Series);
        let labels = |of: &BTreeMap<Labels, f64>| of.keys().cloned().collect::<BTreeSet<_>>();
        if !series_differ {
            assert_eq!(labels(series), labels(theirs), "series of {name}");
        }
        let in_common = labels(series).intersection(&labels(theirs)).count();
        assert!(in_common > 0, "no series of {name} in common: {series:?} {theirs:?}");
        if difference(name) == Some(Difference::Value) {
            continue;
        }
        for (labels, value) in series {
            let pair = (theirs.get(labels), after.samples[name].get(labels));
            let (Some(earlier), Some(later)) = pair else { continue };
            let (low, high) = (earlier.min(*later), earlier.max(*later));
            // It multiplies milliseconds by 0.001, which is off in the last bits.
            let last_bits = high.abs() * f64::EPSILON * 2.0;
            if !(low - last_bits..=high + last_bits).contains(value) {
                let why = format!("{value} is not between {earlier} and {later}");
                unequal.insert((name.clone(), labels.clone()), why);
            }
        }
    }
    unequal
}

#[tokio::test]
async fn node_exporter_says_the_same() {
    let names = ["prometheus-node-exporter", "node_exporter"];
    let Some(exporter) = program(&names) else { return };
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let arguments = [
        format!("--web.listen-address=127.0.0.1:{port}"),
        "--collector.tcpstat".to_owned(),
        "--collector.meminfo_numa".to_owned(),
    ];
    let _running = start(&exporter, &arguments, folder.path());
    let theirs = format!("http://127.0.0.1:{port}/metrics");
    until(&theirs, |text| text.contains("node_load1").then_some(())).await;
    let node = Node::start(r#"{"monitor": {"interval": 0.5}}"#, folder.path());
    let ours = format!("http://{}/metrics", node.address);
    let scrape = async |url: &str| Scrape::read(&get(url, "text/plain").await.unwrap());

    let mut unequal: Option<Unequal> = None;
    let mut shared = BTreeSet::new();
    for attempt in 0..20 {
        let before = scrape(&theirs).await;
        let own = scrape(&ours).await;
        let after = scrape(&theirs).await;
        if attempt == 0 {
            shared = own.names().intersection(&before.names()).map(|s| (*s).to_owned()).collect();
            let only_ours: Vec<_> = own
                .names()
                .into_iter()
                .filter(|name| name.starts_with("node_") && !before.names().contains(name))
                .collect();
            assert!(only_ours.is_empty(), "it has no {only_ours:?}: a name of our own is better");
        }
        let now = compare(&before, &own, &after);
        // What was equal once is equal: the machine may have changed its mind in between.
        let left = match unequal.take() {
            None => now,
            Some(earlier) => now.into_iter().filter(|(key, _)| earlier.contains_key(key)).collect(),
        };
        if left.is_empty() {
            unequal = Some(left);
            break;
        }
        unequal = Some(left);
        // Until our values are old enough to be read anew.
        sleep(Duration::from_millis(600)).await;
    }
    let unequal = unequal.unwrap();
    assert!(unequal.is_empty(), "{unequal:#?}");
    assert!(shared.len() >= 60, "only {} in common: {shared:?}", shared.len());
    println!("{} metrics in common", shared.len());
}

#[test]
fn every_difference_is_explained() {
    let page = fs::read_to_string("docs/metrics.md").unwrap();
    let (_, differences) = page.split_once("\n## Differences").expect("a chapter on differences");
    for (name, _) in DIFFERENCES {
        let family = name.trim_start_matches("node_").split('_').next().unwrap();
        let named = differences.contains(&format!("`{name}`"))
            || differences.contains(&format!("`node_{family}_*`"));
        assert!(named, "docs/metrics.md does not explain the difference of {name}");
    }
}
