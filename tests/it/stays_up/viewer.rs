//! One viewer: a WebSocket that follows the page's rules of coming back, and keeps books on what it
//! was shown.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::{sleep, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::ledger::{Failed, Ledger, wall_ms};

/// Nothing heard for so long: ask.
const ASK_AFTER: Duration = Duration::from_secs(2);
/// Nothing heard for so long: the connection is given up.
const GIVE_UP_AFTER: Duration = Duration::from_millis(3500);
/// An attempt to connect that takes longer is given up.
const CONNECT_AT_MOST: Duration = Duration::from_secs(10);
/// The try that comes at once comes within this, so that not all come in the same moment.
const SOON: Duration = Duration::from_millis(300);
/// The waits otherwise: doubled from the first to the longest, and up to a quarter shorter.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(4);
/// A connection that lasted so long was a good one: what comes next is a new trouble.
const STEADY: Duration = Duration::from_secs(10);
/// How often somebody looks at the page.
const GLANCE: Duration = Duration::from_millis(200);
/// Values older than so many intervals are shown as old (docs/protocol.md).
const STALE_INTERVALS: i64 = 3;
/// What the clocks' steps and a busy machine may add between looking at one clock and the other.
const SLACK_MS: i64 = 250;

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Closed,
    Silent,
}

/// Stays for ever; whoever starts it aborts it.
pub(super) async fn stay(ledger: Arc<Ledger>, frames: Arc<Frames>, number: usize) {
    let mut comeback = Comeback::default();
    loop {
        ledger.joins();
        let attempt = timeout(CONNECT_AT_MOST, open(&ledger)).await;
        let wait = match attempt.unwrap_or(Err(Failed::TimedOut)) {
            Ok(socket) => {
                let opened = Instant::now();
                ledger.opened(number, opened);
                let mut page = Page { ledger: &ledger, number, clock: None, topics: Vec::new() };
                let end = look(&mut page, &frames, socket).await;
                ledger.lost(number, end == End::Silent);
                comeback.after_loss(end, opened.elapsed())
            }
            Err(failed) => {
                ledger.join_failed(failed);
                comeback.after_failure()
            }
        };
        sleep(wait).await;
    }
}

/// When to try again; the page's rule (frontend/src/lib/live/backoff.ts).
#[derive(Debug, Default)]
struct Comeback {
    failures: u32,
    /// Whether the try at once was had since the last good connection.
    tried: bool,
}

impl Comeback {
    fn after_loss(&mut self, end: End, lasted: Duration) -> Duration {
        if lasted >= STEADY {
            *self = Self::default();
        }
        if end == End::Closed && self.tried {
            return self.after_failure();
        }
        self.tried = true;
        SOON.mul_f64(rand::random_range(0.0..1.0))
    }

    fn after_failure(&mut self) -> Duration {
        let most = FIRST_WAIT * 2_u32.pow(self.failures.min(10));
        self.failures += 1;
        most.min(LONGEST_WAIT).mul_f64(rand::random_range(0.75..1.0))
    }
}

async fn open(ledger: &Ledger) -> Result<WebSocketStream<TcpStream>, Failed> {
    let tcp = TcpStream::connect(ledger.address).await.map_err(|_| Failed::Refused)?;
    let config = WebSocketConfig::default().read_buffer_size(8 * 1024).write_buffer_size(0);
    let request = format!("ws://{}/ws", ledger.address).into_client_request();
    let mut request = request.map_err(|_| Failed::Cut)?;
    let bearer = HeaderValue::from_str(&format!("Bearer {}", ledger.token)).unwrap();
    request.headers_mut().insert("authorization", bearer);
    let upgraded = tokio_tungstenite::client_async_with_config(request, tcp, Some(config)).await;
    match upgraded {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(answer)) => Err(Failed::Answered(answer.status().as_u16())),
        Err(_) => Err(Failed::Cut),
    }
}

/// What somebody sees.
struct Page<'a> {
    ledger: &'a Ledger,
    number: usize,
    /// How far the server's clock is ahead, as the newest frame says.
    clock: Option<i64>,
    topics: Vec<Shown>,
}

/// One topic as it is shown.
struct Shown {
    topic: String,
    seq: u64,
    taken_ms: Option<i64>,
    interval_ms: i64,
}

async fn look(page: &mut Page<'_>, frames: &Frames, mut socket: WebSocketStream<TcpStream>) -> End {
    let mut heard = tokio::time::Instant::now();
    let mut asked = false;
    let mut glances = tokio::time::interval(GLANCE);
    glances.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        let patience = if asked { GIVE_UP_AFTER } else { ASK_AFTER };
        tokio::select! {
            // What arrived counts, however late this task gets to it.
            biased;
            message = socket.next() => {
                heard = tokio::time::Instant::now();
                asked = false;
                match message {
                    Some(Ok(Message::Text(text))) => {
                        let frame = frames.read(&text);
                        if let Some(host) = &frame.greets_with
                            && subscribe(&mut socket, host, page.number).await.is_err()
                        {
                            return End::Closed;
                        }
                        page.take(&frame);
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return End::Closed,
                    Some(Ok(_)) => {}
                }
            }
            () = sleep_until(heard + patience) => {
                if asked {
                    return End::Silent;
                }
                asked = true;
                let ping = Message::text(r#"{"type":"ping","id":1}"#);
                // Whether it went out shows in whether an answer comes.
                let _ = timeout(GLANCE, socket.send(ping)).await;
            }
            _ = glances.tick() => page.glance(),
        }
    }
}

/// Everybody looks at the host, one in four at its processes too.
async fn subscribe(
    socket: &mut WebSocketStream<TcpStream>,
    host: &str,
    number: usize,
) -> Result<(), Error> {
    let mut topics = vec![format!("host/{host}")];
    if number.is_multiple_of(4) {
        topics.push(format!("host/{host}/processes"));
    }
    for topic in topics {
        let text = format!(r#"{{"type":"subscribe","topic":"{topic}"}}"#);
        socket.send(Message::text(text)).await?;
    }
    Ok(())
}

impl Page<'_> {
    /// Takes a frame in.
    fn take(&mut self, frame: &Frame) {
        if let Some(server_ms) = frame.server_time_ms {
            let ahead = server_ms - wall_ms();
            self.clock = Some(self.clock.map_or(ahead, |known| known.max(ahead)));
        }
        let (Some(topic), Some(seq)) = (&frame.topic, frame.seq) else {
            if frame.kind == "gone" || frame.kind == "error" {
                self.ledger.broken(format!("viewer {} was told {frame:?}", self.number));
            }
            return;
        };
        let known = self.topics.iter_mut().find(|shown| shown.topic == *topic);
        match (known, frame.kind.as_str()) {
            (None, "full") => self.topics.push(Shown {
                topic: topic.clone(),
                seq,
                taken_ms: frame.taken_ms,
                interval_ms: frame.interval_ms.unwrap_or(0),
            }),
            (Some(shown), "full") if seq > shown.seq => shown.take(seq, frame),
            (Some(shown), "patch") if seq == shown.seq + 1 => shown.take(seq, frame),
            (known, kind) => {
                let before = known.map(|shown| shown.seq);
                let what = format!("a {kind} of {topic} with seq {seq} after {before:?}");
                self.ledger.broken(format!("viewer {} got {what}", self.number));
                return;
            }
        }
        self.glance();
        let is_host = !topic.ends_with("/processes");
        if let Some(taken_ms) = frame.taken_ms.filter(|_| is_host) {
            self.ledger.values(self.number, taken_ms);
        }
    }

    /// Somebody looks: is what the page calls fresh really that?
    fn glance(&self) {
        let now = wall_ms();
        let Some(ahead) = self.clock else { return };
        for shown in &self.topics {
            let Some(taken_ms) = shown.taken_ms else { continue };
            let age_as_shown = now + ahead - taken_ms;
            let age = now - taken_ms;
            let limit = STALE_INTERVALS * shown.interval_ms;
            if age_as_shown > limit {
                continue;
            }
            self.ledger.shown_as_fresh(age);
            if age > limit + SLACK_MS {
                let (topic, number) = (&shown.topic, self.number);
                let what = format!("viewer {number}: {topic} of {age} ms ago is shown as fresh");
                self.ledger.broken(what);
            }
        }
    }
}

impl Shown {
    fn take(&mut self, seq: u64, frame: &Frame) {
        self.seq = seq;
        self.taken_ms = frame.taken_ms.or(self.taken_ms);
        self.interval_ms = frame.interval_ms.unwrap_or(self.interval_ms);
    }
}

/// What of a message counts here.
#[derive(Debug, Default)]
pub(super) struct Frame {
    kind: String,
    topic: Option<String>,
    seq: Option<u64>,
    server_time_ms: Option<i64>,
    /// When the values were read: processors of a host, the table of processes.
    taken_ms: Option<i64>,
    interval_ms: Option<i64>,
    /// The host that a `hello` names.
    greets_with: Option<String>,
}

impl Frame {
    fn read(text: &str) -> Self {
        let message: Value = serde_json::from_str(text).unwrap();
        let word = |key: &str| message[key].as_str().map(ToOwned::to_owned);
        let document = if message["type"] == "patch" {
            &message["patch"]["replace"]
        } else {
            &message["data"]
        };
        let section = document.get("cpu").or(document.get("summary")).unwrap_or(&Value::Null);
        Self {
            kind: word("type").unwrap_or_default(),
            topic: word("topic"),
            seq: message["seq"].as_u64(),
            server_time_ms: message["server_time_ms"].as_i64(),
            taken_ms: section["taken_at_ms"].as_i64(),
            interval_ms: section["interval_ms"].as_i64(),
            greets_with: word("host"),
        }
    }
}

/// The newest frames, read once for all viewers: they get the same bytes.
#[derive(Debug, Default)]
pub(super) struct Frames(Mutex<Vec<(Utf8Bytes, Arc<Frame>)>>);

impl Frames {
    const KEPT: usize = 6;

    fn read(&self, text: &Utf8Bytes) -> Arc<Frame> {
        let mut kept = self.0.lock().unwrap();
        if let Some((_, frame)) = kept.iter().find(|(known, _)| known == text) {
            return frame.clone();
        }
        let frame = Arc::new(Frame::read(text));
        if kept.len() == Self::KEPT {
            kept.remove(0);
        }
        kept.push((text.clone(), frame.clone()));
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: &str, seq: u64, server_ms: i64, taken_ms: i64) -> Frame {
        let cpu = serde_json::json!({ "cpu": { "taken_at_ms": taken_ms, "interval_ms": 2000 } });
        let body = if kind == "patch" {
            ("patch", serde_json::json!({ "replace": cpu }))
        } else {
            ("data", cpu)
        };
        let mut message = serde_json::json!({
            "type": kind, "topic": "host/a", "seq": seq, "server_time_ms": server_ms,
        });
        message[body.0] = body.1;
        Frame::read(&message.to_string())
    }

    /// What a viewer complains of who gets these frames.
    fn complaints(frames: &[Frame]) -> Vec<String> {
        let ledger = Ledger::new(([127, 0, 0, 1], 1).into(), String::new(), 1);
        ledger.opened(0, Instant::now());
        let mut page = Page { ledger: &ledger, number: 0, clock: None, topics: Vec::new() };
        for frame in frames {
            page.take(frame);
        }
        ledger.outcome().examples
    }

    #[test]
    fn viewers_notice_gaps_and_lies() {
        let now = wall_ms();
        let good =
            [frame("full", 7, now, now), frame("patch", 8, now, now), frame("full", 9, now, now)];
        assert_eq!(complaints(&good), Vec::<String>::new());
        let gap = complaints(&[frame("full", 7, now, now), frame("patch", 9, now, now)]);
        assert!(gap[0].contains("seq 9 after Some(7)"), "{gap:?}");
        let twice = complaints(&[frame("full", 7, now, now), frame("full", 7, now, now)]);
        assert!(twice[0].contains("seq 7 after Some(7)"), "{twice:?}");
        let from_nowhere = complaints(&[frame("patch", 7, now, now)]);
        assert_eq!(from_nowhere.len(), 1);
        // Old, and shown as old, is no lie. With a clock that stood still it is one.
        let old = complaints(&[frame("full", 7, now, now - 10_000)]);
        assert_eq!(old, Vec::<String>::new());
        let lie = complaints(&[frame("full", 7, now - 10_000, now - 10_000)]);
        assert!(lie[0].contains("shown as fresh"), "{lie:?}");
    }

    #[test]
    fn waits_are_those_of_the_page() {
        let mut comeback = Comeback::default();
        let long = Duration::from_secs(60);
        assert!(comeback.after_loss(End::Closed, long) <= SOON);
        assert!(comeback.after_loss(End::Closed, Duration::ZERO) > SOON, "only once in a hurry");
        let waits: Vec<_> = (0..5).map(|_| comeback.after_failure()).collect();
        assert!(waits.is_sorted_by(|a, b| a < b || *b >= LONGEST_WAIT.mul_f64(0.75)), "{waits:?}");
        assert!(waits[4] >= LONGEST_WAIT.mul_f64(0.75) && waits[4] <= LONGEST_WAIT, "{waits:?}");
        assert!(comeback.after_loss(End::Silent, Duration::ZERO) <= SOON);
        assert!(comeback.after_loss(End::Closed, STEADY) <= SOON);
    }
}
