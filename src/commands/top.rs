//! `smonitor top`: this machine or a cluster, live in the terminal. Takes the terminal over and gives it
//! back however it ends: by a key, a signal, a panic.

use std::sync::Arc;
use std::time::Duration;

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

use crate::cli::{self, Exit, Progress};
use crate::clock::Clock;
use crate::config::Loaded;
use crate::model::process::ProcessSummary;
use crate::model::wire::{OverviewDocument, ProcessesDocument};
use crate::model::{HostId, Reading, Reason, Section};

use super::ask::Asked;
use super::measure::{self, Look};
use super::remote::Remote;
use super::wait_for;

mod app;
mod draw;

use app::{App, News, Then, View};
use draw::Colours;

/// How often ages on the screen are counted on.
const TICK: Duration = Duration::from_secs(1);

/// How often the thread that reads keys looks whether it is still wanted.
const KEYS_WITHIN: Duration = Duration::from_millis(200);

/// Keys that may wait for a slow terminal.
const KEYS_WAITING: usize = 64;

/// Shows live values until somebody ends it.
///
/// # Errors
/// What went wrong, where, and what to do, in a sentence.
pub(super) fn run(loaded: &Loaded, options: &cli::Top) -> Result<Exit, String> {
    if !cli::is_terminal() {
        return Err("top needs a terminal; smonitor snapshot prints once".to_owned());
    }
    let is_plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colours = if is_plain { Colours::Off } else { Colours::On };
    let interval = Duration::from_secs(u64::from(options.interval_seconds));
    wait_for(async {
        let asked = Asked::new(loaded, &options.whom)?;
        let clock = Clock::system();
        let mut app = App::new();
        // What cannot be reached at all is said in a line and not on a screen of its own.
        let mut progress = Progress::default();
        progress.show("looking…");
        let first = tokio::select! {
            first = look(&asked, &View::Cluster) => first,
            () = told_to_end()? => Ok(None),
        };
        progress.clear();
        let Some(news) = first? else { return Ok(Exit::Interrupted) };
        app.take(&View::Cluster, Ok(news), clock.monotonic());
        show(app, asked, interval, colours, clock).await
    })
}

/// The screen while it is ours.
struct Screen(DefaultTerminal);

impl Screen {
    fn take() -> Result<Self, String> {
        // It also restores the terminal when something panics.
        let terminal = ratatui::try_init();
        terminal.map(Self).map_err(|error| {
            ratatui::restore();
            format!("the terminal cannot be drawn on: {error}")
        })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

async fn show(
    mut app: App,
    asked: Asked,
    interval: Duration,
    colours: Colours,
    clock: Clock,
) -> Result<Exit, String> {
    let (views, wanted) = watch::channel(app.view.clone());
    let (tell, mut news) = mpsc::channel(1);
    let looking = tokio::spawn(look_again_and_again(asked, interval, wanted, tell));
    let mut screen = Screen::take()?;
    let mut keys = keys()?;
    let mut ticks = tokio::time::interval(TICK);
    let end = told_to_end()?;
    tokio::pin!(end);
    let exit = loop {
        let drawn = screen.0.draw(|frame| draw::draw(frame, &mut app, clock.monotonic(), colours));
        let area = drawn.map_err(|error| format!("the terminal cannot be drawn on: {error}"))?.area;
        tokio::select! {
            Some((view, came)) = news.recv() => app.take(&view, came, clock.monotonic()),
            key = keys.recv() => match key {
                Some(Ok(Event::Key(key))) => {
                    if app.key(key, draw::page(area.height)) == Then::End {
                        break Exit::Success;
                    }
                }
                // A resize is drawn at the next turn of the loop, which is now.
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(format!("keys cannot be read: {error}")),
                None => break Exit::Success,
            },
            _ = ticks.tick() => {}
            () = &mut end => break Exit::Interrupted,
        }
        views.send_if_modified(|view| {
            let is_other = *view != app.view;
            view.clone_from(&app.view);
            is_other
        });
    };
    looking.abort();
    Ok(exit)
}

/// Comes true when a signal asks the program to end.
fn told_to_end() -> Result<impl Future<Output = ()>, String> {
    let listen = |kind| signal(kind).map_err(|error| format!("signals cannot be heard: {error}"));
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut hang_up = listen(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
    })
}

/// Keys, read by a thread of their own: reading them blocks.
fn keys() -> Result<mpsc::Receiver<std::io::Result<Event>>, String> {
    let (tell, keys) = mpsc::channel(KEYS_WAITING);
    let read = move || {
        while !tell.is_closed() {
            let event = match event::poll(KEYS_WITHIN) {
                Ok(false) => continue,
                Ok(true) => event::read(),
                Err(error) => Err(error),
            };
            let is_over = event.is_err();
            if tell.blocking_send(event).is_err() || is_over {
                return;
            }
        }
    };
    let thread = std::thread::Builder::new().name("keys".to_owned()).spawn(read);
    thread.map_err(|error| format!("cannot start a thread to read keys: {error}"))?;
    Ok(keys)
}

/// Looks at what is shown every `interval`, and at once when that is something else.
async fn look_again_and_again(
    asked: Asked,
    interval: Duration,
    mut wanted: watch::Receiver<View>,
    tell: mpsc::Sender<(View, Result<News, String>)>,
) {
    // As long as somebody looks, this machine is read all the time.
    let _watching = match &asked {
        Asked::Local(local) => local.watch().ok(),
        Asked::Remote(_) => None,
    };
    loop {
        let view = wanted.borrow_and_update().clone();
        let came = look(&asked, &view)
            .await
            .and_then(|news| news.ok_or_else(|| "nothing came".to_owned()));
        if tell.send((view, came)).await.is_err() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(interval) => {}
            changed = wanted.changed() => if changed.is_err() { return },
        }
    }
}

async fn look(asked: &Asked, view: &View) -> Result<Option<News>, String> {
    match asked {
        Asked::Remote(remote) => look_at_remote(remote, view).await.map(Some),
        Asked::Local(local) => {
            let overview = local.overview().await.map_err(|error| error.to_string())?;
            let look = match view {
                View::Cluster => None,
                View::Machine(_) => Some(local.look().await.map_err(|error| error.to_string())?),
            };
            Ok(Some(News { rows: overview.rows, look }))
        }
    }
}

async fn look_at_remote(remote: &Remote, view: &View) -> Result<News, String> {
    let overview: OverviewDocument = remote.get("api/v1/hosts", &[]).await?;
    let look = match view {
        View::Cluster => None,
        View::Machine(id) => {
            let host = remote.host(id).await?;
            let processes = remote.processes_if_allowed(id).await?;
            let at = measure::newest_reading(&host);
            Some(Look { host, processes: processes.unwrap_or_else(|| hidden(id)), at })
        }
    };
    Ok(News { rows: overview.hosts.into_iter().map(Arc::new).collect(), look })
}

/// Processes that the role may not see.
fn hidden(id: &HostId) -> ProcessesDocument {
    let mut summary: Section<ProcessSummary> = Section::not_collected(0);
    summary.value = Reading::absent(Reason::Hidden);
    ProcessesDocument { host: id.clone(), summary, processes: Vec::new() }
}

#[cfg(test)]
mod tests;
