//! Failed units, from buses that answer, that do not, and that answer nonsense; and from a real
//! dbus-daemon, where it is installed.

#![allow(
    clippy::disallowed_methods,
    reason = "these tests start the bus they talk to and look at how long real time was waited"
)]

use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use smonitor::clock::Clock;
use smonitor::host::units::UnitSource;
use smonitor::host::{Collected, Context, Source as _};
use smonitor::model::unit::{UNITS_MAX, Units};
use smonitor::model::{Reading, Reason, Text, UnixMillis};

use super::host_machine::{Machine, pause};
use fake::{Request, Systemd, admit, listen, read_line, read_request, reply};

mod fake;

const SINCE: u64 = 1_700_000_000_123_456;
const SINCE_MS: UnixMillis = UnixMillis(1_700_000_000_123);

/// A machine that runs systemd, of which nothing listens yet.
fn machine() -> Machine {
    let machine = Machine::empty();
    std::fs::create_dir_all(machine.path("run/systemd/system")).unwrap();
    machine
}

fn bus(machine: &Machine) -> PathBuf {
    machine.path("run/dbus/system_bus_socket")
}

/// The source in real time: what hangs must not hang for ever.
fn source(machine: &Machine) -> UnitSource {
    UnitSource::new(Context { clock: Clock::system(), ..machine.context() })
}

fn units(source: &mut UnitSource) -> Result<Units, Reason> {
    source.collect().map(|collected| match collected {
        Collected::Units(units) => units,
        other => panic!("{other:?}"),
    })
}

fn names(units: &Units) -> Vec<&str> {
    units.failed.iter().map(|unit| unit.key.as_str()).collect()
}

/// A machine whose bus does this with every connection after letting it in.
fn machine_with(with: impl Fn(UnixStream) + Send + 'static) -> Machine {
    let machine = machine();
    listen(&bus(&machine), move |_, mut stream| {
        admit(&mut stream);
        with(stream);
    });
    machine
}

#[test]
fn without_systemd_nothing_is_asked() {
    let machine = Machine::empty();
    let systemd = Systemd::with(&[("a.service", SINCE)]);
    let asked = systemd.clone();
    listen(&bus(&machine), move |_, mut stream| {
        admit(&mut stream);
        systemd.serve(&mut stream);
    });
    assert_eq!(units(&mut source(&machine)), Err(Reason::NotInstalled));
    assert_eq!(asked.take_asked(), [""; 0]);
    std::fs::create_dir_all(machine.path("run/systemd/system")).unwrap();
    assert_eq!(names(&units(&mut source(&machine)).unwrap()), ["a.service"]);
}

#[test]
fn failed_units_by_name_and_since_when() {
    for big_endian in [false, true] {
        let told = Systemd::with(&[("nfs-server.service", SINCE), ("backup.timer", 0)]);
        let systemd = Systemd { big_endian, ..told };
        let machine = machine_with({
            let systemd = systemd.clone();
            move |mut stream| systemd.serve(&mut stream)
        });
        let mut source = source(&machine);
        let found = units(&mut source).unwrap();
        assert_eq!(names(&found), ["backup.timer", "nfs-server.service"]);
        assert_eq!(found.failed[1].description.as_str(), "What nfs-server.service is for");
        assert_eq!(found.failed[1].sub_state.as_str(), "failed");
        assert_eq!(found.failed[1].since_ms, Reading::Present(SINCE_MS));
        assert_eq!(found.failed[0].since_ms, Reading::absent(Reason::NotSupported));
        let asked = ["Hello", "ListUnitsFiltered", "Get backup.timer", "Get nfs-server.service"];
        assert_eq!(systemd.take_asked(), asked);
        systemd.set(&[]);
        assert_eq!(units(&mut source), Ok(Units::default()));
        // It failed once more: another time.
        systemd.set(&[("nfs-server.service", SINCE + 9_000_000)]);
        let again = units(&mut source).unwrap();
        assert_eq!(again.failed[0].since_ms, Reading::Present(UnixMillis(SINCE_MS.0 + 9000)));
    }
}

#[test]
fn many_are_bounded_and_asked_again_in_turn() {
    let all: Vec<String> = (0..300).map(|number| format!("unit{number:03}.service")).collect();
    let told: Vec<(&str, u64)> = all.iter().map(|name| (name.as_str(), SINCE)).collect();
    let systemd = Systemd::with(&told);
    let machine = machine_with({
        let systemd = systemd.clone();
        move |mut stream| systemd.serve(&mut stream)
    });
    let mut source = source(&machine);
    let found = units(&mut source).unwrap();
    assert_eq!((found.failed.len(), found.left_out), (UNITS_MAX, 44));
    assert!(found.failed.iter().all(|unit| unit.since_ms == Reading::Present(SINCE_MS)));
    assert_eq!(systemd.take_asked().len(), 2 + UNITS_MAX);
    let later: Vec<(&str, u64)> = all.iter().map(|name| (name.as_str(), SINCE + 1000)).collect();
    systemd.set(&later);
    for run in 1..=16 {
        let found = units(&mut source).unwrap();
        let old = found.failed.iter().filter(|unit| unit.since_ms == Reading::Present(SINCE_MS));
        assert_eq!(old.count(), UNITS_MAX - run * 16);
        assert_eq!(systemd.take_asked().len(), 2 + 16);
    }
}

#[test]
fn an_answer_that_comes_byte_by_byte() {
    let systemd = Systemd::with(&[("a.service", SINCE)]);
    let machine = machine_with(move |mut stream| {
        while let Some(request) = read_request(&mut stream) {
            for byte in systemd.answer(&request) {
                stream.write_all(&[byte]).unwrap();
            }
        }
    });
    let found = units(&mut source(&machine)).unwrap();
    assert_eq!(found.failed[0].since_ms, Reading::Present(SINCE_MS));
}

#[test]
fn where_no_bus_runs_systemd_answers_itself() {
    let systemd = Systemd::with(&[("a.service", SINCE)]);
    let machine = machine();
    let mut source = source(&machine);
    assert_eq!(units(&mut source), Err(Reason::NotInstalled));
    let asked = systemd.clone();
    listen(&machine.path("run/systemd/private"), move |_, mut stream| {
        admit(&mut stream);
        systemd.serve(&mut stream);
    });
    assert_eq!(names(&units(&mut source).unwrap()), ["a.service"]);
    assert_eq!(asked.take_asked(), ["ListUnitsFiltered", "Get a.service"]);
    // So it is if the bus has ended and left its socket.
    std::fs::create_dir_all(machine.path("run/dbus")).unwrap();
    drop(std::os::unix::net::UnixListener::bind(bus(&machine)).unwrap());
    assert_eq!(names(&units(&mut source).unwrap()), ["a.service"]);
}

#[test]
fn an_error_has_its_reason() {
    for (name, reason) in [
        ("org.freedesktop.DBus.Error.AccessDenied", Reason::PermissionDenied),
        ("org.freedesktop.DBus.Error.NoReply", Reason::NotResponding),
        ("org.freedesktop.DBus.Error.UnknownMethod", Reason::NotSupported),
        ("org.freedesktop.DBus.Error.LimitsExceeded", Reason::OutOfResources),
        ("org.freedesktop.DBus.Error.NameHasNoOwner", Reason::NotInstalled),
        ("a.b\u{1b}[2J", Reason::ReadFailed),
    ] {
        let machine = machine_with(move |mut stream| {
            let hello = read_request(&mut stream).unwrap();
            stream.write_all(&Systemd::default().answer(&hello)).unwrap();
            let request = read_request(&mut stream).unwrap();
            stream.write_all(&reply(false, &request, Some(name), "", b"")).unwrap();
        });
        assert_eq!(units(&mut source(&machine)), Err(reason), "{name}");
    }
}

#[test]
fn times_that_do_not_come_cost_the_times_only() {
    let systemd = Systemd::with(&[("a.service", SINCE)]);
    let machine = machine_with(move |mut stream| {
        for _ in 0..2 {
            let request = read_request(&mut stream).unwrap();
            stream.write_all(&systemd.answer(&request)).unwrap();
        }
    });
    let found = units(&mut source(&machine)).unwrap();
    assert_eq!(found.failed[0].since_ms, Reading::absent(Reason::ReadFailed));
}

#[test]
fn nonsense_is_malformed_and_the_next_run_begins_anew() {
    // What comes instead of the answer to the first request.
    type Nonsense = fn(&mut UnixStream, &Request);
    let cases: [(Nonsense, Reason); 7] = [
        (|stream, _| stream.write_all(&[0xff; 100]).unwrap(), Reason::Malformed),
        // A message of 4 GiB, announced.
        (
            |stream, _| {
                stream.write_all(b"l\x02\x01\x01\xff\xff\xff\xff\x01\0\0\0\0\0\0\0").unwrap();
            },
            Reason::OutOfResources,
        ),
        // One that ends in the middle.
        (
            |stream, _| stream.write_all(b"l\x02\x01\x01\xff\0\0\0\x01\0\0\0\0\0\0\0abc").unwrap(),
            Reason::ReadFailed,
        ),
        (|_, _| {}, Reason::ReadFailed),
        (|stream, _| stream.write_all(&fake::signal(true).repeat(100)).unwrap(), Reason::Malformed),
        (
            |stream, hello| {
                stream.write_all(&Systemd::default().answer(hello)).unwrap();
                let request = read_request(stream).unwrap();
                let list = b"\x10\0\0\0\0\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0";
                stream.write_all(&reply(false, &request, None, "a(ssssssouso)", list)).unwrap();
            },
            Reason::Malformed,
        ),
        (
            |stream, hello| {
                stream.write_all(&Systemd::default().answer(hello)).unwrap();
                let request = read_request(stream).unwrap();
                stream.write_all(&reply(false, &request, None, "s", b"\0\0\0\0\0")).unwrap();
            },
            Reason::Malformed,
        ),
    ];
    for (number, (nonsense, reason)) in cases.into_iter().enumerate() {
        let machine = machine();
        let systemd = Systemd::with(&[("a.service", SINCE)]);
        listen(&bus(&machine), move |connection, mut stream| {
            admit(&mut stream);
            if connection == 0 {
                let hello = read_request(&mut stream).unwrap();
                nonsense(&mut stream, &hello);
            } else {
                systemd.serve(&mut stream);
            }
        });
        let mut source = source(&machine);
        assert_eq!(units(&mut source), Err(reason), "case {number}");
        assert_eq!(names(&units(&mut source).unwrap()), ["a.service"], "case {number}");
    }
}

#[test]
fn who_is_not_let_in_is_told() {
    let cases =
        [("REJECTED EXTERNAL\r\n", Reason::PermissionDenied), ("ERROR\r\n", Reason::Malformed)];
    for (line, reason) in cases {
        let machine = machine();
        listen(&bus(&machine), move |_, mut stream| {
            read_line(&mut stream);
            stream.write_all(line.as_bytes()).unwrap();
        });
        assert_eq!(units(&mut source(&machine)), Err(reason), "{line}");
    }
    let machine = machine();
    listen(&bus(&machine), |_, mut stream| {
        read_line(&mut stream);
        let _ = stream.write_all(&[b'x'; 2000]);
    });
    assert_eq!(units(&mut source(&machine)), Err(Reason::Malformed));
}

/// Asserts that a run gives up after about this time, and that the next one works.
fn gives_up(machine: &Machine, about: Duration) {
    let mut source = source(machine);
    let started = Instant::now();
    assert_eq!(units(&mut source), Err(Reason::NotResponding));
    let took = started.elapsed();
    assert!((about..about + Duration::from_millis(900)).contains(&took), "{took:?}");
    assert_eq!(names(&units(&mut source).unwrap()), ["a.service"]);
}

#[test]
fn a_bus_that_hangs_is_given_up() {
    let machine = machine();
    let systemd = Systemd::with(&[("a.service", SINCE)]);
    let mut kept = Vec::new();
    listen(&bus(&machine), move |connection, mut stream| {
        admit(&mut stream);
        if connection == 0 {
            kept.push(stream);
        } else {
            systemd.serve(&mut stream);
        }
    });
    gives_up(&machine, Duration::from_secs(2));
}

#[test]
fn a_bus_that_never_comes_to_an_end_is_given_up() {
    let machine = machine();
    let systemd = Systemd::with(&[("a.service", SINCE)]);
    listen(&bus(&machine), move |connection, mut stream| {
        admit(&mut stream);
        if connection > 0 {
            return systemd.serve(&mut stream);
        }
        let head = b"l\x02\x01\x01\xff\xff\0\0\x01\0\0\0\0\0\0\0";
        for byte in head.iter().chain(&[0; 4000]) {
            if stream.write_all(&[*byte]).is_err() {
                return;
            }
            for _ in 0..5 {
                pause();
            }
        }
    });
    gives_up(&machine, Duration::from_secs(4));
}

#[test]
fn a_bus_that_lets_nobody_in_is_given_up() {
    let machine = machine();
    std::fs::create_dir_all(machine.path("run/dbus")).unwrap();
    let listener = {
        use rustix::net::{AddressFamily, SocketAddrUnix, SocketType};
        let socket = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
        rustix::net::bind(&socket, &SocketAddrUnix::new(bus(&machine)).unwrap()).unwrap();
        rustix::net::listen(&socket, 0).unwrap();
        socket
    };
    let _waiting = UnixStream::connect(bus(&machine)).unwrap();
    let mut source = source(&machine);
    let started = Instant::now();
    assert_eq!(units(&mut source), Err(Reason::NotResponding));
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    drop(listener);
}

/// A dbus-daemon of the test's own; ends with it.
struct Daemon(Child);

impl Daemon {
    fn start(folder: &Path, socket: &Path) -> Option<Self> {
        let config = folder.join("bus.conf");
        let text = format!(
            r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
            "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig><type>system</type><listen>unix:path={}</listen><auth>EXTERNAL</auth>
            <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/>
            <allow own="*"/><allow user="*"/></policy></busconfig>"#,
            socket.display()
        );
        std::fs::create_dir_all(socket.parent().unwrap()).unwrap();
        std::fs::write(&config, text).unwrap();
        let mut command = std::process::Command::new("dbus-daemon");
        command.arg("--nofork").arg("--nopidfile").arg("--nosyslog");
        command.arg(format!("--config-file={}", config.display()));
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let daemon = Self(command.spawn().ok()?);
        for _ in 0..500 {
            if UnixStream::connect(socket).is_ok() {
                return Some(daemon);
            }
            pause();
        }
        panic!("dbus-daemon does not listen at {}", socket.display());
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn a_real_bus() {
    let machine = machine();
    let socket = bus(&machine);
    let folder = machine.path("");
    let Some(daemon) = Daemon::start(&folder, &socket) else {
        println!("skipped: dbus-daemon is not installed");
        return;
    };
    let mut source = source(&machine);
    assert_eq!(units(&mut source), Err(Reason::NotInstalled), "nobody has systemd's name");
    let all: Vec<String> = (0..300).map(|number| format!("unit{number:03}.service")).collect();
    let told: Vec<(&str, u64)> = all.iter().map(|name| (name.as_str(), SINCE)).collect();
    let systemd = Systemd::with(&told);
    fake::join(&socket, &systemd);
    let found = units(&mut source).unwrap();
    assert_eq!((found.failed.len(), found.left_out), (UNITS_MAX, 44));
    assert!(found.failed.iter().all(|unit| unit.since_ms == Reading::Present(SINCE_MS)));
    systemd.set(&[("nfs-server.service", SINCE)]);
    let started = Instant::now();
    let found = units(&mut source).unwrap();
    println!("a run with one failed unit took {:?}", started.elapsed());
    assert_eq!(found.failed[0].key, Text::from("nfs-server.service"));
    // A bus that is started anew is found by the next run.
    drop(daemon);
    assert_eq!(units(&mut source), Err(Reason::NotInstalled));
    let _daemon = Daemon::start(&folder, &socket).unwrap();
    fake::join(&socket, &systemd);
    assert_eq!(names(&units(&mut source).unwrap()), ["nfs-server.service"]);
}
