//! What is shown and what keys do. Must not know a terminal, nor where values come from.

use std::cmp::{Ordering, Reverse};
use std::sync::Arc;
use std::time::Duration;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::commands::measure::Look;
use crate::commands::text::Busiest;
use crate::model::cluster::HostState;
use crate::model::gpu::GpuState;
use crate::model::order::natural;
use crate::model::wire::HostRow;
use crate::model::{HostId, Text};

/// The longest filter, in characters.
const FILTER_MAX: usize = 64;

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum View {
    /// All hosts.
    Cluster,
    /// One of them.
    Machine(HostId),
}

/// What came of a look.
pub(super) struct News {
    /// All hosts.
    pub(super) rows: Vec<Arc<HostRow>>,
    /// The host that is looked at.
    pub(super) look: Option<Look>,
}

/// What hosts are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Name,
    Free,
    Cpu,
    Memory,
    State,
}

/// What the program does after a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// It goes on.
    Stay,
    /// It ends.
    End,
}

/// Everything that is shown.
pub(super) struct App {
    pub(super) view: View,
    pub(super) rows: Vec<Arc<HostRow>>,
    pub(super) look: Option<Look>,
    /// When there were news last, by a clock that never jumps.
    pub(super) heard: Option<Duration>,
    /// Why there are no news since.
    pub(super) trouble: Option<String>,
    pub(super) sort: Sort,
    pub(super) busiest: Busiest,
    pub(super) filter: String,
    /// Whether keys are letters of the filter.
    pub(super) is_typing: bool,
    pub(super) shows_help: bool,
    /// The host that Enter opens.
    pub(super) selected: Option<Text>,
    /// The first line of a machine that is shown.
    pub(super) scroll: usize,
    /// There is only one host, so there is nothing to go back to.
    is_alone: bool,
}

impl App {
    pub(super) fn new() -> Self {
        Self {
            view: View::Cluster,
            rows: Vec::new(),
            look: None,
            heard: None,
            trouble: None,
            sort: Sort::Name,
            busiest: Busiest::Cpu,
            filter: String::new(),
            is_typing: false,
            shows_help: false,
            selected: None,
            scroll: 0,
            is_alone: false,
        }
    }

    /// Takes in what came of a look at `view`, at this time.
    pub(super) fn take(&mut self, view: &View, news: Result<News, String>, now: Duration) {
        let news = match news {
            Ok(news) => news,
            Err(trouble) => {
                self.trouble = Some(trouble);
                return;
            }
        };
        self.heard = Some(now);
        self.trouble = None;
        self.rows = news.rows;
        // What was asked of a host that was left meanwhile is no news of the one that is shown.
        if *view == self.view {
            self.look = news.look;
        }
        let only = if let [only] = self.rows.as_slice() { Some(only) } else { None };
        self.is_alone = only.is_some();
        if let (Some(only), View::Cluster) = (only, &self.view)
            && let Ok(host) = HostId::parse(&only.key)
        {
            self.open(host);
        }
    }

    fn open(&mut self, host: HostId) {
        self.view = View::Machine(host);
        self.look = None;
        self.scroll = 0;
    }

    /// The hosts that are listed, in their order.
    pub(super) fn listed(&self) -> Vec<&Arc<HostRow>> {
        let wanted = self.filter.to_lowercase();
        let mut rows: Vec<_> = self.rows.iter().filter(|row| matches(row, &wanted)).collect();
        rows.sort_by(|one, other| {
            self.by_sort(one, other).then_with(|| natural(&one.status.name, &other.status.name))
        });
        rows
    }

    fn by_sort(&self, one: &HostRow, other: &HostRow) -> Ordering {
        let share = |of: &dyn Fn(&HostRow) -> Option<f64>| {
            let (one, other) = (of(one).unwrap_or(-1.0), of(other).unwrap_or(-1.0));
            other.total_cmp(&one)
        };
        match self.sort {
            Sort::Name => Ordering::Equal,
            Sort::Free => Reverse(free(one)).cmp(&Reverse(free(other))),
            Sort::Cpu => share(&|row| row.cpu_percent.present().map(|share| share.0)),
            Sort::Memory => share(&|row| row.memory_percent.present().map(|share| share.0)),
            Sort::State => trouble_first(one).cmp(&trouble_first(other)),
        }
    }

    /// The place of the selected host in the list, or the first.
    pub(super) fn place(&self, listed: &[&Arc<HostRow>]) -> usize {
        let selected = self.selected.as_ref();
        listed.iter().position(|row| Some(&row.key) == selected).unwrap_or(0)
    }

    /// What a key does. `page` is how many lines a page has.
    pub(super) fn key(&mut self, key: KeyEvent, page: usize) -> Then {
        if key.kind == KeyEventKind::Release {
            return Then::Stay;
        }
        if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
            return Then::End;
        }
        if key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) {
            return Then::Stay;
        }
        if self.shows_help {
            self.shows_help = false;
            return Then::Stay;
        }
        if self.is_typing {
            self.type_key(key.code);
            return Then::Stay;
        }
        match key.code {
            KeyCode::Char('q') => return Then::End,
            KeyCode::Char('?') => self.shows_help = true,
            KeyCode::Char('s') => self.next_sort(),
            KeyCode::Char('/') if self.view == View::Cluster => self.is_typing = true,
            KeyCode::Enter | KeyCode::Right => self.enter(),
            KeyCode::Esc | KeyCode::Backspace | KeyCode::Left => self.back(),
            KeyCode::Up | KeyCode::Char('k') => self.go(-1),
            KeyCode::Down | KeyCode::Char('j') => self.go(1),
            KeyCode::PageUp => self.go(-(page as isize)),
            KeyCode::PageDown | KeyCode::Char(' ') => self.go(page as isize),
            KeyCode::Home | KeyCode::Char('g') => self.go(isize::MIN),
            KeyCode::End | KeyCode::Char('G') => self.go(isize::MAX),
            _ => {}
        }
        Then::Stay
    }

    fn type_key(&mut self, code: KeyCode) {
        match code {
            KeyCode::Char(c) if self.filter.chars().count() < FILTER_MAX => self.filter.push(c),
            KeyCode::Backspace => {
                self.filter.pop();
            }
            KeyCode::Enter => self.is_typing = false,
            KeyCode::Esc => {
                self.filter.clear();
                self.is_typing = false;
            }
            _ => {}
        }
    }

    fn next_sort(&mut self) {
        match self.view {
            View::Machine(_) => {
                self.busiest = match self.busiest {
                    Busiest::Cpu => Busiest::Memory,
                    Busiest::Memory => Busiest::Cpu,
                };
            }
            View::Cluster => {
                self.sort = match self.sort {
                    Sort::Name => Sort::Free,
                    Sort::Free => Sort::Cpu,
                    Sort::Cpu => Sort::Memory,
                    Sort::Memory => Sort::State,
                    Sort::State => Sort::Name,
                };
            }
        }
    }

    fn enter(&mut self) {
        if self.view != View::Cluster {
            return;
        }
        let listed = self.listed();
        let row = listed.get(self.place(&listed));
        let Some(Ok(host)) = row.map(|row| HostId::parse(&row.key)) else { return };
        self.selected = Some(host.as_str().into());
        self.open(host);
    }

    fn back(&mut self) {
        match self.view {
            View::Machine(_) if !self.is_alone => {
                self.view = View::Cluster;
                self.look = None;
            }
            View::Machine(_) => {}
            View::Cluster => self.filter.clear(),
        }
    }

    fn go(&mut self, by: isize) {
        if self.view != View::Cluster {
            self.scroll = self.scroll.saturating_add_signed(by);
            return;
        }
        let listed = self.listed();
        let last = listed.len().saturating_sub(1);
        let place = self.place(&listed).saturating_add_signed(by).min(last);
        self.selected = listed.get(place).map(|row| row.key.clone());
    }
}

/// How many cards are free on a host that is up.
pub(super) fn free(row: &HostRow) -> usize {
    let is_up = row.status.state == HostState::Up;
    let free = row.card_status.iter().filter(|card| card.state == GpuState::Free);
    if is_up { free.count() } else { 0 }
}

fn trouble_first(row: &HostRow) -> u8 {
    match row.status.state {
        HostState::Down => 0,
        HostState::Stale => 1,
        HostState::Waiting => 2,
        HostState::Maintenance => 3,
        HostState::Up => 4,
    }
}

/// Whether a host is meant: a part of its name, id, group, a card's model or a user.
fn matches(row: &HostRow, wanted: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(wanted);
    let cards = row.cards.present().map_or(&[][..], Vec::as_slice);
    let users = row.users.present().map_or(&[][..], Vec::as_slice);
    wanted.is_empty()
        || has(&row.status.name)
        || has(&row.key)
        || has(&row.status.group)
        || cards.iter().any(|card| card.model.present().is_some_and(|model| has(model)))
        || users.iter().any(|user| user.user.present().is_some_and(|user| has(user)))
}
