//! Ways to write outside of the state folder.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, chown, lchown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::SystemTime;

use rustix::fs::{CWD, FileType, Mode, OFlags, RenameFlags, XattrFlags};

use super::{Stage, assert_refused, has_all_guards, inside, raw, refused_only_inside, settings};

fn open(path: &Path, flags: OFlags) -> io::Result<()> {
    rustix::fs::open(path, flags | OFlags::CLOEXEC, Mode::from_raw_mode(0o600))?;
    Ok(())
}

fn c_path(path: &Path) -> std::ffi::CString {
    std::ffi::CString::new(path.as_os_str().as_bytes()).unwrap()
}

#[test]
fn files_outside_are_not_opened_for_writing() {
    if !has_all_guards("files_outside_are_not_opened_for_writing") {
        return;
    }
    refused_only_inside("create", |stage| File::create_new(stage.free()).map(drop));
    refused_only_inside("append", |stage| {
        OpenOptions::new().append(true).open(stage.file()).map(drop)
    });
    refused_only_inside("cut", |stage| File::create(stage.file()).map(drop));
    refused_only_inside("cut while reading", |stage| {
        open(&stage.file(), OFlags::RDONLY | OFlags::TRUNC)
    });
    refused_only_inside("cut by name", |stage| {
        raw::call_path(libc::SYS_truncate, &c_path(&stage.file()), [0; 5]).map(drop)
    });
    refused_only_inside("a file without a name", |stage| {
        open(&stage.outside(), OFlags::RDWR | OFlags::TMPFILE)
    });
    refused_only_inside("by another path", |stage| {
        let path = format!("/proc/self/root{}", stage.free().display());
        File::create_new(path).map(drop)
    });
    refused_only_inside("by ..", |stage| {
        File::create_new(stage.state().join("../outside/new")).map(drop)
    });
    refused_only_inside("open again for writing", |stage| {
        let reading = File::open(stage.file())?;
        let again = format!("/proc/self/fd/{}", reading.as_raw_fd());
        OpenOptions::new().write(true).open(again).map(drop)
    });
    refused_only_inside("its own memory", |_| {
        OpenOptions::new().write(true).open("/proc/self/mem").map(drop)
    });
    refused_only_inside("what the kernel keeps of it", |_| {
        OpenOptions::new().write(true).open("/proc/self/comm").map(drop)
    });
    refused_only_inside("a device", |_| OpenOptions::new().write(true).open("/dev/null").map(drop));
}

#[test]
fn folders_outside_stay_as_they_are() {
    if !has_all_guards("folders_outside_stay_as_they_are") {
        return;
    }
    refused_only_inside("make a folder", |stage| fs::create_dir(stage.free()));
    refused_only_inside("remove", |stage| fs::remove_file(stage.file()));
    refused_only_inside("remove a folder", |stage| fs::remove_dir(stage.empty()));
    refused_only_inside("rename", |stage| fs::rename(stage.file(), stage.free()));
    refused_only_inside("rename out", |stage| fs::rename(stage.state().join("own"), stage.free()));
    refused_only_inside("rename over", |stage| fs::rename(stage.state().join("own"), stage.file()));
    refused_only_inside("rename in", |stage| fs::rename(stage.file(), stage.state().join("new")));
    refused_only_inside("exchange", |stage| {
        let own = stage.state().join("own");
        let both = RenameFlags::EXCHANGE;
        Ok(rustix::fs::renameat_with(CWD, own, CWD, stage.file(), both)?)
    });
    refused_only_inside("link out", |stage| fs::hard_link(stage.state().join("own"), stage.free()));
    refused_only_inside("link in", |stage| fs::hard_link(stage.file(), stage.state().join("new")));
    refused_only_inside("symbolic link", |stage| symlink("/", stage.free()));
    refused_only_inside("symbolic link in the state folder", |stage| {
        symlink(stage.outside(), stage.state().join("new"))
    });
    refused_only_inside("pipe", |stage| {
        let mode = Mode::from_raw_mode(0o600);
        Ok(rustix::fs::mknodat(CWD, stage.free(), FileType::Fifo, mode, 0)?)
    });
    refused_only_inside("socket", |stage| UnixListener::bind(stage.free()).map(drop));
}

#[test]
fn what_landlock_does_not_guard_is_refused_too() {
    if !has_all_guards("what_landlock_does_not_guard_is_refused_too") {
        return;
    }
    refused_only_inside("mode", |stage| {
        fs::set_permissions(stage.file(), Permissions::from_mode(0o777))
    });
    refused_only_inside("mode of what is open", |stage| {
        File::open(stage.file())?.set_permissions(Permissions::from_mode(0o777))
    });
    refused_only_inside("owner", |stage| chown(stage.file(), None, None));
    refused_only_inside("owner of a link", |stage| lchown(stage.file(), None, None));
    refused_only_inside("owner of what is open", |stage| {
        std::os::unix::fs::fchown(File::open(stage.file())?, None, None)
    });
    refused_only_inside("times", |stage| {
        File::open(stage.file())?.set_modified(SystemTime::UNIX_EPOCH)
    });
    let probe = Stage::new();
    let set = |stage: &Stage| {
        Ok(rustix::fs::setxattr(stage.file(), "user.smonitor", b"1", XattrFlags::empty())?)
    };
    match set(&probe) {
        Ok(()) => refused_only_inside("attribute", set),
        Err(error) => {
            eprintln!("not shown here: attributes of files ({error})");
            let stage = Stage::new();
            assert_refused("attribute", inside(&settings(&[stage.state()]), || set(&stage)));
        }
    }
    refused_only_inside("a driver's command", |stage| {
        // Drivers of files that know no attributes say so, which is a refusal of another kind.
        let file = File::open(stage.file())?;
        match rustix::fs::ioctl_getflags(&file) {
            Ok(_) | Err(rustix::io::Errno::NOTTY) => Ok(()),
            Err(error) => Err(error.into()),
        }
    });
}

#[test]
fn a_link_that_was_there_leads_nowhere() {
    if !has_all_guards("a_link_that_was_there_leads_nowhere") {
        return;
    }
    let stage = Stage::new();
    let link = stage.state().join("link");
    symlink(stage.file(), &link).unwrap();
    let write = || OpenOptions::new().write(true).open(&link).map(drop);
    write().unwrap();
    assert_refused("write through a link", inside(&settings(&[stage.state()]), write));
}

#[test]
fn where_nothing_may_be_written_nothing_is_whatever_the_kernel_has() {
    // Landlock is left out, so that this is what filters of system calls can do alone.
    let alone = smonitor::sandbox::Settings {
        without_landlock: Some("left out by a test".to_owned()),
        ..settings(&[])
    };
    type Attempt = fn(&Stage) -> io::Result<()>;
    let attempts: [(&str, Attempt); 8] = [
        ("create", |stage| File::create_new(stage.free()).map(drop)),
        ("append", |stage| OpenOptions::new().append(true).open(stage.file()).map(drop)),
        ("cut while reading", |stage| open(&stage.file(), OFlags::RDONLY | OFlags::TRUNC)),
        ("create while reading", |stage| open(&stage.free(), OFlags::RDONLY | OFlags::CREATE)),
        ("read and write", |stage| open(&stage.file(), OFlags::RDWR)),
        ("make a folder", |stage| fs::create_dir(stage.free())),
        ("remove", |stage| fs::remove_file(stage.file())),
        ("rename", |stage| fs::rename(stage.file(), stage.free())),
    ];
    for (name, attempt) in attempts {
        attempt(&Stage::new()).unwrap_or_else(|error| panic!("{name}, outside: {error}"));
        let stage = Stage::new();
        assert_refused(name, inside(&alone, || attempt(&stage)));
    }
    let stage = Stage::new();
    inside(&alone, || fs::read(stage.file())).expect("reading goes on");
}

#[test]
fn what_was_open_before_can_be_written_on() {
    let stage = Stage::new();
    let mut log = OpenOptions::new().append(true).open(stage.file()).unwrap();
    inside(&settings(&[stage.state()]), || log.write_all(b" but by its log")).unwrap();
    assert_eq!(fs::read(stage.file()).unwrap(), b"not to be changed but by its log");
}
