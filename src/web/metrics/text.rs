//! Writes samples as text, OpenMetrics 1.0 or Prometheus 0.0.4. Knows the form and no meaning.
//!
//! A family is written once and whole, its samples sorted by their labels and each set of labels
//! once: a scraper refuses a page in which a series comes twice. What is absent has no sample.

use std::io::Write as _;

use crate::model::{
    BitsPerSecond, Bytes, BytesPerSecond, Celsius, Hertz, Joules, Percent, Reading, Seconds, Text,
    UnixMillis, Volts, Watts,
};

/// The most bytes of a label's value; the rest is cut off and shown as `…`.
pub const LABEL_MAX_BYTES: usize = 256;

/// Which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// The Prometheus text format 0.0.4.
    Prometheus,
}

impl Format {
    /// The content type.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// What kind of value a metric has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, until whatever is counted starts anew.
    Counter,
    /// Goes up and down.
    Gauge,
    /// A counter or a gauge under a name that promises neither.
    Unknown,
}

/// A family of series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name, that of a counter with `_total`.
    pub name: &'static str,
    /// What kind of value.
    pub kind: Kind,
    /// Names of its labels.
    pub labels: &'static [&'static str],
    /// What it says, in a sentence.
    pub help: &'static str,
}

impl Metric {
    /// The unit that the name says, as OpenMetrics wants it said again.
    #[must_use]
    pub fn unit(&self) -> Option<&'static str> {
        const UNITS: [&str; 8] =
            ["bytes", "seconds", "celsius", "watts", "volts", "hertz", "joules", "ratio"];
        let base = self.name.strip_suffix("_total").unwrap_or(self.name);
        let (_, last) = base.rsplit_once('_')?;
        UNITS.into_iter().find(|unit| *unit == last)
    }
}

/// A number to write.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value {
    Whole(u64),
    Real(f64),
}

/// What can become a sample, or be absent.
pub(super) trait Sample {
    fn sample(self) -> Option<Value>;
}

macro_rules! samples {
    ($( $type:ty, |$value:ident| $made:expr; )*) => {
        $( impl Sample for $type {
            fn sample(self) -> Option<Value> {
                let $value = self;
                Some($made)
            }
        } )*
    };
}
samples! {
    Value, |value| value;
    u64, |value| Value::Whole(value);
    u32, |value| Value::Whole(value.into());
    usize, |value| Value::Whole(value as u64);
    bool, |value| Value::Whole(value.into());
    f64, |value| Value::Real(value);
    Bytes, |value| Value::Whole(value.0);
    BytesPerSecond, |value| Value::Whole(value.0);
    Hertz, |value| Value::Whole(value.0);
    Joules, |value| Value::Whole(value.0);
    Seconds, |value| Value::Real(value.0);
    Celsius, |value| Value::Real(value.0);
    Watts, |value| Value::Real(value.0);
    Volts, |value| Value::Real(value.0);
}

/// A ratio, the base unit.
impl Sample for Percent {
    fn sample(self) -> Option<Value> {
        Some(Value::Real(self.0 / 100.0))
    }
}

/// Bytes per second, the base unit.
impl Sample for BitsPerSecond {
    fn sample(self) -> Option<Value> {
        Some(Value::Whole(self.0 / 8))
    }
}

/// Seconds since 1970.
impl Sample for UnixMillis {
    #[expect(clippy::cast_precision_loss, reason = "53 bits of milliseconds are 285,000 years")]
    fn sample(self) -> Option<Value> {
        Some(Value::Real(self.0 as f64 / 1000.0))
    }
}

impl<T: Sample> Sample for Option<T> {
    fn sample(self) -> Option<Value> {
        self.and_then(Sample::sample)
    }
}

impl<T: Sample> Sample for Reading<T> {
    fn sample(self) -> Option<Value> {
        match self {
            Self::Present(value) => value.sample(),
            Self::Absent { .. } => None,
        }
    }
}

/// A label's value that may be absent: then it is empty, which scrapers take for no label at all.
pub(super) fn or_empty(reading: &Reading<Text>) -> &str {
    reading.present().map_or("", |text| text)
}

/// The page as far as it is written.
#[derive(Debug)]
pub(super) struct Page {
    format: Format,
    out: Vec<u8>,
    /// Kept for the next family.
    samples: Vec<Entry>,
    labels: String,
    left_out: u64,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// Where its labels are in the text.
    start: usize,
    end: usize,
    value: Value,
}

/// The samples of one family, in any order.
pub(super) struct Samples<'a> {
    metric: &'static Metric,
    entries: &'a mut Vec<Entry>,
    text: &'a mut String,
}

impl Samples<'_> {
    /// Adds a sample; what is absent, or is no number, is not added.
    pub(super) fn add(&mut self, labels: &[&str], value: impl Sample) {
        debug_assert_eq!(labels.len(), self.metric.labels.len(), "{}", self.metric.name);
        let value = match value.sample() {
            Some(Value::Real(real)) if !real.is_finite() => return,
            Some(value) => value,
            None => return,
        };
        let start = self.text.len();
        for (name, label) in self.metric.labels.iter().zip(labels) {
            self.text.push_str(if self.text.len() == start { "{" } else { "," });
            self.text.push_str(name);
            self.text.push_str("=\"");
            push_escaped(self.text, label);
            self.text.push('"');
        }
        if self.text.len() > start {
            self.text.push('}');
        }
        self.entries.push(Entry { start, end: self.text.len(), value });
    }
}

impl Page {
    pub(super) fn new(format: Format) -> Self {
        Self {
            format,
            out: Vec::with_capacity(64 << 10),
            samples: Vec::new(),
            labels: String::new(),
            left_out: 0,
        }
    }

    /// Writes a family, unless it has no samples.
    pub(super) fn family(&mut self, metric: &'static Metric, fill: impl FnOnce(&mut Samples<'_>)) {
        self.samples.clear();
        self.labels.clear();
        fill(&mut Samples { metric, entries: &mut self.samples, text: &mut self.labels });
        let text = self.labels.as_str();
        let key = |entry: &Entry| &text[entry.start..entry.end];
        // Stable, so that of two with the same labels the first stays.
        self.samples.sort_by(|a, b| key(a).cmp(key(b)));
        let all = self.samples.len();
        self.samples.dedup_by(|later, earlier| key(later) == key(earlier));
        self.left_out += (all - self.samples.len()) as u64;
        if self.samples.is_empty() {
            return;
        }
        head(&mut self.out, self.format, metric);
        for entry in &self.samples {
            let out = &mut self.out;
            match entry.value {
                Value::Whole(value) => writeln!(out, "{}{} {value}", metric.name, key(entry)),
                Value::Real(value) => writeln!(out, "{}{} {value}", metric.name, key(entry)),
            }
            .expect("memory does not refuse writes");
        }
    }

    /// A family of one series without labels.
    pub(super) fn single(&mut self, metric: &'static Metric, value: impl Sample) {
        self.family(metric, |samples| samples.add(&[], value));
    }

    /// Samples so far that had the same labels as another of their family.
    pub(super) fn left_out(&self) -> u64 {
        self.left_out
    }

    pub(super) fn end(mut self) -> Vec<u8> {
        if self.format == Format::OpenMetrics {
            self.out.extend_from_slice(b"# EOF\n");
        }
        self.out
    }
}

/// In OpenMetrics a counter's family has no `_total`, only its samples do.
fn head(out: &mut Vec<u8>, format: Format, metric: &Metric) {
    let family = match format {
        Format::OpenMetrics => metric.name.strip_suffix("_total").unwrap_or(metric.name),
        Format::Prometheus => metric.name,
    };
    let kind = match (metric.kind, format) {
        (Kind::Counter, _) => "counter",
        (Kind::Gauge, _) => "gauge",
        (Kind::Unknown, Format::OpenMetrics) => "unknown",
        (Kind::Unknown, Format::Prometheus) => "untyped",
    };
    let help = metric.help;
    let unit = metric.unit().filter(|_| format == Format::OpenMetrics);
    let unit = unit.map(|unit| format!("# UNIT {family} {unit}\n")).unwrap_or_default();
    write!(out, "# HELP {family} {help}\n# TYPE {family} {kind}\n{unit}")
        .expect("memory does not refuse writes");
}

/// Names come from people, devices and servers: nothing in one may end the label, the line or the
/// page. Control characters other than line breaks have no escape in this form and become pictures.
fn push_escaped(out: &mut String, value: &str) {
    for character in cut(value) {
        match character {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            '\0'..='\u{1f}' => {
                out.push(char::from_u32(0x2400 + u32::from(character)).unwrap_or('\u{fffd}'));
            }
            '\u{7f}'..='\u{9f}' => out.push('\u{fffd}'),
            plain => out.push(plain),
        }
    }
}

fn cut(value: &str) -> impl Iterator<Item = char> + '_ {
    const MARK: char = '…';
    let fits = value.len() <= LABEL_MAX_BYTES;
    let room = if fits { value.len() } else { LABEL_MAX_BYTES - MARK.len_utf8() };
    let end = value.floor_char_boundary(room);
    value[..end].chars().chain((!fits).then_some(MARK))
}

#[cfg(test)]
mod tests;
