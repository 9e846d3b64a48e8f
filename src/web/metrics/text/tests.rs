use super::*;

metrics! {
    COUNTED: Counter "t_seconds_total", ["a", "b"], "What is counted.";
    LEVEL: Gauge "t_level_bytes", [], "A level.";
    EITHER: Unknown "t_either", [], "Either.";
}

fn written(format: Format, fill: impl FnOnce(&mut Page)) -> String {
    let mut page = Page::new(format);
    fill(&mut page);
    String::from_utf8(page.end()).unwrap()
}

#[test]
fn both_forms_are_written_as_their_documents_say() {
    let fill = |page: &mut Page| {
        page.family(&COUNTED, |samples| {
            samples.add(&["2", "x"], 1.5);
            samples.add(&["1", "x"], 3_u64);
        });
        page.single(&LEVEL, Bytes(u64::MAX));
        page.single(&EITHER, true);
    };
    assert_eq!(
        written(Format::Prometheus, fill),
        "# HELP t_seconds_total What is counted.\n# TYPE t_seconds_total counter\n\
         t_seconds_total{a=\"1\",b=\"x\"} 3\nt_seconds_total{a=\"2\",b=\"x\"} 1.5\n\
         # HELP t_level_bytes A level.\n# TYPE t_level_bytes gauge\n\
         t_level_bytes 18446744073709551615\n\
         # HELP t_either Either.\n# TYPE t_either untyped\nt_either 1\n"
    );
    assert_eq!(
        written(Format::OpenMetrics, fill),
        "# HELP t_seconds What is counted.\n# TYPE t_seconds counter\n# UNIT t_seconds seconds\n\
         t_seconds_total{a=\"1\",b=\"x\"} 3\nt_seconds_total{a=\"2\",b=\"x\"} 1.5\n\
         # HELP t_level_bytes A level.\n# TYPE t_level_bytes gauge\n# UNIT t_level_bytes bytes\n\
         t_level_bytes 18446744073709551615\n\
         # HELP t_either Either.\n# TYPE t_either unknown\nt_either 1\n# EOF\n"
    );
    assert_eq!(METRICS.len(), 3);
}

#[test]
fn what_is_absent_or_no_number_has_no_sample_and_no_family() {
    let text = written(Format::Prometheus, |page| {
        page.single(&LEVEL, Reading::<Bytes>::default());
        page.single(&EITHER, None::<u64>);
        page.family(&COUNTED, |samples| {
            for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                samples.add(&["a", "b"], wrong);
            }
        });
    });
    assert_eq!(text, "");
    let zero = written(Format::Prometheus, |page| page.single(&LEVEL, Bytes(0)));
    assert!(zero.ends_with("t_level_bytes 0\n"), "a zero that was read is one");
}

#[test]
fn a_series_comes_once_and_the_first_stays() {
    let mut page = Page::new(Format::Prometheus);
    let long = "x".repeat(LABEL_MAX_BYTES);
    page.family(&COUNTED, |samples| {
        samples.add(&["same", ""], 1_u64);
        samples.add(&[&format!("{long}1"), ""], 2_u64);
        samples.add(&["same", ""], 3_u64);
        samples.add(&[&format!("{long}2"), ""], 4_u64);
        samples.add(&["other", ""], 5_u64);
    });
    assert_eq!(page.left_out(), 2);
    let text = String::from_utf8(page.end()).unwrap();
    let values: Vec<_> =
        text.lines().skip(2).map(|line| line.rsplit(' ').next().unwrap()).collect();
    assert_eq!(values, ["5", "1", "2"]);
}

fn escaped(value: &str) -> String {
    let mut out = String::new();
    push_escaped(&mut out, value);
    out
}

#[test]
fn a_name_cannot_leave_its_label() {
    assert_eq!(escaped("a\"} 1\nevil{b=\"\\"), "a\\\"} 1\\nevil{b=\\\"\\\\");
    assert_eq!(escaped("nul\0 tab\t cr\r esc\u{1b} del\u{7f}"), "nul␀ tab␉ cr␍ esc␛ del\u{fffd}");
    assert_eq!(escaped("数据 ü"), "数据 ü");
    let exact = "é".repeat(LABEL_MAX_BYTES / 2);
    assert_eq!(escaped(&exact), exact);
    let cut = escaped(&format!("{exact}é"));
    assert!(cut.ends_with("é…") && cut.len() <= LABEL_MAX_BYTES, "{}", cut.len());
}

/// What a scraper makes of an escaped label.
fn unescaped(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => out.push(match characters.next()? {
                'n' => '\n',
                plain @ ('\\' | '"') => plain,
                _ => return None,
            }),
            '"' | '\n' => return None,
            plain => out.push(plain),
        }
    }
    Some(out)
}

proptest::proptest! {
    #[test]
    fn labels_come_back_as_they_went(value in "\\PC{0,80}|[\\\\\"\n{}=, a]{0,40}") {
        let back = unescaped(&escaped(&value));
        if value.len() <= LABEL_MAX_BYTES {
            proptest::prop_assert_eq!(back, Some(value));
        } else {
            proptest::prop_assert!(back.is_some());
        }
    }

    #[test]
    fn no_label_does_any_harm(value: String) {
        proptest::prop_assert!(unescaped(&escaped(&value)).is_some());
        let visible = escaped(&value).chars().all(|character| !character.is_control());
        proptest::prop_assert!(visible);
    }
}

#[test]
fn units_are_what_names_end_in() {
    assert_eq!(
        (COUNTED.unit(), LEVEL.unit(), EITHER.unit()),
        (Some("seconds"), Some("bytes"), None)
    );
}
