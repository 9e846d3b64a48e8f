//! The layer table of docs/architecture.md: who may import whom.

use super::source::{Source, occurrences};
use super::{assert_finds, over_all};

/// Every module of `lib.rs` with its layer. Those not built yet are here so that they start right.
const LAYERS: [(&str, u8); 25] = [
    ("model", 0),
    ("cli", 1),
    ("config", 1),
    ("telemetry", 1),
    ("clock", 1),
    ("shutdown", 1),
    ("state_dir", 1),
    ("sandbox", 1),
    ("plain_text", 1),
    ("host", 2),
    ("feed", 2),
    ("peer", 2),
    ("assess", 2),
    ("history", 2),
    ("accounts", 2),
    ("alerts", 2),
    ("interop", 2),
    ("node", 3),
    ("cluster", 3),
    ("demo", 3),
    ("web", 4),
    ("serve", 5),
    ("manager", 5),
    ("commands", 5),
    ("main", 5),
];

/// Who may know that a config file exists.
const KNOW_CONFIG: [&str; 5] = ["config", "cli", "serve", "commands", "main"];

fn layer(module: &str) -> Option<u8> {
    LAYERS.iter().find(|(name, _)| *name == module).map(|(_, layer)| *layer)
}

/// Why `from` must not import `to`; none if it may.
fn objection(from: &str, to: &str) -> Option<String> {
    let (Some(mine), Some(other)) = (layer(from), layer(to)) else {
        return Some(format!("{from} or {to} is not in the layer table; give it a place there"));
    };
    if from == to || from == "main" {
        return None;
    }
    if to == "config" {
        return (!KNOW_CONFIG.contains(&from)).then(|| {
            "only main, serve, commands and cli know that there is a config; take a small Settings"
                .to_owned()
        });
    }
    match (mine, other) {
        (5, _) if from == "manager" => (!["model", "clock", "shutdown"].contains(&to))
            .then(|| "the manager is the smallest part: only model, clock and shutdown".to_owned()),
        (5, 5) => None,
        _ if from == "assess" && to != "model" => {
            Some("assess is rules and nothing else: it imports only model".to_owned())
        }
        (4, 3) => Some("web and roles meet only in feed".to_owned()),
        _ if other < mine => None,
        _ if other == mine => Some(format!("modules of layer {mine} do not import each other")),
        _ => Some(format!("layer {mine} is below layer {other}; arrows point down")),
    }
}

/// Why `web` must not import that part of `assess`; none if it may: questions over what was published.
fn judging(from: &str, to: &str, words: &str) -> Option<String> {
    let asks = ["assess::finder", "assess::board"].iter().any(|part| words.contains(part));
    (from == "web" && to == "assess" && !asks).then(|| {
        "what is judged is judged before it is published: roles ask assess, and web only its \
         questions, finder and board"
            .to_owned()
    })
}

/// Top-level modules that a file names by `crate::…`, `smonitor::…` (main) or enough `super::`s.
fn imports(source: &Source) -> Vec<(usize, String)> {
    let code = &source.code;
    let mut starts: Vec<usize> = Vec::new();
    for root in ["crate::", "smonitor::"] {
        starts.extend(occurrences(code, root).map(|at| at + root.len()));
    }
    let up = "super::".repeat(source.depth().max(1));
    starts.extend(
        occurrences(code, &up)
            .filter(|at| source.depth() > 0 && !code[..*at].ends_with("super::"))
            .map(|at| at + up.len()),
    );
    starts.sort_unstable();
    let mut found = Vec::new();
    for at in starts {
        let line = 1 + code[..at].matches('\n').count();
        found.extend(names_at(&code[at..]).into_iter().map(|name| (line, name)));
    }
    found
}

/// The first names of a path or of a group of paths: `a::b`, `{a::{b, c}, d}`. Macros and items of
/// the crate's root begin with something else than a module and are left out.
fn names_at(code: &str) -> Vec<String> {
    let Some(group) = code.trim_start().strip_prefix('{') else {
        return module_name(code).into_iter().collect();
    };
    let mut names = Vec::new();
    let mut depth = 0;
    let mut is_first = true;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => is_first = true,
            c if c.is_whitespace() => {}
            _ if is_first => {
                names.extend(module_name(&group[at..]));
                is_first = false;
            }
            _ => {}
        }
    }
    names
}

fn module_name(code: &str) -> Option<String> {
    let code = code.trim_start();
    let name: String =
        code.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let is_macro = code[name.len()..].starts_with('!');
    let is_module = name.starts_with(|c: char| c.is_ascii_lowercase()) && !is_macro;
    is_module.then_some(name)
}

fn broken_layers(source: &Source) -> Vec<String> {
    let from = source.module();
    if from == "lib" {
        return Vec::new();
    }
    imports(source)
        .into_iter()
        .filter(|(_, to)| to != "super" && to != "self")
        .filter_map(|(line, to)| {
            let words = source.code.lines().nth(line - 1).unwrap_or_default();
            let objection = objection(&from, &to).or_else(|| judging(&from, &to, words))?;
            Some(format!("{}:{line} {from} imports {to}: {objection}", source.path.display()))
        })
        .collect()
}

#[test]
fn arrows_point_down() {
    over_all(
        broken_layers,
        "the layer table (docs/architecture.md) keeps every part understandable and testable \
         without what is above or beside it; move the code, or hand the value in from serve",
    );
}

#[test]
fn every_module_has_its_layer() {
    let lib = std::fs::read_to_string("src/lib.rs").unwrap();
    for line in lib.lines() {
        if let Some(name) = line.strip_prefix("pub mod ").and_then(|rest| rest.strip_suffix(';')) {
            assert!(layer(name).is_some(), "{name} has no place in the layer table");
        }
    }
}

#[test]
fn broken_arrows_are_found() {
    for (path, bad) in [
        ("src/model/wire.rs", "use crate::clock::Clock;"),
        ("src/host/cpu.rs", "use crate::feed::Feed;"),
        ("src/host/cpu.rs", "fn a() { let _ = crate::feed::B; }"),
        ("src/host/cpu.rs", "use super::super::feed;"),
        ("src/feed.rs", "use super::web;"),
        ("src/assess/xid.rs", "use crate::clock::Clock;"),
        ("src/host/gpu.rs", "use crate::assess::xid;"),
        ("src/web/rest.rs", "use crate::assess::Assessor;"),
        ("src/host/cpu.rs", "use crate::{clock::Clock, model::{self, cpu}, web::Route};"),
        ("src/node.rs", "use crate::demo;"),
        ("src/web/session.rs", "use crate::node::Node;"),
        ("src/web/session.rs", "use crate::config::Config;"),
        ("src/telemetry.rs", "use crate::config::LogLevel;"),
        ("src/manager.rs", "use crate::web;"),
        ("src/feed.rs", "use crate::brand_new::Thing;"),
    ] {
        assert_finds(broken_layers, path, bad, &[1]);
    }
    let good = "use crate::model::{Audience, Role};\nuse crate::clock::Clock;\nuse super::schedule;\n\
                // crate::web\nfn a() { crate::table_row! {} }\n#[cfg(test)]\nmod tests { use crate::demo; }\n";
    assert_finds(broken_layers, "src/host/cpu.rs", good, &[]);
    assert_finds(broken_layers, "src/cli.rs", "use crate::config::Overrides;", &[]);
    for role in ["src/node/assemble.rs", "src/demo/gpus.rs", "src/commands/snapshot.rs"] {
        assert_finds(broken_layers, role, "use crate::assess::Assessor;", &[]);
    }
    assert_finds(broken_layers, "src/web/free.rs", "use crate::assess::finder;", &[]);
    assert_finds(broken_layers, "src/main.rs", "use smonitor::{cli, serve};", &[]);
}
