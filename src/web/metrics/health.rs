//! How smonitor's own sources are doing: why samples of others may be missing.

use super::text::{Page, Samples};
use super::{Known, Section, age_ms};
use crate::model::Problem;
use crate::model::source::{SourceHealth, SourceState};

pub(super) const ORIGIN: &str = "the list `sources`, and the age of every section";

metrics! {
    UP: Gauge "smonitor_source_up", ["source"],
        "Whether the source's last run went well; also 1 where the machine has nothing to read.";
    STATE: Gauge "smonitor_source_state", ["source", "state"],
        "How the source is: 1 for the state it is in, 0 for the others.";
    DURATION: Gauge "smonitor_source_duration_seconds", ["source"],
        "How long the source's last finished run took.";
    RUNS: Counter "smonitor_source_runs_total", ["source"], "Finished runs, failed ones included.";
    FAILURES: Counter "smonitor_source_failures_total", ["source"], "Failed runs.";
    SKIPPED: Counter "smonitor_source_skipped_total", ["source"],
        "Runs that were left out because an earlier one had not returned.";
    STUCK: Gauge "smonitor_source_stuck_seconds", ["source"],
        "For how long the source has been stuck in the kernel; 0 if it is not.";
    AGE: Gauge "smonitor_section_age_seconds", ["section"],
        "How long ago the values of a section were read.";
    ROWS_LEFT_OUT: Gauge "smonitor_rows_left_out", ["section"],
        "Rows of a section that have no series: beyond what is kept, or not for this reader.";
    SAMPLES_LEFT_OUT: Gauge "smonitor_samples_left_out", [],
        "Samples of this page that were left out because another has the same labels.";
}

pub(super) fn write(page: &mut Page, known: Known<'_>) {
    let sources = known.snapshot.sources.as_slice();
    each(page, &UP, sources, |source| is_up(source.state));
    page.family(&STATE, |samples| {
        for source in sources {
            for (name, state) in STATES {
                samples.add(&[&source.name, name], source.state == state);
            }
        }
    });
    each(page, &DURATION, sources, |source| source.duration_seconds);
    each(page, &RUNS, sources, |source| source.runs);
    each(page, &FAILURES, sources, |source| source.failures);
    each(page, &SKIPPED, sources, |source| source.skipped);
    each(page, &STUCK, sources, |source| stuck_seconds(source, known));
    ages(page, known);
    rows_left_out(page, known);
    page.single(&SAMPLES_LEFT_OUT, page.left_out());
}

fn each<V: super::text::Sample>(
    page: &mut Page,
    metric: &'static super::Metric,
    sources: &[SourceHealth],
    pick: impl Fn(&SourceHealth) -> V,
) {
    page.family(metric, |samples| {
        for source in sources {
            samples.add(&[&source.name], pick(source));
        }
    });
}

const STATES: [(&str, SourceState); 8] = [
    ("stuck", SourceState::Stuck),
    ("failing", SourceState::Failing),
    ("forbidden", SourceState::Forbidden),
    ("partial", SourceState::Partial),
    ("slow", SourceState::Slow),
    ("well", SourceState::Well),
    ("not_there", SourceState::NotThere),
    ("waiting", SourceState::Waiting),
];

/// A source that has not run yet is neither.
fn is_up(state: SourceState) -> Option<bool> {
    match state {
        SourceState::Stuck | SourceState::Failing | SourceState::Forbidden => Some(false),
        SourceState::Partial | SourceState::Slow | SourceState::Well | SourceState::NotThere => {
            Some(true)
        }
        SourceState::Waiting => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "53 bits of milliseconds are 285,000 years")]
fn stuck_seconds(source: &SourceHealth, known: Known<'_>) -> Option<f64> {
    match (source.state, source.problem) {
        (SourceState::Stuck, Some(Problem { since_ms, .. })) => {
            Some(known.now.since(since_ms).max(0) as f64 / 1000.0)
        }
        (SourceState::Waiting, _) => None,
        _ => Some(0.0),
    }
}

fn ages(page: &mut Page, known: Known<'_>) {
    #[expect(clippy::cast_precision_loss, reason = "53 bits of milliseconds are 285,000 years")]
    fn age<T>(samples: &mut Samples<'_>, name: &str, section: &Section<T>, known: Known<'_>) {
        let age = age_ms(section, known.now);
        samples.add(&[name], age.map(|milliseconds| milliseconds as f64 / 1000.0));
    }
    page.family(&AGE, |samples| {
        macro_rules! all {
            ($( $(#[$doc:meta])* $key:ident: $type:ident, )*) => {
                $( age(samples, stringify!($key), &known.snapshot.$key, known); )*
            };
        }
        crate::host_sections!(all);
    });
}

fn rows_left_out(page: &mut Page, known: Known<'_>) {
    let snapshot = known.snapshot;
    page.family(&ROWS_LEFT_OUT, |samples| {
        let mut add = |section, left_out: Option<u64>| samples.add(&[section], left_out);
        add("filesystems", known.fresh(&snapshot.filesystems).map(|list| list.left_out));
        add("disks", known.fresh(&snapshot.disks).map(|list| list.left_out));
        add("network", known.fresh(&snapshot.network).map(|list| list.left_out));
        add("sensors", known.fresh(&snapshot.sensors).map(|list| list.left_out));
        add("gpus", known.fresh(&snapshot.gpus).map(super::gpus::left_out));
        add("containers", known.fresh(&snapshot.containers).map(|list| list.left_out));
        add("units", known.fresh(&snapshot.units).map(|list| list.left_out));
    });
}
