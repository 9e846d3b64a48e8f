//! What is known of one node: its topics as it sent them, whole or by what changed. By its own names and its
//! own clock; whoever shows it translates.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::value::RawValue;

use super::table::{Table, parse};
use super::{Failure, SITE_MAX_HOSTS, clip, tidy};
use crate::model::cluster::TroubleKind;
use crate::model::peer::{
    FrameKind, PEER_PROTOCOL, PeerFrame, PeerPatch, PollAnswer, PollRequest, PollTopic,
};
use crate::model::process::{Process, ProcessRow, ProcessSummary, ProcessTable};
use crate::model::wire::{ErrorCode, HostRow, OverviewDocument, Topic};
use crate::model::{HostId, Reading, Reason, Section, Snapshot, Text, UnixMillis};

/// The most processes of one host.
const PROCESSES_MAX: usize = 1 << 17;

/// The most groups of a site.
const GROUPS_MAX: usize = 256;

/// The longest name of a group, in characters.
const GROUP_NAME_MAX: usize = 120;

/// What is known of one node.
#[derive(Debug)]
pub struct Replica {
    instance: Option<Text>,
    overview_seq: Option<u64>,
    rows: Table<HostRow>,
    groups: Arc<Vec<Text>>,
    details: BTreeMap<HostId, Details>,
}

/// What is known of one host of it.
#[derive(Debug)]
struct Details {
    host_seq: Option<u64>,
    processes_seq: Option<u64>,
    snapshot: Snapshot,
    processes: Table<ProcessRow>,
    summary: Section<ProcessSummary>,
}

/// What an answer brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Something of its hosts' lines.
    pub overview: bool,
    /// Something of these hosts, processes included.
    pub hosts: BTreeSet<HostId>,
    /// These it has not, or not for us.
    pub refused: Vec<(Topic, ErrorCode)>,
}

impl Default for Replica {
    fn default() -> Self {
        Self {
            instance: None,
            overview_seq: None,
            rows: Table::new(SITE_MAX_HOSTS),
            groups: Arc::default(),
            details: BTreeMap::new(),
        }
    }
}

impl Replica {
    /// What to ask for what is new of these topics.
    pub fn question<'a>(&self, topics: impl IntoIterator<Item = &'a Topic>) -> PollRequest {
        let topics = topics.into_iter();
        let topics = topics.map(|topic| PollTopic { topic: topic.clone(), seq: self.seq(topic) });
        PollRequest { protocol: PEER_PROTOCOL, topics: topics.collect() }
    }

    /// The version that is known of a topic.
    fn seq(&self, topic: &Topic) -> Option<u64> {
        match topic {
            Topic::Overview => self.overview_seq,
            Topic::Host(host) => self.details.get(host)?.host_seq,
            Topic::Processes(host) => self.details.get(host)?.processes_seq,
        }
    }

    /// Its hosts in a line each, by key.
    pub fn rows(&self) -> impl Iterator<Item = &Arc<HostRow>> {
        self.rows.rows()
    }

    /// How many hosts it has.
    #[must_use]
    pub fn hosts(&self) -> usize {
        self.rows.len()
    }

    /// Its groups.
    #[must_use]
    pub fn groups(&self) -> &Arc<Vec<Text>> {
        &self.groups
    }

    /// What is known of a host.
    #[must_use]
    pub fn snapshot(&self, host: &HostId) -> Option<&Snapshot> {
        self.details.get(host).map(|details| &details.snapshot)
    }

    /// Forgets details of all hosts but these.
    pub fn keep_details(&mut self, wanted: impl Fn(&HostId) -> bool) {
        self.details.retain(|host, _| wanted(host));
    }

    /// Forgets which versions it has, so that all is asked anew; values stay until then.
    pub fn start_anew(&mut self) {
        self.overview_seq = None;
        for details in self.details.values_mut() {
            details.host_seq = None;
            details.processes_seq = None;
        }
    }

    /// Forgets everything: another host answers.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Takes an answer in.
    ///
    /// # Errors
    /// If it is not what a node says, or too much. What was known before may be changed in part then, and is
    /// asked anew.
    pub fn take(&mut self, answer: &PollAnswer, asked: &PollRequest) -> Result<News, Failure> {
        if self.instance.as_ref() != Some(&answer.head.instance) {
            self.start_anew();
            self.instance = Some(answer.head.instance.clone());
        }
        let taken = self.take_frames(answer, asked);
        if taken.is_err() {
            self.start_anew();
        }
        taken
    }

    fn take_frames(&mut self, answer: &PollAnswer, asked: &PollRequest) -> Result<News, Failure> {
        let mut news = News::default();
        for raw in answer.frames.iter().take(asked.topics.len()) {
            let frame: PeerFrame<'_> = serde_json::from_str(raw.get())
                .map_err(|_| Failure::from(TroubleKind::Malformed))?;
            let mut topics = asked.topics.iter().map(|asked| &asked.topic);
            if !topics.any(|topic| *topic == frame.topic) {
                return Err(Failure::with(TroubleKind::Malformed, "what nobody asked for"));
            }
            if frame.kind == FrameKind::Error {
                let code = frame.code.unwrap_or(ErrorCode::Internal);
                self.refused(&frame.topic, code, &mut news);
                continue;
            }
            match &frame.topic {
                Topic::Overview => news.overview |= self.overview(&frame)?,
                Topic::Host(host) => {
                    if self.details(host).host(&frame)? {
                        news.hosts.insert(host.clone());
                    }
                }
                Topic::Processes(host) => {
                    if self.details(host).processes(&frame)? {
                        news.hosts.insert(host.clone());
                    }
                }
            }
        }
        Ok(news)
    }

    fn refused(&mut self, topic: &Topic, code: ErrorCode, news: &mut News) {
        if let (Topic::Processes(host), ErrorCode::Forbidden) = (topic, code) {
            let details = self.details(host);
            let hidden = Reading::absent(Reason::Hidden);
            if details.snapshot.processes.value.reason() != Some(Reason::Hidden) {
                let interval_ms = details.snapshot.processes.interval_ms;
                let section = Section { value: hidden, ..Section::not_collected(interval_ms) };
                details.snapshot.processes = Arc::new(section);
                news.hosts.insert(host.clone());
            }
        }
        news.refused.push((topic.clone(), code));
    }

    fn details(&mut self, host: &HostId) -> &mut Details {
        self.details.entry(host.clone()).or_insert_with(|| Details::new(host))
    }

    fn overview(&mut self, frame: &PeerFrame<'_>) -> Result<bool, Failure> {
        match (frame.kind, frame.data, frame.patch) {
            (FrameKind::Full, Some(data), _) => {
                let document: OverviewDocument = parse(data)?;
                self.rows.replace(document.hosts, tidy::row)?;
                self.groups = groups(document.groups)?;
            }
            (FrameKind::Patch, _, Some(patch)) => {
                if !continues(&mut self.overview_seq, frame.seq) {
                    return Ok(false);
                }
                let patch: PeerPatch<'_> = read_patch(patch)?;
                if let Some(new) = patch.replace.get("groups") {
                    self.groups = groups(parse(new)?)?;
                }
                if let Some(changes) = patch.tables.get("hosts") {
                    self.rows.change(changes, tidy::row)?;
                }
            }
            _ => return Err(TroubleKind::Malformed.into()),
        }
        self.overview_seq = Some(frame.seq);
        Ok(true)
    }
}

fn groups(groups: Vec<Text>) -> Result<Arc<Vec<Text>>, Failure> {
    if groups.len() > GROUPS_MAX {
        return Err(TroubleKind::TooLarge.into());
    }
    Ok(Arc::new(groups.iter().map(|name| clip(name, GROUP_NAME_MAX)).collect()))
}

/// Whether a patch continues what is known; if not, all is asked anew.
fn continues(known: &mut Option<u64>, seq: u64) -> bool {
    let follows = known.and_then(|known| known.checked_add(1)) == Some(seq);
    if !follows {
        *known = None;
    }
    follows
}

fn read_patch(raw: &RawValue) -> Result<PeerPatch<'_>, Failure> {
    serde_json::from_str(raw.get()).map_err(|_| TroubleKind::Malformed.into())
}

impl Details {
    fn new(host: &HostId) -> Self {
        Self {
            host_seq: None,
            processes_seq: None,
            snapshot: Snapshot::not_collected(host.clone(), UnixMillis(0), |_| 0),
            processes: Table::new(PROCESSES_MAX),
            summary: Section::not_collected(0),
        }
    }

    fn host(&mut self, frame: &PeerFrame<'_>) -> Result<bool, Failure> {
        let parts: BTreeMap<String, &RawValue> = match (frame.kind, frame.data, frame.patch) {
            (FrameKind::Full, Some(data), _) => serde_json::from_str(data.get())
                .map_err(|_| Failure::from(TroubleKind::Malformed))?,
            (FrameKind::Patch, _, Some(patch)) => {
                if !continues(&mut self.host_seq, frame.seq) {
                    return Ok(false);
                }
                read_patch(patch)?.replace
            }
            _ => return Err(TroubleKind::Malformed.into()),
        };
        let snapshot = &mut self.snapshot;
        macro_rules! replace {
            ($( $(#[$doc:meta])* $key:ident: $type:ident, )*) => {
                $(
                    if let Some(raw) = parts.get(stringify!($key)) {
                        let section: Section<_> = parse(raw)?;
                        if *snapshot.$key != section {
                            snapshot.$key = Arc::new(section);
                        }
                    }
                )*
            };
        }
        crate::host_sections!(replace);
        if let Some(raw) = parts.get("sources") {
            snapshot.sources = Arc::new(parse(raw)?);
        }
        if let Some(raw) = parts.get("status") {
            snapshot.status = Arc::new(parse(raw)?);
        }
        snapshot.taken_at_ms = frame.server_time_ms;
        self.host_seq = Some(frame.seq);
        Ok(true)
    }

    fn processes(&mut self, frame: &PeerFrame<'_>) -> Result<bool, Failure> {
        match (frame.kind, frame.data, frame.patch) {
            (FrameKind::Full, Some(data), _) => {
                let parts: BTreeMap<String, &RawValue> = serde_json::from_str(data.get())
                    .map_err(|_| Failure::from(TroubleKind::Malformed))?;
                let part = |key| {
                    let found: Option<&&RawValue> = parts.get(key);
                    found.copied().ok_or(Failure::from(TroubleKind::Malformed))
                };
                self.summary = parse(part("summary")?)?;
                self.processes.replace(parse(part("processes")?)?, any)?;
            }
            (FrameKind::Patch, _, Some(patch)) => {
                if !continues(&mut self.processes_seq, frame.seq) {
                    return Ok(false);
                }
                let patch = read_patch(patch)?;
                if let Some(raw) = patch.replace.get("summary") {
                    self.summary = parse(raw)?;
                }
                if let Some(changes) = patch.tables.get("processes") {
                    self.processes.change(changes, any)?;
                }
            }
            _ => return Err(TroubleKind::Malformed.into()),
        }
        self.snapshot.processes = Arc::new(self.process_section());
        self.processes_seq = Some(frame.seq);
        Ok(true)
    }

    /// The table as a snapshot has it: by pid, each once.
    fn process_section(&self) -> Section<ProcessTable> {
        let table = |summary| {
            let row = |row: &Arc<ProcessRow>| Process { row: (**row).clone(), full_command: None };
            let mut rows: Vec<Process> = self.processes.rows().map(row).collect();
            rows.sort_by_key(|process| process.row.pid);
            rows.dedup_by_key(|process| process.row.pid);
            ProcessTable { summary, rows }
        };
        let Section { taken_at_ms, interval_ms, problem, value } = &self.summary;
        Section {
            taken_at_ms: *taken_at_ms,
            interval_ms: *interval_ms,
            problem: *problem,
            value: value.map(table),
        }
    }
}

/// Rows of processes are shown by nobody but the page, which takes any text.
fn any(_: &mut ProcessRow) -> Result<(), Failure> {
    Ok(())
}
