//! Settings: what users are told about a config that is wrong, and which layer wins.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use smonitor::config::{
    self, AuthMode, Config, Faults, Loaded, Origin, Overrides, Surroundings, TlsMode,
};
use smonitor::model::Role;
use smonitor::model::wire::Mode;

use crate::generated;

/// A process that was started in `folder` with these variables.
fn surroundings(folder: &Path, variables: &[(&str, &str)]) -> Surroundings {
    Surroundings {
        variables: variables.iter().map(|(name, value)| (name.into(), value.into())).collect(),
        working_directory: folder.to_owned(),
        home: Some(PathBuf::from("/home/somebody")),
        is_root: false,
        kept: None,
    }
}

fn corpus(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new("tests/fixtures/config").join(kind);
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn load_file(path: &Path) -> Result<Loaded, Faults> {
    let overrides = Overrides { config: Some(path.to_owned()), ..Overrides::default() };
    config::load(&overrides, &surroundings(Path::new(""), &[]))
}

/// Loads a config text from a folder of its own, with variables and flags.
fn load_text(
    text: &str,
    variables: &[(&str, &str)],
    overrides: &Overrides,
) -> Result<Loaded, Faults> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.json"), text).unwrap();
    config::load(overrides, &surroundings(folder.path(), variables))
}

fn config_of(text: &str) -> Config {
    load_text(text, &[], &Overrides::default()).unwrap().config
}

fn faults_of(text: &str, variables: &[(&str, &str)]) -> String {
    load_text(text, variables, &Overrides::default()).unwrap_err().to_string()
}

#[test]
fn every_bad_config_says_what_is_wrong() {
    for path in corpus("bad") {
        let faults = load_file(&path).expect_err(&path.display().to_string());
        generated::assert_file(&path.with_extension("expected"), &format!("{faults}\n"));
    }
}

#[test]
fn every_good_config_loads() {
    for path in corpus("good") {
        let loaded = load_file(&path).unwrap_or_else(|f| panic!("{}: {f}", path.display()));
        let said: String = loaded
            .notices
            .iter()
            .map(|notice| format!("notice: {notice}\n"))
            .chain(loaded.warnings.iter().map(|warning| format!("warning: {warning}\n")))
            .collect();
        generated::assert_file(&path.with_extension("expected"), &said);
    }
}

#[test]
fn the_shipped_examples_load() {
    for (name, mode) in [("config_node.json", Mode::Node), ("config_app.json", Mode::App)] {
        let loaded = load_file(Path::new(name)).unwrap();
        assert_eq!(loaded.config.monitor.mode, mode, "{name}");
        assert_eq!(loaded.warnings, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn without_anything_the_defaults_apply_and_one_line_names_the_examples() {
    let folder = tempfile::tempdir().unwrap();
    let loaded = config::load(&Overrides::default(), &surroundings(folder.path(), &[])).unwrap();
    let config = &loaded.config;
    assert_eq!(config.server.host.to_string(), "127.0.0.1");
    assert_eq!(config.server.port, 8999);
    assert_eq!(config.server.base_path, "/");
    assert_eq!(config.monitor.mode, Mode::Node);
    assert_eq!(config.monitor.interval, Duration::from_secs(2));
    assert_eq!(config.monitor.linger, Duration::from_secs(30));
    assert_eq!(config.auth.mode, AuthMode::Auto);
    assert_eq!(config.auth.role, Role::Member);
    assert_eq!(config.limits.viewers, 2000);
    assert!(!config.needs_token() && config.log.access);
    let [notice] = &loaded.notices[..] else { panic!("{:?}", loaded.notices) };
    assert!(notice.contains("config_node.json") && notice.contains("config_app.json"), "{notice}");
    assert!(Path::new("config_node.json").exists() && Path::new("config_app.json").exists());
    assert!(loaded.effective.iter().all(|one| one.origin == Origin::Default));
}

#[test]
fn a_named_file_has_to_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let overrides = Overrides { config: Some("not-there.json".into()), ..Overrides::default() };
    let faults = config::load(&overrides, &surroundings(folder.path(), &[])).unwrap_err();
    assert!(faults.to_string().starts_with("not-there.json: there is no such file"), "{faults}");
    let named = [("SMONITOR_CONFIG", "not-there-either.json")];
    let faults =
        config::load(&Overrides::default(), &surroundings(folder.path(), &named)).unwrap_err();
    assert!(faults.to_string().starts_with("not-there-either.json: "), "{faults}");
    let overrides = Overrides { config: Some(".".into()), ..Overrides::default() };
    let faults = config::load(&overrides, &surroundings(folder.path(), &[])).unwrap_err();
    assert!(faults.to_string().starts_with(".: cannot be read"), "{faults}");
}

#[test]
fn a_huge_file_is_no_config() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{{\"monitor\": {{}}}}{}", " ".repeat(1 << 20));
    fs::write(folder.path().join("config.json"), text).unwrap();
    let faults =
        config::load(&Overrides::default(), &surroundings(folder.path(), &[])).unwrap_err();
    assert!(faults.to_string().contains("larger than 1024 KiB"), "{faults}");
}

#[test]
fn file_beats_default_environment_beats_file_flag_beats_environment() {
    let file = r#"{"server": {"port": 1001, "host": "::1"}, "log": {"level": "warn"}}"#;
    let variables = [("SMONITOR_SERVER_PORT", "1002"), ("SMONITOR_LOG_LEVEL", "debug")];
    let flags = Overrides { port: Some(1003), disable_log: true, ..Overrides::default() };
    let port = |variables: &[(&str, &str)], flags: &Overrides| {
        load_text(file, variables, flags).unwrap().config.server.port
    };
    assert_eq!(port(&[], &Overrides::default()), 1001);
    assert_eq!(port(&variables, &Overrides::default()), 1002);
    assert_eq!(port(&variables, &flags), 1003);

    let loaded = load_text(file, &variables, &flags).unwrap();
    assert!(!loaded.config.log.access);
    let origin = |path: &str| {
        let one = loaded.effective.iter().find(|one| one.path == path).unwrap();
        (one.value.clone(), one.origin.to_string())
    };
    assert_eq!(origin("server.port"), (json!(1003), "flag --port".to_owned()));
    assert_eq!(origin("server.host"), (json!("::1"), "config.json:1".to_owned()));
    assert_eq!(origin("log.level"), (json!("debug"), "environment SMONITOR_LOG_LEVEL".to_owned()));
    assert_eq!(origin("monitor.mode"), (json!("node"), "default".to_owned()));
    assert_eq!(
        origin("state_dir"),
        (json!("/home/somebody/.local/state/smonitor"), "default".to_owned())
    );
}

#[test]
fn a_fault_that_a_stronger_layer_hides_is_still_told() {
    let file = r#"{"server": {"port": "x"}}"#;
    let flags = Overrides { port: Some(1), ..Overrides::default() };
    let faults = load_text(file, &[("SMONITOR_SERVER_PORT", "y")], &flags).unwrap_err();
    assert_eq!(faults.0.len(), 2, "{faults}");
}

#[test]
fn every_setting_has_a_variable() {
    let samples = [
        ("SMONITOR_SERVER_HOST", "0.0.0.0"),
        ("SMONITOR_SERVER_PORT", " 9000 "),
        ("SMONITOR_SERVER_BEHIND_PROXY", "yes"),
        ("SMONITOR_SERVER_TRUSTED_PROXIES", "10.0.0.0/8, ::1 ,"),
        ("SMONITOR_SERVER_BASE_PATH", "/x/"),
        ("SMONITOR_SERVER_ALLOWED_HOSTS", ""),
        ("SMONITOR_SERVER_PUBLIC_URL", ""),
        ("SMONITOR_SERVER_ALLOW", "10.0.0.0/8,::1"),
        ("SMONITOR_SERVER_TLS_MODE", "self_signed"),
        ("SMONITOR_SERVER_TLS_CERTIFICATE", "tls/cert.pem"),
        ("SMONITOR_SERVER_TLS_KEY", "tls/key.pem"),
        ("SMONITOR_MONITOR_MODE", "app"),
        ("SMONITOR_MONITOR_SITE_NAME", "实验室"),
        ("SMONITOR_MONITOR_INTERVAL", "0.5"),
        ("SMONITOR_MONITOR_PROCESS_INTERVAL", "10"),
        ("SMONITOR_MONITOR_LINGER", "0"),
        ("SMONITOR_MONITOR_HOST_GROUPS", r#"[{"name": "a", "hosts": []}]"#),
        ("SMONITOR_MONITOR_HOSTS_FILE", ""),
        ("SMONITOR_MONITOR_IDLE_INTERVAL", "30"),
        ("SMONITOR_MONITOR_DOWN_AFTER", "90"),
        ("SMONITOR_GPU_TRACK_STATES", "no"),
        ("SMONITOR_GPU_WAKE", "true"),
        ("SMONITOR_GPU_LIBRARY", "/opt/driver/libnvidia-ml.so.1"),
        ("SMONITOR_CONTAINERS_ENGINES", "unix:///run/docker.sock, tcp://127.0.0.1:2375"),
        ("SMONITOR_AUTH_MODE", "token"),
        ("SMONITOR_AUTH_ROLE", "admin"),
        ("SMONITOR_PEER_ALLOW", "10.0.0.1"),
        ("SMONITOR_PEER_ALLOW_PLAIN", "yes"),
        ("SMONITOR_PEER_KEYS", r#"[{"name": "lab", "key": "smk_0123456789abcdef"}]"#),
        ("SMONITOR_STATE_DIR", "here"),
        ("SMONITOR_LOG_ACCESS", "OFF"),
        ("SMONITOR_LOG_LEVEL", "trace"),
        ("SMONITOR_LOG_FORMAT", "json"),
        ("SMONITOR_LIMITS_VIEWERS", "1"),
        ("SMONITOR_LIMITS_VIEWERS_PER_ADDRESS", "2"),
        ("SMONITOR_LIMITS_SUBSCRIPTIONS_PER_VIEWER", "3"),
        ("SMONITOR_SANDBOX_MODE", "require"),
        ("SMONITOR_MANAGER_MODE", "supervisor"),
        ("SMONITOR_MANAGER_HOST", "::"),
        ("SMONITOR_MANAGER_PORT", "0"),
        ("SMONITOR_HISTORY_ENABLED", "1"),
    ];
    let named: Vec<_> = config::table::KEYS.iter().map(config::table::Key::variable).collect();
    assert_eq!(named, samples.map(|(name, _)| name.to_owned()));

    let folder = tempfile::tempdir().unwrap();
    let loaded = config::load(&Overrides::default(), &surroundings(folder.path(), &samples));
    let loaded = loaded.unwrap();
    assert!(loaded.effective.iter().all(|one| matches!(one.origin, Origin::Environment { .. })));
    let config = loaded.config;
    assert!(config.server.behind_proxy && !config.log.access);
    assert_eq!(config.server.port, 9000);
    let networks: Vec<_> = config.server.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(networks, ["10.0.0.0/8", "::1/128"]);
    assert_eq!(config.server.public_url, None);
    assert_eq!(config.monitor.interval, Duration::from_millis(500));
    assert_eq!(config.monitor.host_groups[0].name, "a");
    assert_eq!(config.state_dir, folder.path().join("here"));
    assert_eq!(config.limits.subscriptions_per_viewer, 3);
    assert_eq!(config.server.tls.mode, TlsMode::SelfSigned);
    assert_eq!(config.server.tls.certificate, Some(folder.path().join("tls/cert.pem")));
    assert_eq!(config.server.allow.len(), 2);
    assert_eq!(config.monitor.down_after, Duration::from_secs(90));
    assert_eq!(config.peer.keys[0].key.reveal(), "smk_0123456789abcdef");
    assert!(!format!("{config:?} {:?}", loaded.effective).contains("smk_0123"));
}

#[test]
fn variables_that_are_wrong_are_told_all_at_once() {
    let faults = faults_of(
        "{}",
        &[
            ("SMONITOR_SERVER_PORT", "many"),
            ("SMONITOR_SERVER_BEHIND_PROXY", ""),
            ("SMONITOR_SERVER_TRUSTED_PROXIES", "10.0.0.0/8,proxy"),
            ("SMONITOR_MONITOR_INTERVAL", "inf"),
            ("SMONITOR_MONITOR_HOST_GROUPS", "gpu-01"),
            ("SMONITOR_SERVER_PROT", "1"),
            ("SMONITOR_PORT", "1"),
            ("SMONITOR_COLOUR", "red"),
        ],
    );
    insta_like(
        &faults,
        r#"
environment SMONITOR_COLOUR: there is no such setting; docs/configuration.md lists all
monitor.host_groups (environment SMONITOR_MONITOR_HOST_GROUPS): wanted a list of objects with name, port, hosts, patterns, got something else
monitor.interval (environment SMONITOR_MONITOR_INTERVAL): wanted a number of seconds from 0.5 to 3600, got "inf"
environment SMONITOR_PORT: there is no such setting; did you mean SMONITOR_SERVER_PORT?
server.behind_proxy (environment SMONITOR_SERVER_BEHIND_PROXY): wanted true or false, got ""
server.port (environment SMONITOR_SERVER_PORT): wanted a whole number from 0 to 65535, got "many"
environment SMONITOR_SERVER_PROT: there is no such setting; did you mean SMONITOR_SERVER_PORT?
server.trusted_proxies[1] (environment SMONITOR_SERVER_TRUSTED_PROXIES): wanted an IP address or a range like "10.0.0.0/8", got "proxy"
"#,
    );
}

fn insta_like(given: &str, wanted: &str) {
    assert_eq!(given.trim(), wanted.trim(), "\n{given}\n");
}

#[test]
fn variables_of_others_are_left_alone() {
    let others = [
        ("SMONITOR_INTERNAL_SKIP_PAGE", "1"),
        ("SMONITOR_BIN", "target/release/smonitor"),
        ("SMONITOR_SERVICE_HOST", "10.0.0.1"),
        ("SMONITOR_PORT", "tcp://10.0.0.1:8999"),
        ("SMONITOR_PORT_8999_TCP_ADDR", "10.0.0.1"),
        ("SMONITORING", "x"),
        ("PATH", "/bin"),
    ];
    load_text("{}", &others, &Overrides::default()).unwrap();
}

#[test]
fn a_variable_that_is_no_text_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut around = surroundings(folder.path(), &[]);
    around.variables.push(("SMONITOR_STATE_DIR".into(), OsString::from_vec(vec![b'/', 0xff])));
    let faults = config::load(&Overrides::default(), &around).unwrap_err();
    assert!(faults.to_string().contains("not UTF-8"), "{faults}");
}

#[test]
fn a_token_is_needed_wherever_others_can_reach() {
    for (host, behind_proxy, mode, needed) in [
        ("127.0.0.1", false, "auto", false),
        ("127.8.8.8", false, "auto", false),
        ("localhost", false, "auto", false),
        ("::1", false, "auto", false),
        ("::ffff:127.0.0.1", false, "auto", false),
        ("0.0.0.0", false, "auto", true),
        ("::", false, "auto", true),
        ("10.0.0.5", false, "auto", true),
        ("127.0.0.1", true, "auto", true),
        ("::1", true, "auto", true),
        ("127.0.0.1", false, "token", true),
        ("0.0.0.0", false, "none", false),
        ("127.0.0.1", true, "none", false),
    ] {
        let text = json!({
            "server": {"host": host, "behind_proxy": behind_proxy}, "auth": {"mode": mode}
        });
        let loaded = load_text(&text.to_string(), &[], &Overrides::default()).unwrap();
        assert_eq!(loaded.config.needs_token(), needed, "{text}");
        // Going without where others can reach has to be written out, and is warned of.
        let warned = loaded.warnings.iter().any(|warning| warning.contains("auth.mode"));
        assert_eq!(warned, loaded.config.is_published() && mode == "none", "{text}");
    }
}

#[test]
fn state_goes_where_the_system_wants_it() {
    let folder = tempfile::tempdir().unwrap();
    let of = |around: &Surroundings| {
        config::load(&Overrides::default(), around).map(|loaded| loaded.config.state_dir)
    };
    let plain = surroundings(folder.path(), &[]);
    assert_eq!(of(&plain).unwrap(), Path::new("/home/somebody/.local/state/smonitor"));
    let root = Surroundings { is_root: true, ..plain.clone() };
    assert_eq!(of(&root).unwrap(), Path::new("/var/lib/smonitor"));
    let xdg = surroundings(folder.path(), &[("XDG_STATE_HOME", "/srv/state"), ("HOME", "/h")]);
    assert_eq!(of(&xdg).unwrap(), Path::new("/srv/state/smonitor"));
    let relative = surroundings(folder.path(), &[("XDG_STATE_HOME", "state"), ("HOME", "/h")]);
    assert_eq!(of(&relative).unwrap(), Path::new("/h/.local/state/smonitor"));
    // An app has another one than a node beside it.
    let app = |around: &Surroundings| {
        let overrides = Overrides { mode: Some("app"), ..Overrides::default() };
        config::load(&overrides, around).map(|loaded| loaded.config.state_dir)
    };
    assert_eq!(app(&plain).unwrap(), Path::new("/home/somebody/.local/state/smonitor-app"));
    assert_eq!(app(&root).unwrap(), Path::new("/var/lib/smonitor-app"));
    assert_eq!(app(&xdg).unwrap(), Path::new("/srv/state/smonitor-app"));
    let nobody = Surroundings { home: None, ..plain };
    assert!(of(&nobody).unwrap_err().to_string().contains("--state-dir"));

    // From the file's folder if the file says it, from where we are if a flag does.
    fs::create_dir(folder.path().join("etc")).unwrap();
    fs::write(folder.path().join("etc/c.json"), r#"{"state_dir": "state"}"#).unwrap();
    let mut flags = Overrides { config: Some("etc/c.json".into()), ..Overrides::default() };
    let around = surroundings(folder.path(), &[]);
    let loaded = config::load(&flags, &around).unwrap();
    assert_eq!(loaded.config.state_dir, folder.path().join("etc/state"));
    flags.state_dir = Some("state".into());
    let loaded = config::load(&flags, &around).unwrap();
    assert_eq!(loaded.config.state_dir, folder.path().join("state"));
}

#[test]
fn state_that_others_can_read_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "x").unwrap();
    let warnings = |mode| {
        fs::set_permissions(&token, fs::Permissions::from_mode(mode)).unwrap();
        let flags = Overrides { state_dir: Some(folder.path().into()), ..Overrides::default() };
        config::load(&flags, &surroundings(folder.path(), &[])).unwrap().warnings
    };
    assert_eq!(warnings(0o600), Vec::<String>::new());
    let [warning] = &warnings(0o644)[..] else { panic!() };
    assert!(
        warning.contains(token.to_str().unwrap()) && warning.contains("chmod 600"),
        "{warning}"
    );
}

#[test]
fn the_revision_follows_what_the_page_shows() {
    let base = config_of("{}").revision();
    assert_eq!(base.len(), 12);
    assert_eq!(base, config_of(r#"{"log": {"level": "trace"}}"#).revision());
    for changed in [
        r#"{"monitor": {"site_name": "x"}}"#,
        r#"{"monitor": {"interval": 3}}"#,
        r#"{"monitor": {"process_interval": 3}}"#,
        r#"{"monitor": {"mode": "app"}}"#,
        r#"{"auth": {"mode": "token"}}"#,
        r#"{"server": {"base_path": "/x/"}}"#,
        r#"{"auth": {"role": "guest"}}"#,
    ] {
        assert_ne!(base, config_of(changed).revision(), "{changed}");
    }
}

#[test]
fn texts_arrive_in_one_form() {
    let config = config_of(
        r#"{"server": {"allowed_hosts": ["GPU.Example"], "public_url": "http://a/b", "host": "[::1]"}}"#,
    );
    assert_eq!(config.server.allowed_hosts, ["gpu.example"]);
    assert_eq!(config.server.public_url.as_deref(), Some("http://a/b/"));
    assert_eq!(config.server.host.to_string(), "::1");
}

#[test]
fn what_was_right_is_used_again_whatever_became_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.json");
    fs::write(&file, r#"{"monitor": {"site_name": "kept"}}"#).unwrap();
    let overrides = Overrides { config: Some(file.clone()), ..Overrides::default() };
    let around = surroundings(folder.path(), &[]);
    let first = config::load(&overrides, &around).unwrap();
    let kept = Some(config::KeptFile::from_bytes(&first.kept.to_bytes()));
    assert_eq!(kept.as_ref(), Some(&first.kept));
    let again = Surroundings { kept, ..around.clone() };
    for damage in [Some("{half"), Some(r#"{"monitor": {"site_name": "new"}}"#), None] {
        match damage {
            Some(text) => fs::write(&file, text).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        let loaded = config::load(&overrides, &again).unwrap();
        assert_eq!(loaded.config, first.config, "{damage:?}");
    }
    // Where there was none, one that came later is not looked at.
    fs::write(&file, "{half").unwrap();
    let none = config::KeptFile::from_bytes(&[]);
    assert_eq!(none, config::KeptFile::default());
    let again = Surroundings { kept: Some(none), ..around };
    let loaded = config::load(&Overrides::default(), &again).unwrap();
    assert_eq!(loaded.config.monitor.site_name, "smonitor");
}

#[test]
fn what_is_not_used_yet_is_named_once() {
    let text = r#"{"history": {"enabled": true}, "monitor": {"interval": 3}}"#;
    let loaded = load_text(text, &[], &Overrides::default()).unwrap();
    let [notice] = &loaded.notices[..] else { panic!("{:?}", loaded.notices) };
    assert!(notice.contains("history.enabled") && !notice.contains("monitor"), "{notice}");
}

#[test]
fn a_file_of_hosts_is_kept_with_the_settings() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("etc")).unwrap();
    let hosts = folder.path().join("etc/lab.txt");
    fs::write(folder.path().join("etc/c.json"), r#"{"monitor": {"hosts_file": "lab.txt"}}"#)
        .unwrap();
    fs::write(&hosts, "gpu-01\ngpu[02-03]:9000 # new\n").unwrap();
    let overrides = Overrides { config: Some("etc/c.json".into()), ..Overrides::default() };
    let around = surroundings(folder.path(), &[]);
    let first = config::load(&overrides, &around).unwrap();
    let [group] = &first.config.monitor.host_groups[..] else { panic!() };
    let named: Vec<_> = group.hosts.iter().map(|host| (host.name.as_str(), host.port)).collect();
    assert_eq!(group.name, "lab");
    assert_eq!(named, [("gpu-01", 8999), ("gpu02", 9000), ("gpu03", 9000)]);
    // What was right is used again by who comes after, whatever became of the file.
    fs::write(&hosts, "not a host\n").unwrap();
    let faults = config::load(&overrides, &around).unwrap_err().to_string();
    assert!(faults.contains("etc/lab.txt:1: wanted a node"), "{faults}");
    let kept = Some(config::KeptFile::from_bytes(&first.kept.to_bytes()));
    assert_eq!(kept.as_ref(), Some(&first.kept));
    let again = Surroundings { kept, ..around.clone() };
    assert_eq!(config::load(&overrides, &again).unwrap().config, first.config);
    fs::remove_file(&hosts).unwrap();
    let faults = config::load(&overrides, &around).unwrap_err().to_string();
    assert!(
        faults.starts_with("monitor.hosts_file (") && faults.contains("cannot be read"),
        "{faults}"
    );
}

#[test]
fn keys_are_in_no_output() {
    let text = r#"{"monitor": {"mode": "app", "host_groups": [{"name": "a", "hosts": [
        {"name": "x", "key": "smk_hunter2-hunter2"}, {"name": "y", "key": "smk_hunter2-hunter2"}
    ]}]}, "peer": {"keys": [{"name": "z", "key": "smk_hunter2-hunter2"}]}}"#;
    let loaded = load_text(text, &[], &Overrides::default()).unwrap();
    assert_eq!(
        loaded.config.monitor.host_groups[0].hosts[0].key.as_ref().unwrap().reveal(),
        "smk_hunter2-hunter2"
    );
    let said =
        format!("{:?}", (&loaded.config, &loaded.effective, &loaded.warnings, &loaded.notices));
    assert!(!said.contains("hunter2") && said.contains("***"), "{said}");
    for wanted in ["chmod 600", "share their key", "without TLS"] {
        assert!(loaded.warnings.iter().any(|warning| warning.contains(wanted)), "{wanted}: {said}");
    }
}

/// JSON that looks like a config often enough to get deep into the checks.
fn any_json() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        Just("server".to_owned()),
        Just("monitor".to_owned()),
        Just("port".to_owned()),
        Just("host".to_owned()),
        Just("host_groups".to_owned()),
        Just("hosts".to_owned()),
        Just("name".to_owned()),
        Just("interval".to_owned()),
        Just("trusted_proxies".to_owned()),
        Just("public_url".to_owned()),
        Just("state_dir".to_owned()),
        ".{0,12}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0_u32..70_000).prop_map(Value::from),
        word.clone().prop_map(Value::from),
        "[0-9a-f:./]{0,20}".prop_map(Value::from),
        "https?://[a-z:/.@0-9\\[\\]]{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_json_makes_it_panic(value in any_json()) {
        let result = load_text(&value.to_string(), &[], &Overrides::default());
        if let Err(faults) = result {
            prop_assert!(!faults.0.is_empty());
            prop_assert!(!faults.to_string().contains("disagree"), "{}", faults);
            prop_assert!(!faults.to_string().chars().any(|c| c.is_control() && c != '\n'));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("config.json"), bytes).unwrap();
        let _ = config::load(&Overrides::default(), &surroundings(folder.path(), &[]));
    }

    #[test]
    fn nearly_json_is_explained_without_panic(text in r#"[{}\[\],:"'/#NaT\\truefalsnull0-9. \n-]{0,60}"#) {
        let _ = load_text(&text, &[], &Overrides::default());
    }

    #[test]
    fn no_variable_makes_it_panic(
        index in 0..config::table::KEYS.len(),
        text in "[^\\x00]{0,40}|[0-9.,:/-]{0,20}|[\\[{\\]}\",a-z:]{0,30}"
    ) {
        let name = config::table::KEYS[index].variable();
        let _ = load_text("{}", &[(&name, &text)], &Overrides::default());
    }
}
