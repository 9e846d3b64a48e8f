//! L1, logging and the last words of a panic. Must not know what is logged.
//!
//! The log goes to standard error: standard output is for answers of commands. Requests are
//! logged under the target [`ACCESS`], which can be off.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::IsTerminal as _;
use std::panic::PanicHookInfo;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Directive;

/// Target of the access log: `tracing::info!(target: telemetry::ACCESS, …)`.
pub const ACCESS: &str = "access";

/// How to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// The least important messages.
    pub level: LevelFilter,
    /// Form of the lines.
    pub format: Format,
    /// Whether requests are logged.
    pub access: bool,
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Lines to read, coloured on a terminal.
    Text,
    /// One JSON object a line.
    Json,
}

/// Logging was started before.
#[derive(Debug, thiserror::Error)]
#[error("logging was started twice")]
pub struct AlreadyStarted;

/// Starts logging and listens for panics. Once per process, first thing.
///
/// # Errors
/// The second time.
pub fn start(settings: Settings) -> Result<(), AlreadyStarted> {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter(settings))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match settings.format {
        Format::Text => builder.try_init(),
        Format::Json => builder.json().flatten_event(true).try_init(),
    }
    .map_err(|_| AlreadyStarted)?;
    // The hook of the standard library would print the same once more, and not as JSON.
    std::panic::set_hook(Box::new(last_words));
    Ok(())
}

/// Ours at the wanted level; libraries no finer than warnings, unless debugging is asked for.
fn filter(settings: Settings) -> EnvFilter {
    let libraries = match settings.level {
        LevelFilter::INFO => LevelFilter::WARN,
        LevelFilter::TRACE => LevelFilter::DEBUG,
        other => other.min(LevelFilter::INFO),
    };
    let access = if settings.access { settings.level } else { LevelFilter::OFF };
    let ours = [("smonitor", settings.level), (ACCESS, access)];
    ours.into_iter().fold(
        EnvFilter::default().add_directive(libraries.into()),
        |filter, (to, at)| {
            match format!("{to}={at}").parse::<Directive>() {
                Ok(directive) => filter.add_directive(directive),
                // Both names are plain words, so they parse (tested).
                Err(_) => filter,
            }
        },
    )
}

/// Thread, place and message, once. Not the arguments of the process: they may hold secrets.
fn last_words(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let backtrace = Backtrace::capture();
    let backtrace = match backtrace.status() {
        BacktraceStatus::Captured => format!("\n{backtrace}"),
        _ => String::new(),
    };
    tracing::error!(
        thread = thread.name().unwrap_or("without a name"),
        location = panic.location().map(tracing::field::display),
        "panic: {}{backtrace}",
        panic.payload_as_str().unwrap_or("without words"),
    );
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(settings: Settings, work: impl FnOnce()) -> String {
        let captured = Captured::default();
        let writer = captured.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(filter(settings))
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .finish();
        tracing::subscriber::with_default(subscriber, work);
        String::from_utf8(captured.0.lock().unwrap().clone()).unwrap()
    }

    const INFO: Settings =
        Settings { level: LevelFilter::INFO, format: Format::Text, access: true };

    fn talk() {
        tracing::info!("ours");
        tracing::debug!("ours in detail");
        tracing::info!(target: ACCESS, "GET /");
        tracing::info!(target: "hyper", "theirs");
    }

    #[test]
    fn says_what_was_asked_for() {
        let said = logged(INFO, talk);
        assert!(said.contains("ours") && said.contains("GET /"), "{said}");
        assert!(!said.contains("in detail") && !said.contains("theirs"), "{said}");
        let said = logged(Settings { level: LevelFilter::DEBUG, ..INFO }, talk);
        assert!(said.contains("in detail") && said.contains("theirs"), "{said}");
        assert_eq!(logged(Settings { level: LevelFilter::ERROR, ..INFO }, talk), "");
    }

    #[test]
    fn the_access_log_can_be_off() {
        let said = logged(Settings { access: false, ..INFO }, talk);
        assert!(said.contains("ours") && !said.contains("GET /"), "{said}");
    }

    #[test]
    fn a_panic_is_told_with_thread_and_place() {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(|panic| {
            // Other tests of this binary may panic meanwhile on their own threads.
            if std::thread::current().name() == Some("doomed") {
                last_words(panic);
            }
        }));
        let captured = Captured::default();
        let writer = captured.clone();
        let doomed = std::thread::Builder::new().name("doomed".to_owned()).spawn(move || {
            let subscriber = tracing_subscriber::fmt()
                .with_env_filter(filter(INFO))
                .with_writer(move || writer.clone())
                .with_ansi(false)
                .finish();
            let _guard = tracing::subscriber::set_default(subscriber);
            panic!("the wheel came off");
        });
        assert!(doomed.unwrap().join().is_err());
        std::panic::set_hook(before);
        let said = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
        assert_eq!(said.matches("the wheel came off").count(), 1, "{said}");
        assert!(said.contains("doomed") && said.contains("telemetry.rs:"), "{said}");
    }
}
