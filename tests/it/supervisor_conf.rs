//! `smonitor supervisor-conf`: the committed files, and what the command says and leaves alone.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use smonitor::commands::supervisor_conf::USER;
use smonitor::commands::supervisor_conf::program_files::{Log, Programs, is_untouched};

use crate::generated;

#[expect(clippy::disallowed_methods, reason = "the tests start the program itself")]
fn write_into(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smonitor"));
    command.arg("supervisor-conf").args(arguments).current_dir(folder).stdin(Stdio::null());
    command.env_clear().env("XDG_STATE_HOME", folder.join("state")).env("HOME", folder);
    command.output().unwrap()
}

#[test]
fn the_committed_files_are_those_of_an_ordinary_server() {
    let words = |text: &str| text.split(' ').map(ToOwned::to_owned).collect::<Vec<_>>();
    let both = "--config /etc/smonitor/config.json --state-dir /var/lib/smonitor";
    let programs = Programs {
        executable: "/usr/local/bin/smonitor".to_owned(),
        serve: words(&format!("--mode node {both}")),
        manage: words(both),
        user: Some(USER.to_owned()),
        log: Log::Folder("/var/log".to_owned()),
    };
    for (name, content) in programs.files().unwrap() {
        generated::assert_file(&Path::new("supervisor-conf").join(name), &content);
    }
}

#[test]
fn what_is_written_is_told_and_changes_of_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.json"), r#"{"server": {"port": 9000}}"#).unwrap();
    let file = folder.path().join("supervisor-conf/smonitor.conf");
    let arguments = ["--host", "0.0.0.0", "--port", "8080"];
    let output = write_into(folder.path(), &arguments);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    for words in [format!("wrote: {}\n", file.display()), "supervisorctl update".to_owned()] {
        assert!(said.contains(&words), "{said}");
    }
    let content = fs::read_to_string(&file).unwrap();
    let flags = format!(
        "smonitor --mode node --config {0}/config.json --state-dir {0}/state/smonitor --host 0.0.0.0 \
         --port 8080\n",
        folder.path().display()
    );
    assert!(content.contains(&flags) && is_untouched(&content), "{content}");

    // The same again changes nothing, and other flags replace what nobody changed.
    let said = String::from_utf8(write_into(folder.path(), &arguments).stdout).unwrap();
    assert!(said.starts_with("left as it is: "), "{said}");
    assert_eq!(write_into(folder.path(), &["--port", "8081"]).status.code(), Some(0));
    assert!(fs::read_to_string(&file).unwrap().contains("--port 8081\n"));

    let changed = fs::read_to_string(&file).unwrap().replace("startsecs=2", "startsecs=5");
    fs::write(&file, &changed).unwrap();
    let manager = file.with_file_name("smonitor-manager.conf");
    fs::remove_file(&manager).unwrap();
    let output = write_into(folder.path(), &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(1), Vec::new()));
    assert!(said.contains("smonitor.conf was changed") && said.contains("--force"), "{said}");
    assert_eq!(fs::read_to_string(&file).unwrap(), changed);
    assert!(!manager.exists(), "both or none");
    assert_eq!(write_into(folder.path(), &["--force"]).status.code(), Some(0));
    assert!(manager.exists() && is_untouched(&fs::read_to_string(&file).unwrap()));
    let left: Vec<_> = fs::read_dir(file.parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn who_cannot_be_understood_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let output = write_into(folder.path(), &["--log-dir", "a #b"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("behind a space"));
    assert!(!folder.path().join("supervisor-conf").exists());
}

#[test]
fn a_manager_of_its_own_needs_supervisord() {
    #[expect(clippy::disallowed_methods, reason = "the tests start the program itself")]
    let manager = |mode: &str| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_smonitor"));
        command.arg("manager").current_dir(folder.path()).stdin(Stdio::null()).env_clear();
        command.env("HOME", folder.path()).env("XDG_STATE_HOME", folder.path());
        let output = command.env("SMONITOR_MANAGER_MODE", mode).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let said = manager("self");
    assert!(said.contains("the manager is built in"), "{said}");
    let said = manager("supervisor");
    assert!(said.contains("SUPERVISOR_SERVER_URL is not set"), "{said}");
}
