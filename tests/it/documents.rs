//! Documents: links lead somewhere, both READMEs say the same, nothing is left out.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Every document that is written by hand.
fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in [".", "supervisor-conf"] {
        found.extend(markdown_in(Path::new(folder)));
    }
    below(Path::new("docs"), &mut found);
    found.sort();
    assert!(found.iter().any(|path| path.ends_with("README.md")));
    assert!(found.iter().any(|path| path.ends_with("docs/zh/configuration.md")));
    found
}

fn markdown_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    found.extend(markdown_in(folder));
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            below(&path, found);
        }
    }
}

/// Text outside of code blocks and code spans.
fn prose(text: &str) -> String {
    let mut is_code = false;
    let mut prose = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            let plain: Vec<_> = line.split('`').step_by(2).collect();
            prose.push_str(&plain.join("``"));
            prose.push('\n');
        }
    }
    prose
}

/// Targets of `[text](target)`.
fn links(text: &str) -> Vec<String> {
    let prose = prose(text);
    let targets = prose.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    targets.map(|(target, _)| target.to_owned()).collect()
}

fn headings(text: &str) -> Vec<(usize, String)> {
    let mut is_code = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        if !is_code && level > 0 && line[level..].starts_with(' ') {
            found.push((level, line[level..].trim().to_owned()));
        }
    }
    found
}

/// The anchor that a heading gets on the usual hosts.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn normalised(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

/// Links of a document that lead nowhere.
fn broken_links(document: &Path, text: &str) -> Vec<String> {
    let folder = document.parent().unwrap();
    let is_broken = |target: &String| {
        if ["http://", "https://", "mailto:"].iter().any(|scheme| target.starts_with(scheme)) {
            return false;
        }
        let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
        let path =
            if file.is_empty() { document.to_owned() } else { normalised(&folder.join(file)) };
        if !path.exists() {
            return true;
        }
        let has_anchor = || {
            let text = fs::read_to_string(&path).unwrap_or_default();
            headings(&text).iter().any(|(_, heading)| anchor(heading) == fragment)
        };
        !fragment.is_empty() && !has_anchor()
    };
    let broken = links(text).into_iter().filter(is_broken);
    broken.map(|target| format!("{} → {target}", document.display())).collect()
}

#[test]
fn links_lead_somewhere() {
    let broken: Vec<_> = documents()
        .iter()
        .flat_map(|path| broken_links(path, &fs::read_to_string(path).unwrap()))
        .collect();
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
}

#[test]
fn broken_links_are_found() {
    let text = "[a](gone.md) [b](README.md#no-such-heading) [c](README.md) [d](#tests)\n\
                `[e](code.md)`\n```\n[f](code.md)\n```\n[g](https://example.org)\n";
    let broken = broken_links(Path::new("./README.md"), text);
    assert_eq!(broken, ["./README.md → gone.md", "./README.md → README.md#no-such-heading"]);
}

/// Lines of shell blocks.
fn commands(text: &str) -> Vec<String> {
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.flat_map(str::lines).map(str::to_owned).collect()
}

#[test]
fn both_languages_have_the_same_shape_and_commands() {
    for (english, chinese) in [
        ("README.md", "README.zh-CN.md"),
        ("docs/configuration.md", "docs/zh/configuration.md"),
        ("docs/install.md", "docs/zh/install.md"),
        ("docs/proxies/README.md", "docs/zh/proxies.md"),
    ] {
        let english_text = fs::read_to_string(english).unwrap();
        let chinese_text = fs::read_to_string(chinese).unwrap();
        let levels = |text: &str| -> Vec<usize> {
            headings(text).into_iter().map(|(level, _)| level).collect()
        };
        assert_eq!(levels(&english_text), levels(&chinese_text), "headings of {chinese}");
        assert_eq!(commands(&english_text), commands(&chinese_text), "commands of {chinese}");
        assert!(!commands(&english_text).is_empty());
        let fences = |text: &str| text.matches("```").count();
        assert_eq!(fences(&english_text), fences(&chinese_text), "code blocks of {chinese}");
    }
}

#[test]
fn the_readmes_make_the_promise() {
    let promise = "smonitor is strictly read-only: it runs no command for anyone, has no terminal, no plugins, no kill, no update over the web.";
    for (path, promise) in
        [("README.md", promise), ("SECURITY.md", promise), ("README.zh-CN.md", "smonitor 严格只读")]
    {
        assert!(fs::read_to_string(path).unwrap().contains(promise), "{path}");
    }
}

#[test]
fn the_changelog_has_a_place_for_what_is_next() {
    let changelog = fs::read_to_string("CHANGELOG.md").unwrap();
    let second = headings(&changelog).into_iter().find(|(level, _)| *level == 2);
    assert_eq!(second.unwrap().1, "Unreleased");
}

/// Names of the tables `[dependencies]` and the like.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut is_dependencies = false;
    let mut names = BTreeSet::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            is_dependencies = line.trim_matches(['[', ']']).ends_with("dependencies");
        } else if let Some((name, _)) = line.split_once('=').filter(|_| is_dependencies)
            && !name.starts_with(['#', ' '])
        {
            names.insert(name.trim().to_owned());
        }
    }
    names
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = fs::read_to_string("Cargo.toml").unwrap();
    let page = fs::read_to_string("docs/dependencies.md").unwrap();
    let reasons = page.lines().filter(|line| line.starts_with("| `"));
    let reasons: BTreeSet<_> = reasons
        .filter_map(|line| line.split('|').nth(1))
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .map(str::to_owned)
        .collect();
    let named = dependencies(&manifest);
    assert!(named.contains("axum") && named.contains("proptest"), "{named:?}");
    let missing: Vec<_> = named.difference(&reasons).collect();
    assert!(missing.is_empty(), "docs/dependencies.md says no reason for {missing:?}");
    let gone: Vec<_> = reasons.difference(&named).collect();
    assert!(gone.is_empty(), "docs/dependencies.md still lists {gone:?}");
}
