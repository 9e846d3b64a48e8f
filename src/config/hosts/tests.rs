use super::*;

fn groups(json: &str) -> Vec<WrittenGroup> {
    serde_json::from_str(json).unwrap()
}

fn host(fields: &str) -> String {
    let nothing = r#""address": null, "port": null, "key": null, "fingerprint": null,
        "maintenance": null, "display_name": null"#;
    let mut object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&format!("{{{nothing}}}")).unwrap();
    let given: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&format!("{{{fields}}}")).unwrap();
    object.extend(given);
    serde_json::to_string(&object).unwrap()
}

fn group(name: &str, hosts: &[&str], patterns: &[&str]) -> String {
    let hosts: Vec<_> = hosts.iter().map(|fields| host(fields)).collect();
    format!(
        r#"{{"name": {name:?}, "port": null, "hosts": [{}], "patterns": {patterns:?}}}"#,
        hosts.join(",")
    )
}

fn expanded(json: &[String], file: Option<&str>) -> Result<Vec<HostGroup>, Vec<String>> {
    let mut faults = Vec::new();
    let path = Path::new("etc/lab.txt");
    let file = file.map(|text| HostsFile { path, bytes: text.as_bytes() });
    let all = expand(groups(&format!("[{}]", json.join(","))), file, &mut faults);
    if faults.is_empty() { Ok(all) } else { Err(faults.iter().map(ToString::to_string).collect()) }
}

fn told(groups: &[HostGroup]) -> Vec<String> {
    let of = |group: &HostGroup| {
        let host = |host: &GroupHost| {
            format!("{}/{}={}:{} {}", group.name, host.name, host.address, host.port, host.id)
        };
        group.hosts.iter().map(host).collect::<Vec<_>>()
    };
    groups.iter().flat_map(of).collect()
}

#[test]
fn names_and_addresses_count_together() {
    let lab = group(
        "lab",
        &[
            r#""name": "GPU[01-02]", "address": "10.0.0.[11-12]", "port": 9000,
               "display_name": "Rack [1-2]", "maintenance": "fans""#,
            r#""name": "six", "address": "fd00::6""#,
        ],
        &["n[1-2].lab:7000", "[fd00::1]:7001", "fd00::2"],
    )
    .replace(r#""lab", "port": null"#, r#""lab", "port": 8000"#);
    let all = expanded(&[lab], None).unwrap();
    assert_eq!(
        told(&all),
        [
            "lab/GPU01=10.0.0.11:9000 gpu01",
            "lab/GPU02=10.0.0.12:9000 gpu02",
            "lab/six=fd00::6:8000 six",
            "lab/n1.lab=n1.lab:7000 n1.lab",
            "lab/n2.lab=n2.lab:7000 n2.lab",
            "lab/fd00::1=fd00::1:7001 fd00--1",
            "lab/fd00::2=fd00::2:8000 fd00--2",
        ]
    );
    let shown: Vec<_> = all[0].hosts.iter().map(|host| host.display_name.as_deref()).collect();
    assert_eq!(shown[..3], [Some("Rack 1"), Some("Rack 2"), None]);
    assert_eq!(all[0].hosts[1].maintenance.as_deref(), Some("fans"));
}

#[test]
fn a_file_is_a_node_a_line() {
    let text = "\u{feff}# the lab\r\n\r\ngpu-01\r\n  gpu-02:9000   # slow\r\n#gpu-03\n[fd00::1]:8999\ngpu[04-05]";
    let wanted = [
        "lab/gpu-01=gpu-01:8999 gpu-01",
        "lab/gpu-02=gpu-02:9000 gpu-02",
        "lab/fd00::1=fd00::1:8999 fd00--1",
        "lab/gpu04=gpu04:8999 gpu04",
        "lab/gpu05=gpu05:8999 gpu05",
    ];
    assert_eq!(told(&expanded(&[], Some(text)).unwrap()), wanted);
    // Into the group of its name, wherever that was written.
    let groups = [group("lab", &[r#""name": "first""#], &[]), group("other", &[], &["x"])];
    let all = told(&expanded(&groups, Some(text)).unwrap());
    assert_eq!(all[..2], ["other/x=x:8999 x", "lab/first=first:8999 first"]);
    assert_eq!(all[2..], wanted);
}

#[test]
fn a_bad_line_is_named_and_the_others_are_told_too() {
    let faults =
        expanded(&[], Some("ok\nhttp://gpu-01\n\ngpu-02:0\ngpu-03:x\ngpu[3-1]\na b\n:8999\n"));
    let faults = faults.unwrap_err();
    let lines: Vec<_> = faults.iter().map(|fault| &fault[..13]).collect();
    let wanted = [
        "etc/lab.txt:2",
        "etc/lab.txt:4",
        "etc/lab.txt:5",
        "etc/lab.txt:6",
        "etc/lab.txt:7",
        "etc/lab.txt:8",
    ];
    assert_eq!(lines, wanted, "{faults:#?}");
    assert!(faults[3].ends_with("the range [3-1] ends before it begins"), "{}", faults[3]);
    let large = format!("#{}", "x".repeat(MAX_BYTES));
    let faults = expanded(&[], Some(&large)).unwrap_err();
    assert!(faults[0].contains("larger than 1024 KiB"), "{faults:?}");
}

#[test]
fn nobody_is_there_twice() {
    let two = |first: &str, second: &str| {
        expanded(&[group("a", &[first], &[]), group("b", &[second], &[])], None).unwrap_err()
    };
    let faults = two(r#""name": "GPU 1", "address": "x""#, r#""name": "gpu-1""#);
    assert_eq!(
        faults,
        [
            r#"monitor.host_groups[1].hosts[0]: "gpu-1" would have the same id, gpu-1, as "GPU 1" (monitor.host_groups[0].hosts[0]); give each host a name of its own"#
        ]
    );
    let faults = two(r#""name": "x", "address": "LAB""#, r#""name": "y", "address": "lab""#);
    assert_eq!(
        faults,
        [
            r#"monitor.host_groups[1].hosts[0]: "y" has the same address and port, lab:8999, as "x" (monitor.host_groups[0].hosts[0]); keep one"#
        ]
    );
    let faults = expanded(&[group("a", &[], &["n[1-3,2]"])], None).unwrap_err();
    assert!(faults[0].contains(r#"as "n2" of the same"#), "{faults:?}");
    let faults = expanded(&[group("a", &[], &["n1"])], Some("\nn1\n")).unwrap_err();
    assert!(
        faults[0].starts_with("etc/lab.txt:2: ")
            && faults[0].contains("monitor.host_groups[0].patterns[0]"),
        "{faults:?}"
    );
    // Ports tell nodes of one machine apart.
    let both = [group(
        "a",
        &[r#""name": "x", "address": "h", "port": 1"#, r#""name": "y", "address": "h", "port": 2"#],
        &[],
    )];
    assert_eq!(expanded(&both, None).unwrap()[0].hosts.len(), 2);
}

#[test]
fn what_does_not_go_together_is_said() {
    for (fields, wanted) in [
        (r#""name": "g[1-2]", "address": "h[1-3]""#, "its name stands for 2 and its address for 3"),
        (r#""name": "g[1-2]", "address": "h""#, "its name stands for 2 and its address for 1"),
        (r#""name": "g[1-2]", "display_name": "x""#, "and its display_name for 1"),
        (r#""name": "GPU 1""#, "has no address, and its name \"GPU 1\" is none"),
    ] {
        let faults = expanded(&[group("a", &[fields], &[])], None).unwrap_err();
        assert!(faults.len() == 1 && faults[0].contains(wanted), "{fields}: {faults:?}");
    }
}

#[test]
fn too_many_are_counted_and_not_made() {
    let groups = [group("a", &[r#""name": "g[0-999999999][0-999999999]""#], &["n[1-4096]"])];
    let faults = expanded(&groups, None).unwrap_err();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].contains("too many for one app, which takes 4096"), "{faults:?}");
    let most = expanded(&[group("a", &[], &["n[1-4096]"])], None).unwrap();
    assert_eq!(most[0].hosts.len(), MAX_HOSTS);
    assert!(expanded(&[group("a", &[], &["n[1-4096]", "x"])], None).is_err());
}

#[test]
fn a_shared_key_is_warned_of_and_not_shown() {
    let key = r#""key": "smk_hunter2-hunter2""#;
    let hosts =
        [format!(r#""name": "a[1-3]", {key}"#), r#""name": "b", "key": "smk_other""#.to_owned()];
    let hosts: Vec<_> = hosts.iter().map(String::as_str).collect();
    let all = expanded(&[group("g", &hosts, &[]), group("empty", &[], &[])], None).unwrap();
    let said = warnings(&all);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("\"empty\"") && said[1].starts_with("2 hosts"), "{said:?}");
    assert!(
        !said.concat().contains("hunter2") && said[1].contains("\"a2\" with \"a1\""),
        "{said:?}"
    );
}

proptest::proptest! {
    #[test]
    fn no_file_makes_it_panic(text in "[a-z0-9\\[\\]:.,\n\r #-]{0,80}|.{0,60}") {
        let _ = expanded(&[], Some(&text));
    }
}
