//! A scraper that takes nothing for granted: what is not by the book ends the test.

use std::collections::{BTreeMap, BTreeSet};

pub(crate) type Labels = BTreeMap<String, String>;

/// What a page says.
#[derive(Debug, Default)]
pub(crate) struct Scrape {
    /// Kinds of the families.
    pub(crate) kinds: BTreeMap<String, String>,
    pub(crate) samples: BTreeMap<String, BTreeMap<Labels, f64>>,
    /// The series in the order they come.
    pub(crate) order: Vec<String>,
}

impl Scrape {
    /// Reads either form.
    pub(crate) fn read(text: &str) -> Self {
        assert!(text.is_empty() || text.ends_with('\n'), "a page ends with a line break");
        let mut scrape = Self::default();
        let mut family = String::new();
        let mut ended = false;
        for line in text.lines() {
            assert!(!ended, "nothing comes after the end: {line}");
            if line == "# EOF" {
                ended = true;
            } else if let Some(meta) = line.strip_prefix("# ") {
                let mut words = meta.splitn(3, ' ');
                let (what, name) = (words.next().unwrap(), words.next().unwrap());
                let rest = words.next().unwrap();
                if what == "HELP" {
                    assert!(!scrape.kinds.contains_key(name), "{name} comes twice");
                    name.clone_into(&mut family);
                } else {
                    assert_eq!(name, family, "{line}");
                }
                match what {
                    "HELP" => {}
                    "TYPE" => {
                        scrape.kinds.insert(name.to_owned(), rest.to_owned());
                    }
                    "UNIT" => assert!(name.ends_with(&format!("_{rest}")), "{line}"),
                    other => panic!("{other}: {line}"),
                }
            } else {
                scrape.sample(&family, line);
            }
        }
        scrape
    }

    fn sample(&mut self, family: &str, line: &str) {
        let name_end = line.find(['{', ' ']).unwrap_or_else(|| panic!("no value: {line}"));
        let (name, rest) = line.split_at(name_end);
        let of_family = name == family
            || ["_total", "_sum", "_count"]
                .iter()
                .any(|end| name.strip_suffix(end) == Some(family));
        assert!(of_family, "{name} stands in the family {family}");
        let (labels, value) = labels(rest);
        let value: f64 =
            value.strip_prefix(' ').unwrap().parse().unwrap_or_else(|e| panic!("{e}: {line}"));
        self.order.push(format!("{name}{}", &rest[..rest.len() - line_value(rest)]));
        let earlier = self.samples.entry(name.to_owned()).or_default().insert(labels, value);
        assert_eq!(earlier, None, "twice: {line}");
    }

    /// The one value of a metric.
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels: Labels =
            labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        self.samples.get(name)?.get(&labels).copied()
    }

    pub(crate) fn names(&self) -> BTreeSet<&str> {
        self.samples.keys().map(String::as_str).collect()
    }

    pub(crate) fn series(&self) -> usize {
        self.samples.values().map(BTreeMap::len).sum()
    }

    /// Every value of a label of a metric.
    pub(crate) fn label_values(&self, name: &str, label: &str) -> BTreeSet<&str> {
        let series = self.samples.get(name).into_iter().flat_map(BTreeMap::keys);
        series.filter_map(|labels| labels.get(label)).map(String::as_str).collect()
    }
}

/// How many bytes at the end of a sample are its value.
fn line_value(rest: &str) -> usize {
    rest.len() - rest.rfind(' ').unwrap()
}

/// Reads `{a="b",c="d"}`; an empty label is none.
fn labels(text: &str) -> (Labels, &str) {
    let mut labels = Labels::new();
    let Some(mut rest) = text.strip_prefix('{') else { return (labels, text) };
    loop {
        if let Some(after) = rest.strip_prefix('}') {
            return (labels, after);
        }
        let (name, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("no label: {text}"));
        let good = |c: char| c.is_ascii_alphanumeric() || c == '_';
        assert!(!name.is_empty() && name.chars().all(good), "{name:?} in {text}");
        let mut value = String::new();
        let mut characters = after.char_indices();
        let end = loop {
            match characters.next().unwrap_or_else(|| panic!("an open label: {text}")) {
                (at, '"') => break at + 1,
                (_, '\\') => value.push(match characters.next().unwrap().1 {
                    'n' => '\n',
                    plain @ ('\\' | '"') => plain,
                    other => panic!("no escape {other:?}: {text}"),
                }),
                (_, plain) => value.push(plain),
            }
        };
        if !value.is_empty() {
            assert_eq!(labels.insert(name.to_owned(), value), None, "{name} twice: {text}");
        }
        rest = &after[end..];
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
}
