//! Draws what is shown. Pure: the same state is the same picture.

use std::sync::Arc;
use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::app::{App, Sort, View, free};
use crate::commands::measure::Look;
use crate::commands::text::{self, Busiest};
use crate::model::cluster::HostState;
use crate::model::gpu::GpuState;
use crate::model::wire::HostRow;
use crate::model::{Percent, Reading};
use crate::plain_text::table::harmless;
use crate::plain_text::units::{age, cell, percent};

/// The most processes of a machine that are listed.
const MOST_PROCESSES: usize = 60;

/// The widest that names of hosts are shown.
const NAME_MAX: usize = 28;

/// The most cards of a host that are drawn.
const CARDS_MAX: usize = 16;

/// Whether colours are used. Without them everything is told by letters and signs as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colours {
    On,
    Off,
}

impl Colours {
    fn of(self, colour: Color) -> Style {
        match self {
            Self::On => Style::new().fg(colour),
            Self::Off => Style::new(),
        }
    }
}

/// How long there may be no news before it is said.
pub(super) const LATE_AFTER: Duration = Duration::from_secs(10);

/// Draws everything, at this time.
pub(super) fn draw(frame: &mut Frame<'_>, app: &mut App, now: Duration, colours: Colours) {
    let area = frame.area();
    let [title, body, foot] = thirds(area);
    let is_late = app.trouble.is_some() || app.heard.is_some_and(|at| now > at + LATE_AFTER);
    let pen = Pen { colours, is_old: is_late };
    frame.render_widget(Paragraph::new(pen.title(app, now, area.width)), title);
    let lines = match (&app.view, app.heard) {
        (_, None) => vec![Line::raw(app.trouble.as_deref().map_or("…".to_owned(), harmless))],
        (View::Cluster, _) => pen.cluster(app, body),
        (View::Machine(_), _) => {
            let mut lines = pen.machine(app, body.width);
            // Scrolling ends where the last line is on the screen.
            app.scroll = app.scroll.min(lines.len().saturating_sub(usize::from(body.height)));
            lines.split_off(app.scroll)
        }
    };
    frame.render_widget(Paragraph::new(lines), body);
    frame.render_widget(Paragraph::new(foot_line(app)), foot);
    if app.shows_help {
        help(frame, area);
    }
}

/// How many lines there are between title and foot.
pub(super) fn page(height: u16) -> usize {
    usize::from(height.saturating_sub(3)).max(1)
}

fn thirds(area: Rect) -> [Rect; 3] {
    let line = |at: u16| Rect { y: area.y + at, height: 1.min(area.height - at), ..area };
    let last = area.height.saturating_sub(1);
    let body =
        Rect { y: area.y + area.height.min(1), height: area.height.saturating_sub(2), ..area };
    [line(0), body, line(last)]
}

/// How things are drawn at the moment.
struct Pen {
    colours: Colours,
    /// What is shown is not how it is now.
    is_old: bool,
}

impl Pen {
    fn title(&self, app: &App, now: Duration, width: u16) -> Line<'static> {
        let words = match &app.view {
            View::Cluster => summary(&app.rows),
            View::Machine(host) => {
                let row = app.rows.iter().find(|row| *row.key == *host.as_str());
                let name = row.map_or_else(|| host.to_string(), |row| harmless(&row.status.name));
                let state = row.map_or(HostState::Waiting, |row| row.status.state);
                match state {
                    HostState::Up => name,
                    state => format!("{name} is {}", state_word(state)),
                }
            }
        };
        let since = app.heard.map(|at| age(now.saturating_sub(at).as_millis() as i64));
        let news = match (&app.trouble, since) {
            (Some(trouble), Some(since)) => format!("no news for {since}: {}", harmless(trouble)),
            (None, Some(since)) if self.is_old => format!("no news for {since}"),
            _ => String::new(),
        };
        let mut line = Line::from(vec![Span::raw(" smonitor  "), Span::raw(words)]);
        if !news.is_empty() {
            // Of a long address the end can be done without; that there are no news cannot.
            line = Line::from(vec![
                Span::styled(
                    format!(" {news}  "),
                    self.colours.of(Color::Red).add_modifier(Modifier::BOLD),
                ),
                line.spans.pop().unwrap_or_default(),
            ]);
        }
        let fill = usize::from(width).saturating_sub(line.width());
        line.push_span(Span::raw(" ".repeat(fill)));
        line.style(Style::new().add_modifier(Modifier::REVERSED))
    }

    fn cluster(&self, app: &App, area: Rect) -> Vec<Line<'static>> {
        let listed = app.listed();
        let columns = Columns::fit(&listed, usize::from(area.width));
        let mut lines = vec![columns.titles(app.sort)];
        let room = usize::from(area.height).saturating_sub(1).max(1);
        let place = app.place(&listed);
        // The selected host stays in the middle where that can be.
        let first = place.saturating_sub(room / 2).min(listed.len().saturating_sub(room));
        for (at, row) in listed.iter().enumerate().skip(first).take(room) {
            let line = columns.row(self, row);
            let style = if at == place { Modifier::REVERSED } else { Modifier::empty() };
            lines.push(line.patch_style(Style::new().add_modifier(style)));
        }
        if listed.is_empty() {
            let words = if app.filter.is_empty() { "no host" } else { "no host is like that" };
            lines.push(Line::raw(words));
        }
        lines
    }

    fn machine(&self, app: &App, width: u16) -> Vec<Line<'static>> {
        let Some(look) = &app.look else { return vec![Line::raw("…")] };
        let width = usize::from(width).max(20);
        let parts = text::parts(look, width, app.busiest, MOST_PROCESSES);
        let mut lines: Vec<Line<'static>> = Vec::new();
        let mut head = parts.head.into_iter();
        lines.extend(head.next().map(Line::raw));
        lines.push(self.bar("CPU", cpu_share(look), width));
        lines.push(self.bar("Memory", memory_share(look), width));
        lines.extend(head.map(Line::raw));
        if let Some(strip) = self.strip_of(look) {
            lines.push(strip);
        }
        for block in [parts.gpus, parts.processes] {
            if !block.is_empty() {
                lines.push(Line::default());
                lines.extend(block.into_iter().map(Line::raw));
            }
        }
        lines.into_iter().map(|line| self.aged(line)).collect()
    }

    /// What is old is dim.
    fn aged(&self, line: Line<'static>) -> Line<'static> {
        if self.is_old { line.patch_style(Style::new().add_modifier(Modifier::DIM)) } else { line }
    }

    fn bar(&self, label: &str, share: Reading<Percent>, width: usize) -> Line<'static> {
        let room = width.saturating_sub(18).clamp(4, 60);
        let value = share.present().map_or(0.0, |share| share.0.clamp(0.0, 100.0));
        let full = (value / 100.0 * room as f64).round() as usize;
        let colour = match value {
            value if value < 60.0 => Color::Green,
            value if value < 85.0 => Color::Yellow,
            _ => Color::Red,
        };
        Line::from(vec![
            Span::raw(format!("{label:<9}")),
            Span::styled("█".repeat(full), self.colours.of(colour)),
            Span::raw("░".repeat(room - full)),
            Span::raw(format!(" {}", cell(&share, |share| percent(*share)))),
        ])
    }

    fn strip_of(&self, look: &Look) -> Option<Line<'static>> {
        let cards = &look.host.gpus.value.present()?.cards;
        let states: Vec<GpuState> = cards.iter().map(|card| card.state).collect();
        (!states.is_empty()).then(|| {
            let mut spans = vec![Span::raw(format!("{:<9}", "Cards"))];
            spans.extend(self.strip(&states, 64));
            Line::from(spans)
        })
    }

    fn strip(&self, states: &[GpuState], most: usize) -> Vec<Span<'static>> {
        let shown = states.iter().take(most).map(|state| {
            let (sign, colour) = sign(*state);
            Span::styled(sign, self.colours.of(colour))
        });
        let more = (states.len() > most).then(|| Span::raw("…"));
        shown.chain(more).collect()
    }
}

fn sign(state: GpuState) -> (&'static str, Color) {
    match state {
        GpuState::Free => ("▯", Color::Green),
        GpuState::Busy => ("▓", Color::Blue),
        GpuState::Held => ("▨", Color::Yellow),
        GpuState::Fault => ("✕", Color::Red),
        GpuState::Unknown => ("┆", Color::Reset),
    }
}

fn state_word(state: HostState) -> &'static str {
    match state {
        HostState::Up => "up",
        HostState::Stale => "stale",
        HostState::Down => "down",
        HostState::Waiting => "waiting",
        HostState::Maintenance => "in repair",
    }
}

fn summary(rows: &[Arc<HostRow>]) -> String {
    let up = rows.iter().filter(|row| row.status.state == HostState::Up).count();
    let cards: usize = rows.iter().map(|row| row.card_status.len()).sum();
    let free: usize = rows.iter().map(|row| free(row)).sum();
    format!("{free} of {cards} GPUs free, {up} of {} hosts up", rows.len())
}

fn cpu_share(look: &Look) -> Reading<Percent> {
    let cpu = look.host.cpu.value.as_ref();
    cpu.and_then(|cpu| cpu.usage.map(|usage| usage.busy_percent))
}

fn memory_share(look: &Look) -> Reading<Percent> {
    look.host.memory.value.as_ref().and_then(|memory| memory.used_percent)
}

/// The columns of a list of hosts, as many as there is room for.
struct Columns {
    name: usize,
    cards: usize,
    has_shares: bool,
    users: usize,
}

impl Columns {
    fn fit(listed: &[&Arc<HostRow>], width: usize) -> Self {
        let names = listed.iter().map(|row| Span::raw(harmless(&row.status.name)).width());
        let name = names.max().unwrap_or(0).clamp(4, NAME_MAX).min(width.saturating_sub(17).max(4));
        let cards = listed.iter().map(|row| row.card_status.len()).max().unwrap_or(0);
        let used = name + 2 + 9 + 2 + 7;
        let has_cards = width >= used + 4 + 8;
        let cards = if has_cards { cards.clamp(5, CARDS_MAX) + 3 } else { 0 };
        let has_shares = width >= used + cards + 14;
        let used = used + cards + if has_shares { 14 } else { 0 };
        let users = if width >= used + 10 { width - used - 2 } else { 0 };
        Self { name, cards, has_shares, users }
    }

    fn titles(&self, sort: Sort) -> Line<'static> {
        let mark = |title: &str, by: Sort| {
            if sort == by { format!("{title}▾") } else { title.to_owned() }
        };
        let mut text = padded(&mark("HOST", Sort::Name), self.name + 2);
        text += &padded(&mark("STATE", Sort::State), 11);
        text += &padded(&mark("FREE", Sort::Free), 7);
        if self.cards > 0 {
            text += &padded("CARDS", self.cards);
        }
        if self.has_shares {
            text += &format!("{:>6}{:>7} ", mark("CPU", Sort::Cpu), mark("MEM", Sort::Memory));
        }
        if self.users > 0 {
            text += "  USERS";
        }
        Line::styled(text, Style::new().add_modifier(Modifier::BOLD))
    }

    fn row(&self, pen: &Pen, row: &HostRow) -> Line<'static> {
        let state = row.status.state;
        let is_current = matches!(state, HostState::Up | HostState::Maintenance) && !pen.is_old;
        let colour = match state {
            HostState::Up => Style::new(),
            HostState::Down => pen.colours.of(Color::Red),
            _ => pen.colours.of(Color::Yellow),
        };
        let mut spans = vec![
            Span::raw(padded(&row.status.name, self.name + 2)),
            Span::styled(padded(state_word(state), 11), colour),
            Span::raw(padded(&free_words(row), 7)),
        ];
        if self.cards > 0 {
            let states: Vec<GpuState> = row.card_status.iter().map(|card| card.state).collect();
            let most = self.cards.saturating_sub(3);
            spans.extend(pen.strip(&states, most));
            let drawn = states.len().min(most) + usize::from(states.len() > most);
            spans.push(Span::raw(" ".repeat(self.cards.saturating_sub(drawn))));
        }
        if self.has_shares {
            let share = |share: &Reading<Percent>| cell(share, |share| percent(*share));
            spans.push(Span::raw(format!(
                "{:>6}{:>7} ",
                share(&row.cpu_percent),
                share(&row.memory_percent)
            )));
        }
        if self.users > 0 {
            spans.push(Span::raw(format!("  {}", cut(&users(row), self.users))));
        }
        let line = Line::from(spans);
        if is_current { line } else { line.patch_style(Style::new().add_modifier(Modifier::DIM)) }
    }
}

fn free_words(row: &HostRow) -> String {
    let cards = row.card_status.len();
    match (cards, row.status.state) {
        (0, _) => String::new(),
        (_, HostState::Up) => format!("{}/{cards}", free(row)),
        _ => format!("–/{cards}"),
    }
}

/// Each name once, in the order of the cards.
fn users(row: &HostRow) -> String {
    let on_cards = match &row.users {
        Reading::Present(users) => users.as_slice(),
        Reading::Absent { .. } => &[],
    };
    let mut names: Vec<String> = Vec::new();
    for user in on_cards {
        let number = || user.user_id.present().map(ToString::to_string);
        let name = user.user.present().map(ToString::to_string).or_else(number);
        let name = name.unwrap_or_else(|| "unknown".to_owned());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(" ")
}

/// At most this wide; what is longer loses its end.
fn cut(text: &str, width: usize) -> String {
    let text = harmless(text);
    if Span::raw(text.as_str()).width() <= width {
        return text;
    }
    let mut shown = String::new();
    for c in text.chars() {
        let longer = format!("{shown}{c}");
        if Span::raw(longer.as_str()).width() + 1 > width {
            break;
        }
        shown = longer;
    }
    shown + "…"
}

/// Exactly this wide, with a gap at the end.
fn padded(text: &str, width: usize) -> String {
    let text = cut(text, width.saturating_sub(1));
    let used = Span::raw(text.as_str()).width();
    text + &" ".repeat(width.saturating_sub(used))
}

fn foot_line(app: &App) -> Line<'static> {
    let words = match (&app.view, app.is_typing) {
        (_, true) => format!("/{}▏ Enter keeps it, Esc clears it", harmless(&app.filter)),
        (View::Cluster, _) => {
            let sort = match app.sort {
                Sort::Name => "name",
                Sort::Free => "free cards",
                Sort::Cpu => "CPU",
                Sort::Memory => "memory",
                Sort::State => "trouble",
            };
            let filter = match app.filter.as_str() {
                "" => String::new(),
                filter => format!("  only {}", harmless(filter)),
            };
            format!("q end  / filter  s by {sort}  Enter open  ? keys{filter}")
        }
        (View::Machine(_), _) => {
            let by = match app.busiest {
                Busiest::Cpu => "CPU",
                Busiest::Memory => "memory",
            };
            format!("q end  ↑↓ scroll  s by {by}  Esc back  ? keys")
        }
    };
    Line::styled(words, Style::new().add_modifier(Modifier::BOLD))
}

fn help(frame: &mut Frame<'_>, area: Rect) {
    const KEYS: [&str; 13] = [
        "q, Ctrl-C   end",
        "↑ ↓ j k     move",
        "PgUp PgDn   a page",
        "Home End    first, last",
        "Enter →     open a host",
        "Esc ←       back",
        "/           filter by name, group, model, user",
        "s           sort by the next",
        "",
        "▯ free      ▓ in use    ▨ held without use",
        "✕ faulty    ┆ unknown",
        "",
        "Any key goes on.",
    ];
    let width = 52.min(area.width);
    let height = (KEYS.len() as u16 + 2).min(area.height);
    let at = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    frame.render_widget(Clear, at);
    let keys = KEYS.map(Line::raw).to_vec();
    frame.render_widget(Paragraph::new(keys).block(Block::bordered().title(" Keys ")), at);
}
