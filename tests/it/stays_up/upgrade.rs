//! The executable is replaced while it runs: the next worker runs the new file, and where the new
//! one does not work, what the manager itself is.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::process::Pid;

use super::fleet::Fleet;
use super::server::{self, Server, Setup};
use super::{VIEWERS, alone, keeps_the_promise, promise};

/// A copy that is another file with other bytes and does the same: what is behind the end of an ELF
/// file is not loaded.
fn another_build(at: &Path, name: &str) {
    fs::copy(server::program(), at).unwrap();
    let mut file = fs::OpenOptions::new().append(true).open(at).unwrap();
    file.write_all(name.as_bytes()).unwrap();
    // To be executed, nobody may have it open to write.
    drop(file);
}

/// Device and number of the file that a process runs.
fn image(pid: Pid) -> (u64, u64) {
    file(Path::new(&format!("/proc/{}/exe", pid.as_raw_nonzero())))
}

fn file(path: &Path) -> (u64, u64) {
    let metadata = fs::metadata(path).unwrap();
    (metadata.dev(), metadata.ino())
}

/// The path that the kernel says a process was started from.
fn called(pid: Pid) -> String {
    let path = fs::read_link(format!("/proc/{}/exe", pid.as_raw_nonzero())).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Asks for a restart, waits for everybody, and gives the new worker.
fn restart(scenario: &str, server: &Server) -> Pid {
    // New ones each time: who was lost a moment ago waits longer before coming back.
    let fleet = Fleet::start(server, VIEWERS);
    let old = server.worker();
    fleet.mark();
    server.restart();
    let outcome = fleet.until_live(promise());
    keeps_the_promise(scenario, &outcome);
    let new = server.worker();
    assert_ne!(new, old, "the same worker serves");
    new
}

#[test]
fn an_upgrade_in_place_needs_no_more_than_a_restart() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("smonitor");
    another_build(&program, "first");
    let server = Server::start(&Setup { program: program.clone(), ..Setup::default() });
    let own = image(server.manager());
    assert_eq!((image(server.worker()), file(&program)), (own, own));

    let beside = folder.path().join("smonitor.new");
    another_build(&beside, "second");
    fs::rename(&beside, &program).unwrap();
    let worker = restart("upgrade by rename, POST /restart", &server);
    assert_eq!(image(worker), file(&program), "it runs another file");
    assert_eq!(called(worker), program.to_str().unwrap());

    fs::remove_file(&program).unwrap();
    another_build(&program, "third");
    let worker = restart("upgrade by remove and copy, POST /restart", &server);
    assert_eq!(image(worker), file(&program), "it runs another file");
    assert_eq!(called(worker), program.to_str().unwrap());
    assert_ne!(image(worker), own);
    assert_eq!(server.end(), Some(0));
}

#[test]
fn a_new_file_that_does_not_work_is_not_used() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("smonitor");
    another_build(&program, "first");
    let server = Server::start(&Setup { program: program.clone(), ..Setup::default() });
    let own = image(server.manager());
    let mut tellings = 0;
    let mut falls_back = |scenario: &str| {
        let worker = restart(scenario, &server);
        assert_eq!(image(worker), own, "{scenario}: it runs {}", called(worker));
        let told = server.logs().matches("taking the manager's own image").count();
        assert!(told > tellings, "{scenario}: nothing was said:\n{}", server.logs());
        tellings = told;
    };

    fs::remove_file(&program).unwrap();
    falls_back("file gone, POST /restart");

    fs::copy(server::program(), &program).unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o644)).unwrap();
    falls_back("file not executable, POST /restart");

    fs::write(&program, "half a download").unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    falls_back("file no program, POST /restart");

    fs::write(&program, "#!/bin/sh\nexit 1\n").unwrap();
    falls_back("file fails at once, POST /restart");

    fs::remove_file(&program).unwrap();
    another_build(&program, "second");
    let worker = restart("file good again, POST /restart", &server);
    assert_eq!(image(worker), file(&program), "it runs {}", called(worker));
    assert_eq!(server.end(), Some(0));
}

/// As versions beside each other are installed, with a link to the one that counts.
#[test]
fn an_upgrade_may_turn_a_link() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    another_build(&at("smonitor-1"), "first");
    another_build(&at("smonitor-2"), "second");
    std::os::unix::fs::symlink("smonitor-1", at("smonitor")).unwrap();
    let server = Server::start(&Setup { program: at("smonitor"), ..Setup::default() });
    assert_eq!(image(server.worker()), file(&at("smonitor-1")));
    std::os::unix::fs::symlink("smonitor-2", at("new")).unwrap();
    fs::rename(at("new"), at("smonitor")).unwrap();
    let worker = restart("upgrade by turning a link, POST /restart", &server);
    assert_eq!(image(worker), file(&at("smonitor-2")), "it runs {}", called(worker));
    fs::remove_file(at("smonitor")).unwrap();
    let worker = restart("link gone, POST /restart", &server);
    assert_eq!(image(worker), file(&at("smonitor-1")), "it runs {}", called(worker));
    assert!(server.logs().contains("taking the file that the manager was started from"));
    assert_eq!(server.end(), Some(0));
}
