//! What is missing from the process table, and why.

use std::collections::BTreeMap;

use super::details::{Details, Identity};
use super::entry::Entry;
use super::inside::Inside;
use super::table::Reader;
use super::users::Users;
use super::visibility::{Hiding, Visibility};
use crate::host::missing::Missing;
use crate::model::source::Remedy;
use crate::model::{Problem, Reason};

/// Processes that are there and were left out of the table, by reason.
pub(super) type LeftOut = BTreeMap<Reason, usize>;

/// What a run found out.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) sees_other_users: bool,
    pub(super) visibility: &'a Visibility,
    pub(super) left_out: &'a LeftOut,
    pub(super) entries: &'a [Entry],
    pub(super) details: &'a Details,
    pub(super) users: &'a Users,
    pub(super) inside: &'a Inside,
    pub(super) reader: &'a Reader,
}

impl Facts<'_> {
    /// Notes all that is missing.
    pub(super) fn note(&self, missing: &mut Missing) {
        for (identity, since_ms) in self.details.stuck() {
            let problem = Problem { reason: Reason::NotResponding, since_ms };
            missing.note_since("stuck process", self.process(identity), problem);
        }
        if self.details.exhausted() {
            let others = self.commands_missing(Reason::NotResponding);
            let what = format!("command lines of {}", counted(others));
            missing.note("details", what, Reason::NotResponding);
        }
        self.note_hidden(missing);
        for (reason, count) in self.left_out.iter().filter(|(reason, _)| !self.is_hiding(**reason))
        {
            missing.note("left out", counted(*count), *reason);
        }
        let refused = self.commands_missing(Reason::PermissionDenied);
        if refused > 0 {
            let what = format!("command lines of {}", counted(refused));
            missing.note("command lines", what, Reason::PermissionDenied);
        }
        if let Some(kept) = self.reader.keeps_too_few(self.entries.len()) {
            let what = format!("open files: kept for {kept} of {}", counted(self.entries.len()));
            missing.note("open files", what, Reason::OutOfResources);
        }
        if self.users.is_stuck() {
            // A directory server that is to be started, not something of this kernel.
            let remedy = Remedy::InstallProvider;
            missing.note_with("names", "names of users", Reason::NotResponding, remedy);
        }
        let what = "names of users in containers";
        if self.inside.is_stuck() {
            missing.note("names in containers", what, Reason::NotResponding);
        } else if self.inside.denied() > 0 {
            missing.note("names in containers", what, Reason::PermissionDenied);
        }
    }

    fn note_hidden(&self, missing: &mut Missing) {
        if self.sees_other_users {
            return;
        }
        let remedy = match self.visibility.hiding {
            Hiding::FromGroups => Remedy::JoinHidepidGroup,
            Hiding::FromWhoMayNotTrace => Remedy::GrantPtrace,
            Hiding::Nothing => Remedy::RunPrivileged,
        };
        let what = match self.left_out.get(&Reason::PermissionDenied) {
            Some(count) => format!("{} of other users", counted(*count)),
            None => "processes of other users".to_owned(),
        };
        missing.note_with("other users", what, Reason::PermissionDenied, remedy);
    }

    /// Whether `reason` is why the processes of other users are left out, which is told already.
    fn is_hiding(&self, reason: Reason) -> bool {
        !self.sees_other_users && reason == Reason::PermissionDenied
    }

    fn commands_missing(&self, reason: Reason) -> usize {
        self.entries.iter().filter(|entry| entry.command.reason() == Some(reason)).count()
    }

    fn process(&self, identity: Identity) -> String {
        let index = self.entries.binary_search_by_key(&identity.pid, Entry::pid);
        let entry = index.ok().map(|index| &self.entries[index]);
        match entry.filter(|entry| entry.identity == identity) {
            Some(entry) => format!("process {} ({})", identity.pid, entry.name),
            None => format!("process {}", identity.pid),
        }
    }
}

fn counted(processes: usize) -> String {
    match processes {
        1 => "1 process".to_owned(),
        more => format!("{more} processes"),
    }
}
