//! What is drawn and what keys do, on a screen that is none.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::{Color, Modifier};

use super::app::Sort;
use super::*;
use crate::commands::text::Busiest;
use crate::model::cluster::HostState;
use crate::model::gpu::GpuState;
use crate::model::wire::HostRow;
use crate::model::{Percent, Snapshot, UnixMillis};
use crate::{demo, feed};

const NOON: UnixMillis = UnixMillis(1_795_176_000_000);
const START: Duration = Duration::from_secs(100);

fn id(name: &str) -> HostId {
    HostId::parse(name).unwrap()
}

/// The demo machine under another name, up, with its processors that busy and its first cards so.
fn host(name: &str, cpu: f64, states: &[GpuState]) -> HostRow {
    let snapshot = Snapshot { host: id(name), ..demo::snapshot(1, NOON) };
    let mut row = feed::line(&snapshot);
    row.status.name = name.into();
    row.status.state = HostState::Up;
    row.cpu_percent = Reading::Present(Percent(cpu));
    row.memory_percent = Reading::Present(Percent(100.0 - cpu));
    for (card, state) in row.card_status.iter_mut().zip(states) {
        card.state = *state;
    }
    row.card_status.truncate(states.len());
    row
}

fn cluster() -> Vec<Arc<HostRow>> {
    use GpuState::{Busy, Fault, Free, Held, Unknown};
    let mut down = host("gpu-10", 12.0, &[Free, Busy]);
    down.status.state = HostState::Down;
    let mut hostile = host("evil", 1.0, &[Unknown]);
    hostile.status.name = "\u{1b}[2Jx\u{202e}y".into();
    let mut plain = host("login", 55.0, &[]);
    plain.users = Reading::absent(Reason::NotSupported);
    [
        host("gpu-2", 91.0, &[Free, Busy, Held, Fault, Unknown, Free, Free, Busy]),
        down,
        hostile,
        plain,
    ]
    .map(Arc::new)
    .to_vec()
}

fn app_of(rows: Vec<Arc<HostRow>>) -> App {
    let mut app = App::new();
    app.take(&View::Cluster, Ok(News { rows, look: None }), START);
    app
}

/// A look at the demo machine.
fn machine() -> Look {
    let hour = Duration::from_secs(3600);
    let (clock, _) = Clock::manual(NOON);
    let settings = feed::Settings { fresh_for: hour, wait_at_most: hour };
    let (feed, publisher) = feed::new(settings, clock);
    let host = id("gpu-2");
    publisher.add_host(host.clone());
    publisher.publish(&Arc::new(Snapshot { host: host.clone(), ..demo::snapshot(1, NOON) }));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let read = |topic| {
        let audience = crate::model::Audience::new(crate::model::Role::Admin);
        runtime.block_on(feed.document(&topic, audience)).unwrap()
    };
    use crate::model::wire::Topic;
    Look {
        host: serde_json::from_slice(&read(Topic::Host(host.clone()))).unwrap(),
        processes: serde_json::from_slice(&read(Topic::Processes(host))).unwrap(),
        at: NOON,
    }
}

fn drawn(app: &mut App, width: u16, height: u16, now: Duration, colours: Colours) -> TestBackend {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw::draw(frame, app, now, colours)).unwrap();
    terminal.backend().clone()
}

/// The screen as lines.
fn screen(app: &mut App, width: u16, height: u16) -> String {
    let backend = drawn(app, width, height, START, Colours::On);
    let buffer = backend.buffer();
    let line = |y| {
        let cells = (0..width).map(|x| buffer[(x, y)].symbol());
        cells.collect::<String>().trim_end().to_owned()
    };
    (0..height).map(line).collect::<Vec<_>>().join("\n")
}

fn press(app: &mut App, code: KeyCode) -> Then {
    app.key(KeyEvent::new(code, KeyModifiers::NONE), 5)
}

fn names(app: &App) -> Vec<String> {
    app.listed().iter().map(|row| row.key.to_string()).collect()
}

#[test]
fn a_cluster_is_a_line_per_host() {
    insta::assert_snapshot!(screen(&mut app_of(cluster()), 100, 8));
}

#[test]
fn narrow_screens_leave_columns_out() {
    let screens = [80, 52, 40, 20].map(|width| screen(&mut app_of(cluster()), width, 7));
    insta::assert_snapshot!(screens.join("\n\n"));
}

#[test]
fn a_machine_is_shown_from_its_bars_down() {
    let mut app = app_of(cluster());
    press(&mut app, KeyCode::Enter);
    // It is not in the list's order, but the first by name.
    app.view = View::Machine(id("gpu-2"));
    let view = app.view.clone();
    app.take(&view, Ok(News { rows: cluster(), look: Some(machine()) }), START);
    insta::assert_snapshot!(screen(&mut app, 100, 30));
}

#[test]
fn no_size_is_too_small() {
    for width in [1, 2, 5, 10, 19, 33] {
        for height in [1, 2, 3, 4] {
            let mut app = app_of(cluster());
            screen(&mut app, width, height);
            app.shows_help = true;
            screen(&mut app, width, height);
            app.view = View::Machine(id("gpu-2"));
            app.look = Some(machine());
            screen(&mut app, width, height);
        }
    }
}

#[test]
fn nothing_on_the_screen_moves_a_cursor() {
    let mut app = app_of(cluster());
    app.filter = "\u{1b}".to_owned();
    app.trouble = Some("a\nb\u{1b}[2J".to_owned());
    let text = screen(&mut app, 100, 8);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
}

#[test]
fn lost_news_are_said_with_their_age_and_greyed() {
    let mut app = app_of(cluster());
    let later = START + Duration::from_secs(14);
    app.take(&View::Cluster, Err("cannot be reached".to_owned()), later);
    let backend = drawn(&mut app, 100, 6, later, Colours::On);
    let buffer = backend.buffer();
    let title: String = (0..100).map(|x| buffer[(x, 0)].symbol()).collect();
    assert!(title.contains("no news for 14 s: cannot be reached"), "{title}");
    let is_dim = |x, y| buffer[(x, y)].modifier.contains(Modifier::DIM);
    assert!((2..6).take(3).all(|y| is_dim(0, y)), "what was known stays, greyed");
    // News that just do not come are no better than an error.
    let mut app = app_of(cluster());
    let backend = drawn(&mut app, 100, 6, later, Colours::On);
    let title: String = (0..100).map(|x| backend.buffer()[(x, 0)].symbol()).collect();
    assert!(title.contains("no news for 14 s"), "{title}");
    let fresh = drawn(&mut app, 100, 6, START, Colours::On);
    assert!(!fresh.buffer()[(0, 3)].modifier.contains(Modifier::DIM));
}

#[test]
fn without_colours_there_are_none() {
    let mut app = app_of(cluster());
    let coloured = |colours| {
        let mut app = app_of(cluster());
        app.trouble = Some("x".to_owned());
        let backend = drawn(&mut app, 100, 8, START, colours);
        backend.buffer().content().iter().any(|cell| cell.fg != Color::Reset)
    };
    assert!(coloured(Colours::On));
    assert!(!coloured(Colours::Off));
    app.view = View::Machine(id("gpu-2"));
    app.look = Some(machine());
    let backend = drawn(&mut app, 100, 30, START, Colours::Off);
    assert!(backend.buffer().content().iter().all(|cell| cell.fg == Color::Reset));
}

#[test]
fn keys_sort_filter_open_and_go_back() {
    let mut app = app_of(cluster());
    // By the name that is shown; that of "evil" begins with a sign.
    assert_eq!(names(&app), ["evil", "gpu-2", "gpu-10", "login"]);
    for (sort, order) in [
        (Sort::Free, ["gpu-2", "evil", "gpu-10", "login"]),
        (Sort::Cpu, ["gpu-2", "login", "gpu-10", "evil"]),
        (Sort::Memory, ["evil", "gpu-10", "login", "gpu-2"]),
        (Sort::State, ["gpu-10", "evil", "gpu-2", "login"]),
    ] {
        press(&mut app, KeyCode::Char('s'));
        assert_eq!(app.sort, sort);
        assert_eq!(names(&app), order);
    }
    press(&mut app, KeyCode::Char('s'));
    press(&mut app, KeyCode::Char('/'));
    for c in "GPU-q".chars() {
        press(&mut app, KeyCode::Char(c));
    }
    assert_eq!(names(&app).len(), 0, "q is a letter of the filter");
    press(&mut app, KeyCode::Backspace);
    press(&mut app, KeyCode::Enter);
    assert_eq!(names(&app), ["gpu-2", "gpu-10"]);
    press(&mut app, KeyCode::Down);
    press(&mut app, KeyCode::Down);
    press(&mut app, KeyCode::Enter);
    assert_eq!(app.view, View::Machine(id("gpu-10")));
    press(&mut app, KeyCode::Char('s'));
    assert_eq!(app.busiest, Busiest::Memory);
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.view, View::Cluster);
    press(&mut app, KeyCode::Esc);
    assert_eq!(names(&app).len(), 4, "the filter is gone");
    press(&mut app, KeyCode::Char('/'));
    press(&mut app, KeyCode::Char('x'));
    press(&mut app, KeyCode::Esc);
    assert_eq!((app.is_typing, names(&app).len()), (false, 4), "Esc clears what was typed");
    press(&mut app, KeyCode::Char('?'));
    assert!(screen(&mut app, 80, 24).contains("Any key goes on."));
    press(&mut app, KeyCode::Char('q'));
    assert_eq!(press(&mut app, KeyCode::Char('q')), Then::End);
    let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    app.is_typing = true;
    assert_eq!(app.key(interrupt, 5), Then::End);
}

#[test]
fn a_selected_host_stays_selected_when_the_order_changes() {
    let mut app = app_of(cluster());
    press(&mut app, KeyCode::End);
    assert_eq!(app.selected.as_deref(), Some("login"));
    press(&mut app, KeyCode::Char('s'));
    press(&mut app, KeyCode::Char('s'));
    let listed = app.listed();
    assert_eq!((app.place(&listed), &*listed[1].key), (1, "login"));
}

#[test]
fn the_only_host_is_opened_at_once_and_there_is_no_way_back() {
    let only = vec![Arc::new(host("gpu-2", 1.0, &[GpuState::Free]))];
    let mut app = app_of(only);
    assert_eq!(app.view, View::Machine(id("gpu-2")));
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.view, View::Machine(id("gpu-2")));
}

#[test]
fn what_was_asked_of_another_host_is_not_shown() {
    let mut app = app_of(cluster());
    app.view = View::Machine(id("login"));
    let other = View::Machine(id("gpu-2"));
    app.take(&other, Ok(News { rows: cluster(), look: Some(machine()) }), START);
    assert!(app.look.is_none());
}

#[test]
fn scrolling_ends_at_the_last_line() {
    let mut app = app_of(cluster());
    app.view = View::Machine(id("gpu-2"));
    app.look = Some(machine());
    press(&mut app, KeyCode::End);
    let last = screen(&mut app, 100, 30);
    press(&mut app, KeyCode::Up);
    assert_ne!(screen(&mut app, 100, 30), last, "one key up is one line up");
    press(&mut app, KeyCode::Home);
    assert!(screen(&mut app, 100, 30).contains("CPU"));
}
