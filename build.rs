//! Builds the page into OUT_DIR, where `src/web/page.rs` embeds it from.
//!
//! npm runs only when something the page is made of has changed, one at a time per checkout. A
//! source archive without `frontend/package.json` brings the finished page in `frontend/dist`.
#![allow(clippy::print_stdout, reason = "this is how a build script talks to cargo")]

use std::env;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sha2::{Digest, Sha256};

/// Set to 1, embeds a placeholder: for quick checks without Node.js.
const SKIP: &str = "SMONITOR_INTERNAL_SKIP_PAGE";
const NODE_WANTED: &str = "Node.js 20.19 or a later 20.x, or 22.12 and later";
/// Of npm's words, so many last lines are passed on.
const LAST_LINES: usize = 20;

const PLACEHOLDER: &str = "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\" />\
    <base href=\"/\" /><title>smonitor</title></head>\n<body><p>This build of smonitor has no \
    page: it was made with SMONITOR_INTERNAL_SKIP_PAGE=1. The API works.</p></body>\n</html>\n";

/// A sentence for whoever runs the build, and details.
struct Trouble {
    sentence: String,
    details: Vec<String>,
}

impl Trouble {
    fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), details: Vec::new() }
    }

    fn io(what: &str, path: &Path, error: &io::Error) -> Self {
        Self::new(format!("cannot {what} {}: {error}", path.display()))
    }
}

fn main() {
    if let Err(Trouble { sentence, details }) = build() {
        println!("cargo::error=the page cannot be built: {sentence}");
        for line in details {
            println!("cargo::error=  {line}");
        }
    }
}

fn build() -> Result<(), Trouble> {
    println!("cargo::rerun-if-env-changed={SKIP}");
    println!("cargo::rerun-if-changed=build.rs");
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(variable("OUT_DIR")?);
    let release = variable("PROFILE")? == "release";
    let frontend = root.join("frontend");
    let page = Page { folder: out.join("page"), stamp: out.join("page.stamp") };

    if env::var_os(SKIP).is_some_and(|value| value == "1") {
        if release {
            return Err(Trouble::new(format!("{SKIP}=1 is not for release builds; unset it")));
        }
        return page.placeholder();
    }
    if frontend.join("package.json").exists() {
        let inputs = inputs(&root, &frontend)?;
        return page.build_source(&frontend, &inputs);
    }
    println!("cargo::rerun-if-changed=frontend");
    if frontend.join("dist/index.html").exists() {
        return page.copy_dist(&frontend.join("dist"));
    }
    let sentence = "neither frontend/package.json nor frontend/dist is there; \
        get a complete checkout or source archive";
    if release {
        return Err(Trouble::new(sentence));
    }
    println!("cargo::warning={sentence}; a placeholder is embedded instead of the page");
    page.placeholder()
}

fn variable(name: &str) -> Result<String, Trouble> {
    env::var(name).map_err(|_| Trouble::new(format!("cargo did not set {name}")))
}

/// The page in OUT_DIR, and what it was made of.
struct Page {
    folder: PathBuf,
    stamp: PathBuf,
}

impl Page {
    fn placeholder(&self) -> Result<(), Trouble> {
        self.empty()?;
        write(&self.folder.join("index.html"), PLACEHOLDER)
    }

    fn copy_dist(&self, dist: &Path) -> Result<(), Trouble> {
        self.empty()?;
        for file in files_below(dist)? {
            let name = file.strip_prefix(dist).unwrap_or(&file);
            let target = self.folder.join(name);
            let parent = target.parent().unwrap_or(&self.folder);
            fs::create_dir_all(parent).map_err(|e| Trouble::io("make", parent, &e))?;
            fs::copy(&file, &target).map_err(|e| Trouble::io("copy", &file, &e))?;
        }
        Ok(())
    }

    fn build_source(&self, frontend: &Path, inputs: &[PathBuf]) -> Result<(), Trouble> {
        // Builds in several target folders share frontend/node_modules.
        let lock = frontend.join(".build.lock");
        let lock = File::create(&lock).map_err(|e| Trouble::io("make", &lock, &e))?;
        lock.lock().map_err(|e| Trouble::new(format!("cannot lock the build: {e}")))?;

        let fingerprint = fingerprint(inputs)?;
        let built = fs::read_to_string(&self.stamp).is_ok_and(|stamp| stamp == fingerprint);
        if built && self.folder.join("index.html").exists() {
            return Ok(());
        }
        check_node()?;
        install(frontend)?;
        self.empty()?;
        let folder = self.folder.to_string_lossy().into_owned();
        let arguments = ["run", "build", "--", "--outDir", &folder, "--emptyOutDir"];
        npm(frontend, &arguments)?;
        if !self.folder.join("index.html").exists() {
            return Err(Trouble::new("npm run build made no index.html"));
        }
        write(&self.stamp, &fingerprint)
    }

    /// Starts afresh. Without the stamp, whatever fails from here on is done again next time.
    fn empty(&self) -> Result<(), Trouble> {
        for path in [&self.stamp, &self.folder] {
            let removed =
                if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
            match removed {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Trouble::io("remove", path, &error));
                }
                _ => {}
            }
        }
        fs::create_dir_all(&self.folder).map_err(|e| Trouble::io("make", &self.folder, &e))
    }
}

/// The files that the page is made of; tells cargo to watch them.
fn inputs(root: &Path, frontend: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let mut inputs = Vec::new();
    let mut take = |path: PathBuf| -> Result<(), Trouble> {
        println!("cargo::rerun-if-changed={}", path.display());
        inputs.extend(if path.is_dir() { files_below(&path)? } else { vec![path] });
        Ok(())
    };
    for entry in sorted_entries(frontend)? {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_input = matches!(name.as_str(), "src" | "public" | "index.html")
            || matches!(name.as_str(), "package.json" | "package-lock.json")
            || ["vite.config.", "svelte.config.", "tsconfig"].iter().any(|p| name.starts_with(p));
        if is_input {
            take(entry)?;
        }
    }
    let assets = root.join("assets");
    if assets.exists() {
        take(assets)?;
    }
    Ok(inputs)
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let mut files = Vec::new();
    for entry in sorted_entries(folder)? {
        if entry.is_dir() {
            files.extend(files_below(&entry)?);
        } else {
            files.push(entry);
        }
    }
    Ok(files)
}

fn sorted_entries(folder: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let entries = fs::read_dir(folder)
        .and_then(|entries| entries.map(|e| Ok(e?.path())).collect::<io::Result<Vec<_>>>());
    let mut entries = entries.map_err(|e| Trouble::io("read", folder, &e))?;
    entries.sort();
    Ok(entries)
}

fn fingerprint(files: &[PathBuf]) -> Result<String, Trouble> {
    let mut all = Sha256::new();
    for file in files {
        let bytes = fs::read(file).map_err(|e| Trouble::io("read", file, &e))?;
        all.update(file.to_string_lossy().as_bytes());
        all.update([0]);
        all.update(Sha256::digest(&bytes));
    }
    Ok(hex(&all.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn write(path: &Path, text: &str) -> Result<(), Trouble> {
    fs::write(path, text).map_err(|e| Trouble::io("write", path, &e))
}

#[expect(clippy::disallowed_methods, reason = "the build runs npm; smonitor itself runs nothing")]
fn command(program: &str, folder: Option<&Path>, arguments: &[&str]) -> io::Result<Output> {
    let mut command = Command::new(program);
    command.args(arguments);
    if let Some(folder) = folder {
        command.current_dir(folder);
    }
    command.output()
}

fn check_node() -> Result<(), Trouble> {
    let how = "see https://nodejs.org/en/download or your distribution's packages";
    let hint = format!("for a quick check without the page set {SKIP}=1 (not in release builds)");
    let trouble = |sentence| Trouble { sentence, details: vec![hint.clone()] };
    let Ok(output) = command("node", None, &["--version"]) else {
        return Err(trouble(format!(
            "it needs {NODE_WANTED}, and there is no node in PATH; {how}"
        )));
    };
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if is_new_enough(&version) {
        return Ok(());
    }
    Err(trouble(format!("it needs {NODE_WANTED}, and node in PATH is {version:?}; {how}")))
}

/// What the bundler runs on.
fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.trim_start_matches('v').split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(20)), Some(Ok(minor))) => minor >= 19,
        (Some(Ok(22)), Some(Ok(minor))) => minor >= 12,
        (Some(Ok(major)), _) => major >= 23,
        _ => false,
    }
}

/// Installs what the page is built with, unless what is there is what the lock file says.
fn install(frontend: &Path) -> Result<(), Trouble> {
    let lock_file = frontend.join("package-lock.json");
    let modules = frontend.join("node_modules");
    let stamp = modules.join(".smonitor-lock-hash");
    let wanted = fingerprint(std::slice::from_ref(&lock_file))?;
    let installed = match fs::read_to_string(&stamp) {
        Ok(stamp) => stamp == wanted,
        // Somebody ran npm by hand; its own note tells when.
        Err(_) => is_newer(&modules.join(".package-lock.json"), &lock_file),
    };
    if !installed {
        npm(frontend, &["ci", "--no-audit", "--no-fund"])?;
    }
    write(&stamp, &wanted)
}

fn is_newer(a: &Path, b: &Path) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified());
    matches!((time(a), time(b)), (Ok(a), Ok(b)) if a >= b)
}

fn npm(frontend: &Path, arguments: &[&str]) -> Result<(), Trouble> {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let what = arguments.first().copied().unwrap_or_default();
    let output = command(program, Some(frontend), arguments).map_err(|error| {
        Trouble::new(format!("npm cannot be started ({error}); it comes with Node.js"))
    })?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines.len().saturating_sub(LAST_LINES);
    Err(Trouble {
        sentence: format!("npm {what} in frontend/ failed; its last lines:"),
        details: lines[last..].iter().map(|&line| line.to_owned()).collect(),
    })
}
