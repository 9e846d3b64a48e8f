//! The architecture's rules as tests. Each prints its reason when it is broken, and each checker
//! is tried on an example that breaks it, so that no rule passes because it cannot fail.

use std::path::Path;

use source::{Source, occurrences, read_all};

mod layers;
mod source;

/// Files longer than this are split; the aim is 400.
const MOST_LINES: usize = 500;

/// The only file that knows where the kernel keeps things.
const ROOTS: &str = "src/host/roots.rs";

/// Files that may use `unsafe`, each with its reason.
const UNSAFE: [(&str, &str); 2] = [
    ("src/host/clock_sync/adjtimex.rs", "adjtimex(2), which no safe crate has; decision 8"),
    ("src/host/gpu/raw.rs", "calls of NVML that nvml-wrapper does not wrap; decision 16"),
];

/// Modules whose types have a form outside of the program.
const SERIALIZING: [&str; 4] = ["model", "config", "peer", "interop"];

/// Modules that may ask what time it is, and write to the terminal.
const TERMINAL_AND_TIME: [&str; 4] = ["clock", "telemetry", "cli", "commands"];

fn assert_kept(broken: &[String], reason: &str) {
    assert!(broken.is_empty(), "\n{}\n\nWhy: {reason}\n", broken.join("\n"));
}

fn over_all(check: impl Fn(&Source) -> Vec<String>, reason: &str) {
    let broken: Vec<_> = read_all().iter().flat_map(check).collect();
    assert_kept(&broken, reason);
}

/// Asserts that a checker finds exactly this in an example, and nothing in a good one.
fn assert_finds(check: impl Fn(&Source) -> Vec<String>, path: &str, bad: &str, lines: &[usize]) {
    let found = check(&Source::parse(path, bad));
    let wanted: Vec<_> = lines.iter().map(|line| format!("{path}:{line}")).collect();
    let places: Vec<_> =
        found.iter().map(|one| one.split(' ').next().unwrap_or_default().to_owned()).collect();
    assert_eq!(places, wanted, "{found:#?}");
}

fn kernel_paths(source: &Source) -> Vec<String> {
    const KERNEL: [&str; 5] = ["/proc", "/sys", "/etc", "/run", "/dev"];
    let is_kernels = |text: &str| {
        KERNEL.iter().any(|root| {
            text.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    // What a demo names is made up: nothing there is opened.
    if source.path == Path::new(ROOTS) || source.module() == "demo" {
        return Vec::new();
    }
    let found = source.texts.iter().filter(|(_, text)| is_kernels(text));
    found.map(|(line, text)| format!("{}:{line} {text:?}", source.path.display())).collect()
}

#[test]
fn kernel_paths_are_only_in_roots() {
    over_all(
        kernel_paths,
        "only src/host/roots.rs knows where /proc, /sys, /etc, /run and /dev are, so that whole \
         machines can be fixtures; take the path from Roots",
    );
    assert_finds(
        kernel_paths,
        "src/host/cpu.rs",
        "/// Reads \"/proc/stat\".\nfn a() { open(\"/proc/stat\"); open(b\"/sys\") }\nfn b() -> &str \
         { \"/process\" }",
        &[2, 2],
    );
    assert_finds(kernel_paths, ROOTS, "fn a() { open(\"/proc/stat\") }", &[]);
}

fn unsafe_code(source: &Source) -> Vec<String> {
    let allowed = UNSAFE.iter().any(|(path, _)| source.path == Path::new(path));
    let words = ["unsafe", "unsafe_code"];
    let found = words.iter().flat_map(|word| source.places_of(&source.code_with_tests, word));
    found.filter(|_| !allowed).collect()
}

#[test]
fn unsafe_is_only_where_the_list_allows_it() {
    over_all(
        unsafe_code,
        "unsafe code is allowed only in the files of UNSAFE in tests/it/rules.rs, each with its \
         reason; find a safe crate (rustix) or argue for a line in the list",
    );
    for (path, reason) in UNSAFE {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        assert!(text.contains("// SAFETY: "), "{path} ({reason}) needs its place no more");
    }
    let bad = "#![allow(unsafe_code)]\nfn a() { unsafe { b() } }\n";
    assert_finds(unsafe_code, "src/host/cpu.rs", bad, &[2, 1]);
}

fn serialized(source: &Source) -> Vec<String> {
    if SERIALIZING.contains(&source.module().as_str()) {
        return Vec::new();
    }
    let derives = occurrences(&source.code, "derive(").filter(|at| {
        let list = source.code[*at..].split(')').next().unwrap_or_default();
        ["Serialize", "Deserialize"].iter().any(|name| occurrences(list, name).next().is_some())
    });
    let line = |at: usize| source.code[..at].lines().count();
    derives.map(|at| format!("{}:{}", source.path.display(), line(at))).collect()
}

#[test]
fn only_words_and_settings_have_a_form_outside() {
    over_all(
        serialized,
        "what has a form outside of the program is a promise and is defined in model (wire, API) \
         or config (settings), where it is documented and kept in step with what is generated",
    );
    let bad =
        "use serde::Serialize;\n#[derive(\n    Debug,\n    serde::Serialize,\n)]\nstruct A;\n";
    assert_finds(serialized, "src/web/api.rs", bad, &[2]);
    assert_finds(serialized, "src/model/api.rs", bad, &[]);
    assert_finds(serialized, "src/web/api.rs", "#[derive(Debug)]\nstruct Serialize;\n", &[]);
}

fn processes_started(source: &Source) -> Vec<String> {
    const WAYS: [&str; 9] = [
        "process::Command",
        "Command::new",
        "CommandExt",
        "fork",
        "vfork",
        "posix_spawn",
        "execv",
        "execve",
        "execvp",
    ];
    // The one place where a worker is started.
    if source.path == Path::new("src/manager/child.rs") {
        return Vec::new();
    }
    let mut places: Vec<_> =
        WAYS.iter().flat_map(|way| source.places_of(&source.code, way)).collect();
    places.sort();
    places.dedup();
    places
}

#[test]
fn nothing_starts_a_process() {
    over_all(
        processes_started,
        "smonitor runs no command for anyone: what a tool would print is read from the kernel \
         (see the promise in README.md); only the manager starts something, its worker",
    );
    let bad = "use std::process::Command;\nfn a() { Command::new(\"zpool\"); }\nfn b() { \
               libc::fork(); std::process::exit(1) }\n";
    assert_finds(processes_started, "src/host/disk.rs", bad, &[1, 2, 3]);
    assert_finds(processes_started, "src/manager.rs", bad, &[1, 2, 3]);
    assert_finds(processes_started, "src/manager/child.rs", bad, &[]);
}

fn time_and_terminal(source: &Source) -> Vec<String> {
    const WORDS: [&str; 8] = [
        "Instant::now",
        "SystemTime::now",
        "thread::sleep",
        "println!",
        "eprintln!",
        "print!",
        "eprint!",
        "dbg!",
    ];
    if TERMINAL_AND_TIME.contains(&source.module().as_str()) {
        return Vec::new();
    }
    WORDS.iter().flat_map(|word| source.places_of(&source.code, word)).collect()
}

#[test]
fn time_comes_from_the_clock_and_words_go_through_cli() {
    over_all(
        time_and_terminal,
        "tests turn the hands of clock::Clock, so nothing else asks the system for the time or \
         sleeps; words for people go through tracing or cli::print, where a closed pipe is no panic",
    );
    let bad = "fn a() {\n let now = std::time::Instant::now();\n println!(\"{now:?}\");\n}\n\
               #[cfg(test)]\nmod tests { fn b() { println!(\"fine\"); } }\n";
    assert_finds(time_and_terminal, "src/node.rs", bad, &[2, 3]);
    assert_finds(time_and_terminal, "src/clock.rs", bad, &[]);
}

fn too_long(source: &Source) -> Vec<String> {
    let is_long = source.lines > MOST_LINES;
    let place = format!("{}:{}", source.path.display(), source.lines);
    is_long.then_some(place).into_iter().collect()
}

#[test]
fn files_fit_in_a_head() {
    over_all(
        too_long,
        "files have about 400 lines and at most 500, so that one can be read at once",
    );
    assert_finds(too_long, "src/a.rs", &"\n".repeat(501), &[501]);
    assert_finds(too_long, "src/a.rs", &"\n".repeat(500), &[]);
}

#[test]
fn modules_have_no_mod_rs_and_say_what_they_are_for() {
    let first_lines = |source: &Source| -> Vec<String> {
        let text = std::fs::read_to_string(&source.path).unwrap();
        let says = text.starts_with("//! ") && !source.path.ends_with("mod.rs");
        (!says).then(|| source.path.display().to_string()).into_iter().collect()
    };
    over_all(
        first_lines,
        "the first line of every module says what it is for; modules are foo.rs and foo/, not \
         foo/mod.rs",
    );
}
