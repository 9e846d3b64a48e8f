//! What must go on working in the sandbox: everything a server does.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::time::Duration;

use smonitor::clock::Clock;
use smonitor::host::{self, Context, Roots};
use smonitor::model::{Reading, Reason};
use smonitor::state_dir::StateDir;

use super::{Stage, inside, on_a_thread, settings};

#[test]
fn the_state_folder_is_written_as_before() {
    let stage = Stage::new();
    let folder = stage.state().join("folder");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    inside(&settings(std::slice::from_ref(&folder)), || {
        let state = StateDir::open(&folder).unwrap();
        state.write("sessions", b"one").unwrap();
        state.write("sessions", b"two").unwrap();
        assert_eq!(state.read("sessions").unwrap().as_deref(), Some(&b"two"[..]));
        state.remove("sessions").unwrap();
        let _lock = state.lock().unwrap();
        fs::create_dir(folder.join("below")).unwrap();
        fs::write(folder.join("below/file"), "x").unwrap();
        fs::rename(folder.join("below/file"), folder.join("file")).unwrap();
        fs::remove_dir(folder.join("below")).unwrap();
        let socket = folder.join("socket");
        let mine = UnixDatagram::bind(&socket).unwrap();
        UnixDatagram::unbound().unwrap().send_to(b"beat", &socket).unwrap();
        assert_eq!(mine.recv(&mut [0; 8]).unwrap(), 4);
    });
}

#[test]
fn sockets_that_are_open_are_served() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let viewer = std::thread::spawn(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"hello").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    inside(&settings(&[]), || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.unwrap().block_on(async move {
            use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
            listener.set_nonblocking(true).unwrap();
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let mut hello = [0; 5];
            stream.read_exact(&mut hello).await.unwrap();
            stream.write_all(&hello).await.unwrap();
            tokio::time::sleep(Duration::from_millis(1)).await;
        });
    });
    assert_eq!(viewer.join().unwrap(), "hello");
}

#[test]
fn local_services_are_asked() {
    let stage = Stage::new();
    let path = stage.outside().join("bus");
    let listener = UnixListener::bind(&path).unwrap();
    let answering = std::thread::spawn(move || listener.accept().unwrap().0.write_all(b"me"));
    let answer = inside(&settings(&[]), || {
        let mut answer = String::new();
        UnixStream::connect(&path).unwrap().read_to_string(&mut answer).unwrap();
        assert!(nix::ifaddrs::getifaddrs().unwrap().next().is_some(), "addresses over netlink");
        assert!(uzers::get_user_by_uid(0).is_some(), "names of users");
        answer
    });
    answering.join().unwrap().unwrap();
    assert_eq!(answer, "me");
}

#[test]
fn the_devices_of_cards_are_opened_and_asked_and_no_others() {
    use smonitor::sandbox::Settings;
    if !super::has_all_guards("the_devices_of_cards_are_opened_and_asked_and_no_others") {
        return;
    }
    let open = |path: &str| fs::OpenOptions::new().read(true).write(true).open(path);
    let errno = |result: std::io::Result<libc::c_long>| result.unwrap_err().raw_os_error();
    // /dev/null stands for a card: it opens like one and knows no commands.
    let card = Settings { devices: vec!["/dev/null".into()], ..settings(&[]) };
    inside(&card, || {
        use std::os::fd::AsRawFd as _;
        let device = open("/dev/null").unwrap();
        let ask = |command| {
            let descriptor = device.as_raw_fd().into();
            super::raw::call(libc::SYS_ioctl, [descriptor, command, 0, 0, 0, 0])
        };
        assert_eq!(errno(ask(0xc020_462a)), Some(libc::ENOTTY), "the driver is asked");
        assert_eq!(errno(ask(0x5412)), Some(libc::EPERM), "TIOCSTI");
        assert_eq!(open("/dev/zero").unwrap_err().raw_os_error(), Some(libc::EACCES));
    });
    inside(&settings(&[]), || assert!(open("/dev/null").is_err(), "where there is no card"));
}

#[test]
fn a_panic_still_has_its_backtrace() {
    let backtrace = inside(&settings(&[]), || {
        let threads: Vec<_> = (0..4).map(|n| std::thread::spawn(move || n)).collect();
        assert_eq!(threads.into_iter().map(|t| t.join().unwrap()).sum::<i32>(), 6);
        assert!(std::thread::available_parallelism().is_ok());
        std::backtrace::Backtrace::force_capture().to_string()
    });
    assert!(backtrace.contains("a_panic_still_has_its_backtrace"), "{backtrace}");
}

#[test]
fn who_a_process_is_can_be_told() {
    let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    let pid = child.id();
    let rows = inside(&settings(&[]), move || {
        // What names of users in containers are found by: the short way, `root`, is closed here.
        for name in ["uid_map", "mountinfo"] {
            let text = fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap();
            assert!(!text.is_empty(), "{name}");
        }
        let context = Context {
            roots: Roots::live(),
            clock: Clock::system(),
            rate_window: Duration::from_secs(60),
        };
        let mut follower = host::process::follow::Follower::new(context);
        // A busy machine may need more than one run.
        for _ in 0..100 {
            let rows = follower.read(&[pid]).unwrap();
            if rows.iter().all(|row| row.command.reason() != Some(Reason::NotCollected)) {
                return rows;
            }
        }
        panic!("no details in 100 runs");
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].command, Reading::Present("sleep 60".into()));
    assert!(rows[0].place.present().is_some(), "{:?}", rows[0].place);
}

/// What every source is missing after two looks at this machine.
fn look() -> BTreeMap<&'static str, Vec<String>> {
    let context = Context {
        roots: Roots::live(),
        clock: Clock::system(),
        rate_window: Duration::from_secs(60),
    };
    let all = host::sources(&context, host::Settings::default()).into_iter();
    all.map(|mut source| {
        let mut found: Vec<String> =
            (0..2).map(|_| format!("{:?}", source.collect().map(drop))).collect();
        found.extend(
            source.findings().iter().map(|one| format!("{} {:?}", one.what, one.problem.reason)),
        );
        (source.name(), found)
    })
    .collect()
}

#[test]
fn every_source_reads_what_it_reads_outside() {
    let stage = Stage::new();
    let outside = on_a_thread(look);
    let within = inside(&settings(&[stage.state()]), look);
    assert!(outside.len() > 10, "{outside:?}");
    assert_eq!(within, outside);
}
