use super::*;

const ID: &str = "55b5c29f742389b2995da1a589b1167edae40fc86fd3b695ff6b30843e15283f";

fn entry(rest: &str) -> String {
    format!(r#"[{{"Id":"{ID}"{rest}}}]"#)
}

fn one(rest: &str) -> Listed {
    let mut list = list(entry(rest).as_bytes()).unwrap();
    assert_eq!(list.len(), 1);
    let (id, listed) = list.remove(0);
    assert_eq!(&*id, ID);
    listed
}

fn text(text: &str) -> Option<Text> {
    Some(text.into())
}

#[test]
fn a_list_of_docker_20_10() {
    let listed =
        one(r#","Names":["/hst"],"Image":"t:1","ImageID":"sha256:80","Command":"/bin/sleep 1000",
        "Created":1796127474,"Ports":[],"Labels":{"b":"2","a":"1"},"State":"running",
        "Status":"Up 4 seconds (healthy)","HostConfig":{"NetworkMode":"host"},"Mounts":[]"#);
    let label = |name: &str, value: &str| Label { name: name.into(), value: value.into() };
    assert_eq!(
        listed,
        Listed {
            name: text("hst"),
            image: text("t:1"),
            state: Some(ContainerState::Running),
            health: Some(ContainerHealth::Healthy),
            labels: Some(vec![label("a", "1"), label("b", "2")]),
        }
    );
}

#[test]
fn words_of_states_and_marks_of_health() {
    for (word, state) in [
        ("running", ContainerState::Running),
        ("paused", ContainerState::Paused),
        ("restarting", ContainerState::Restarting),
        ("removing", ContainerState::Removing),
        ("exited", ContainerState::Ended),
        ("stopping", ContainerState::Other),
    ] {
        assert_eq!(one(&format!(r#","State":"{word}""#)).state, Some(state));
    }
    for (status, health) in [
        ("Up 2 hours (unhealthy)", Some(ContainerHealth::Unhealthy)),
        ("Up 1 second (health: starting)", Some(ContainerHealth::Starting)),
        ("Up 2 hours (Paused)", None),
        ("Up 2 hours", None),
        ("(", None),
        (")", None),
    ] {
        assert_eq!(one(&format!(r#","Status":"{status}""#)).health, health, "{status}");
    }
}

#[test]
fn names_are_those_of_docker_and_of_podman() {
    assert_eq!(one(r#","Names":["/web"]"#).name, text("web"));
    assert_eq!(one(r#","Names":["web"]"#).name, text("web"));
    assert_eq!(one(r#","Names":["/"]"#).name, None);
    assert_eq!(one(r#","Names":[]"#).name, None);
}

#[test]
fn hostile_texts_are_harmless_and_short() {
    let listed = one(
        r#","Names":["/\u001b[2J\u202eevil"],"Image":"a\nb","Labels":{"x\u0000":"\u0007y","n":7}"#,
    );
    assert_eq!(listed.name, text("\u{241b}[2J\u{fffd}evil"));
    assert_eq!(listed.image, text("a\u{240a}b"));
    let labels = listed.labels.unwrap();
    assert_eq!(labels.len(), 1, "a number is no label");
    assert_eq!((&*labels[0].name, &*labels[0].value), ("x\u{2400}", "\u{2407}y"));
    let long = "ä".repeat(5000);
    let many: Vec<String> = (0..500).map(|n| format!(r#""{n:03}":"{long}""#)).collect();
    let listed = one(&format!(r#","Names":["/{long}"],"Labels":{{{}}}"#, many.join(",")));
    assert_eq!(listed.name.unwrap().chars().count(), TEXT_MAX);
    let labels = listed.labels.unwrap();
    assert_eq!(labels.len(), LABELS_MAX);
    assert_eq!((&*labels[0].name, labels[0].value.chars().count()), ("000", TEXT_MAX));
}

#[test]
fn what_has_another_type_is_left_out_and_an_id_is_64_digits() {
    let listed = one(r#","Names":"web","Image":7,"State":{},"Status":[],"Labels":"none""#);
    let none = Listed { name: None, image: None, state: None, health: None, labels: None };
    assert_eq!(listed, none);
    assert_eq!(one(r#","Labels":null"#).labels, Some(Vec::new()));
    let up = format!("../{}", &ID[3..]);
    for id in ["", "55b5c29f7423", "../../containers", &up, &ID.to_uppercase()] {
        let bytes = format!(r#"[{{"Id":"{id}"}},{{"Id":7}},7,{{}}]"#);
        assert_eq!(list(bytes.as_bytes()), Ok(Vec::new()), "{id}");
    }
}

#[test]
fn rubbish_is_malformed() {
    for bytes in [&b""[..], b"{}", b"[", b"null", b"\xff", "[".repeat(100_000).as_bytes()] {
        assert_eq!(list(bytes), Err(Reason::Malformed));
    }
    for bytes in [&b""[..], b"[]", b"7", br#"{"Version":7}"#, br#"{"Version":""}"#] {
        assert_eq!(version(bytes), Err(Reason::Malformed));
    }
    assert_eq!(details(b"[]"), Err(Reason::Malformed));
    let none = Details { health: None, restarts: None, started_at: None };
    assert_eq!(details(b"{}"), Ok(none));
    let odd = br#"{"RestartCount":-1,"State":{"Health":{"Status":7},"StartedAt":"soon"}}"#;
    assert_eq!(details(odd), Ok(none));
}

#[test]
fn details_of_docker_and_of_podman() {
    let docker = br#"{"State":{"Status":"running","StartedAt":"2026-12-01T12:17:54.449810738Z"},
        "RestartCount":3}"#;
    let started_at = Some(UnixMillis(1_796_127_474_449));
    assert_eq!(details(docker), Ok(Details { health: None, restarts: Some(3), started_at }));
    let podman = br#"{"State":{"StartedAt":"2026-12-01T13:17:54.449810738+01:00",
        "Health":{"Status":"unhealthy","Log":null}},"RestartCount":0}"#;
    let health = Some(ContainerHealth::Unhealthy);
    assert_eq!(details(podman), Ok(Details { health, restarts: Some(0), started_at }));
}

#[test]
fn engines_say_what_they_are() {
    for (bytes, name) in [
        (
            r#"{"Platform":{"Name":""},"Components":[{"Name":"Engine"}],"Version":"20.10.24+dfsg1"}"#,
            "Docker Engine 20.10.24+dfsg1",
        ),
        (
            r#"{"Platform":{"Name":"Docker Engine - Community"},"Components":[{"Name":"Engine"}],"Version":"28.2.2"}"#,
            "Docker Engine - Community 28.2.2",
        ),
        (
            r#"{"Platform":{"Name":"linux/amd64/debian-12"},"Components":[{"Name":"Podman Engine"}],"Version":"4.3.1"}"#,
            "Podman Engine 4.3.1",
        ),
        (r#"{"Version":"1.13.1"}"#, "Docker Engine 1.13.1"),
    ] {
        assert_eq!(version(bytes.as_bytes()).as_deref(), Ok(name));
    }
}

#[test]
fn times_of_rfc_3339() {
    for (written, millis) in [
        ("1970-01-01T00:00:00Z", Some(0)),
        ("2000-02-29T23:59:59.9Z", Some(951_868_799_900)),
        ("2026-12-01T12:17:54.449810738Z", Some(1_796_127_474_449)),
        ("2026-12-01T20:17:54.449+08:00", Some(1_796_127_474_449)),
        ("2026-12-01T08:47:54.449-03:30", Some(1_796_127_474_449)),
        // What Docker says of a container that was never started.
        ("0001-01-01T00:00:00Z", None),
        ("2026-13-01T00:00:00Z", None),
        ("2026-12-01T24:00:00Z", None),
        ("2026-12-01 12:17:54Z", None),
        ("2026-12-01T12:17:54", None),
        ("2026-12-01T12:17:54.Z", None),
        ("2026-12-01T12:17:54+1:00", None),
        ("", None),
    ] {
        assert_eq!(time(written), millis.map(UnixMillis), "{written}");
    }
}

proptest::proptest! {
    #[test]
    fn no_answer_does_harm(bytes in "[\\[\\]{}\":,0-9a-fIdNamesStatuLbelT/.\\PC]{0,200}") {
        let bytes = bytes.as_bytes();
        let _ = (version(bytes), list(bytes), details(bytes), time(&String::from_utf8_lossy(bytes)));
    }

    #[test]
    fn times_are_read_back(days in 0_i64..100_000, second in 0_i64..86_400, millis in 0_i64..1000) {
        let (year, month, day) = civil(days);
        let written = format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{millis:03}Z",
            second / 3600, second / 60 % 60, second % 60);
        proptest::prop_assert_eq!(time(&written), Some(UnixMillis((days * 86_400 + second) * 1000 + millis)));
    }
}

/// By counting, to check what calculates.
fn civil(mut days: i64) -> (i64, i64, i64) {
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970;
    while days >= 365 + i64::from(is_leap(year)) {
        days -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + i64::from(is_leap(year));
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}
