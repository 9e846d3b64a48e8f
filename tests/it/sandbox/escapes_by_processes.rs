//! Ways to start programs and to reach other processes.

use std::ffi::CString;
use std::io::{self, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use libc::c_long;
use rustix::fs::MemfdFlags;
use rustix::io::Errno;
use rustix::process::{Pid, Signal};

use super::raw::{self, address};
use super::{Stage, assert_refused, inside, on_a_thread, settings};

const TRUE: &str = "/bin/true";

/// A process of somebody else, as far as the sandbox is concerned. Ends with the test.
struct Other(Child);

impl Other {
    fn new() -> Self {
        let mut sleep = Command::new("sleep");
        // A test that dies must not leave one behind that holds what it was given.
        sleep.arg("60").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(sleep.spawn().unwrap())
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.0)
    }

    fn number(&self) -> c_long {
        c_long::from(self.pid().as_raw_nonzero().get())
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// The bytes of a program in memory, as a file that has no name.
fn in_memory() -> OwnedFd {
    let memory = rustix::fs::memfd_create("smonitor-test", MemfdFlags::empty()).unwrap();
    let mut file = std::fs::File::from(memory);
    file.write_all(&std::fs::read(TRUE).unwrap()).unwrap();
    file.into()
}

#[test]
fn no_program_is_started_by_any_door() {
    let run = |program: PathBuf| Command::new(program).status().map(drop);
    on_a_thread(|| run(TRUE.into())).unwrap();
    assert_refused("a command", inside(&settings(&[]), || run(TRUE.into())));

    // A script of its own, where it may write.
    let stage = Stage::new();
    let script = stage.state().join("script");
    std::fs::write(&script, "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
    on_a_thread(|| run(script.clone())).unwrap();
    let own = settings(&[stage.state()]);
    assert_refused("a script of its own", inside(&own, || run(script.clone())));

    // A file in memory that was there before: by its descriptor, and by the name of that.
    let memory = in_memory();
    let named = PathBuf::from(format!("/proc/self/fd/{}", memory.as_raw_fd()));
    on_a_thread(|| run(named.clone())).unwrap();
    assert_refused("memory by its name", inside(&settings(&[]), || run(named.clone())));
    let fresh = || rustix::fs::memfd_create("smonitor-test", MemfdFlags::CLOEXEC).map(drop);
    on_a_thread(fresh).unwrap();
    assert_refused("a file in memory", inside(&settings(&[]), || Ok(fresh()?)));

    // By itself, replacing this process: outside only in a way that cannot work.
    let (empty, nowhere) = (c"", c"/nonexistent/program");
    let memory = c_long::from(memory.as_raw_fd());
    let at_descriptor = [memory, address(empty), 0, 0, c_long::from(libc::AT_EMPTY_PATH), 0];
    let at_nothing = [-1, address(empty), 0, 0, c_long::from(libc::AT_EMPTY_PATH), 0];
    let program = CString::new(TRUE).unwrap();
    let natural = on_a_thread(|| raw::call_path(libc::SYS_execve, nowhere, [0; 5]));
    assert_eq!(Errno::from_io_error(&natural.unwrap_err()), Some(Errno::NOENT));
    let natural = on_a_thread(|| raw::call(libc::SYS_execveat, at_nothing));
    assert_eq!(Errno::from_io_error(&natural.unwrap_err()), Some(Errno::BADF));
    inside(&settings(&[]), || {
        assert_refused("execve", raw::call_path(libc::SYS_execve, &program, [0; 5]));
        assert_refused("execveat", raw::call(libc::SYS_execveat, at_descriptor));
    });
}

#[test]
fn no_process_is_made_and_no_namespace() {
    // Flags that the kernel itself would refuse with EINVAL, so that outside nothing happens.
    let impossible = c_long::from(libc::CLONE_SIGHAND);
    let threadlike = c_long::from(libc::CLONE_THREAD);
    let mut attempts = vec![("a process", impossible)];
    for (name, flag) in [
        ("users", libc::CLONE_NEWUSER),
        ("mounts", libc::CLONE_NEWNS),
        ("network", libc::CLONE_NEWNET),
        ("processes", libc::CLONE_NEWPID),
        ("names", libc::CLONE_NEWUTS),
        ("messages", libc::CLONE_NEWIPC),
        ("control groups", libc::CLONE_NEWCGROUP),
    ] {
        attempts.push((name, threadlike | c_long::from(flag)));
    }
    for (name, flags) in attempts {
        let clone = || raw::call(libc::SYS_clone, [flags, 0, 0, 0, 0, 0]);
        let natural = Errno::from_io_error(&on_a_thread(clone).unwrap_err());
        assert_eq!(natural, Some(Errno::INVAL), "{name}");
        let refused = Errno::from_io_error(&inside(&settings(&[]), clone).unwrap_err());
        assert_eq!(refused, Some(Errno::PERM), "{name}");
    }
    // The C library then takes clone(2), of which the flags can be seen.
    let newer = || raw::call(libc::SYS_clone3, [0; 6]);
    let refused = Errno::from_io_error(&inside(&settings(&[]), newer).unwrap_err());
    assert_eq!(refused, Some(Errno::NOSYS));
}

#[test]
fn other_processes_get_no_signal() {
    let other = Other::new();
    let (pid, number) = (other.pid(), other.number());
    let own = c_long::from(std::process::id().cast_signed());
    let signal = c_long::from(libc::SIGCONT);
    let stage = Stage::new();
    // fcntl(2) would have the kernel send a signal of choice to whoever is named as owner.
    let by_descriptor = |command: c_long, argument: c_long| {
        let (one, _two) = std::os::unix::net::UnixStream::pair()?;
        let descriptor = c_long::from(one.as_raw_fd());
        raw::call(libc::SYS_fcntl, [descriptor, command, argument, 0, 0, 0]).map(drop)
    };
    let set_owner = || by_descriptor(c_long::from(libc::F_SETOWN), number);
    let set_signal = || by_descriptor(10, signal);
    let kill =
        |to: c_long, signal: c_long| raw::call(libc::SYS_kill, [to, signal, 0, 0, 0, 0]).map(drop);
    let thread_kill = || raw::call(libc::SYS_tgkill, [number, number, signal, 0, 0, 0]).map(drop);
    type Attempt<'a> = &'a (dyn Fn() -> io::Result<()> + Sync);
    let attempts: [(&str, Attempt); 8] = [
        ("is it there", &|| Ok(rustix::process::test_kill_process(pid)?)),
        ("signal", &|| Ok(rustix::process::kill_process(pid, Signal::CONT)?)),
        ("signal to a thread", &thread_kill),
        ("signal to a thread, the old way", &|| {
            raw::call(libc::SYS_tkill, [number, signal, 0, 0, 0, 0]).map(drop)
        }),
        ("signal to its own group", &|| kill(0, 0)),
        ("a descriptor of it", &|| {
            Ok(rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).map(drop)?)
        }),
        ("owner of a descriptor", &set_owner),
        ("signal of a descriptor", &set_signal),
    ];
    for (name, attempt) in attempts {
        on_a_thread(attempt).unwrap_or_else(|error| panic!("{name}, outside: {error}"));
        assert_refused(name, inside(&settings(&[stage.state()]), attempt));
    }
    // To itself it may: that is how it ends when it has to.
    inside(&settings(&[]), || kill(own, 0)).unwrap();
}

#[test]
fn other_processes_are_not_looked_into_or_changed() {
    let other = Other::new();
    let (pid, number) = (other.pid(), other.number());
    let memory = format!("/proc/{number}/mem");
    let limits = || raw::call(libc::SYS_prlimit64, [number, 7, 0, 0, 0, 0]).map(drop);
    let seize = || raw::call(libc::SYS_ptrace, [0x4206, number, 0, 0, 0, 0]).map(drop);
    let read = || raw::call(libc::SYS_process_vm_readv, [number, 0, 0, 0, 0, 0]).map(drop);
    type Attempt<'a> = &'a (dyn Fn() -> io::Result<()> + Sync);
    let attempts: [(&str, Attempt); 5] = [
        ("memory", &|| std::fs::File::open(&memory).map(drop)),
        ("memory by a call", &read),
        ("limits", &limits),
        ("priority", &|| Ok(rustix::process::setpriority_process(Some(pid), 10)?)),
        ("trace", &seize),
    ];
    for (name, attempt) in attempts {
        if let Err(error) = on_a_thread(attempt) {
            // Where tracing is forbidden to everybody.
            eprintln!("not shown here: {name} ({error})");
        }
        if name == "memory" && !super::has_all_guards("memory of other processes") {
            continue;
        }
        assert_refused(name, inside(&settings(&[]), attempt));
    }
    // Its own limits it may ask for.
    inside(&settings(&[]), || {
        assert!(rustix::process::getrlimit(rustix::process::Resource::Nofile).current.is_some());
    });
}
