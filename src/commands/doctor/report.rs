//! Findings for a terminal and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Finding, Status};
use crate::commands::text::wrapped;
use crate::model::source::SourceHealth;

/// The findings for a terminal of this width.
#[must_use]
pub fn text(findings: &[Finding], width: usize) -> String {
    let names = findings.iter().map(|finding| finding.what.chars().count()).max().unwrap_or(0);
    let indent = 11 + names;
    let mut text = String::new();
    for finding in findings {
        let mark = match finding.status {
            Status::Good => "ok",
            Status::Limited => "limited",
            Status::Bad => "PROBLEM",
        };
        let first = format!("{mark:7}  {:names$}  ", finding.what);
        lines(&mut text, &first, &finding.says, width, indent);
        let mend = |text: &mut String, mend: Option<&String>| {
            if let Some(mend) = mend {
                lines(text, &format!("{:indent$}→ ", ""), mend, width, indent + 2);
            }
        };
        mend(&mut text, finding.mend.as_ref());
        for (number, part) in finding.parts.iter().enumerate() {
            let says = format!("{}: {}", part.what, part.says);
            lines(&mut text, &format!("{:indent$}· ", ""), &says, width, indent + 2);
            // What mends several is said once, after the last of them.
            let next = finding.parts.get(number + 1);
            if next.is_none_or(|next| next.mend != part.mend) {
                mend(&mut text, part.mend.as_ref());
            }
        }
    }
    text
}

/// Writes `words` after `first`, and what does not fit below, this far in.
fn lines(text: &mut String, first: &str, words: &str, width: usize, indent: usize) {
    let room = width.saturating_sub(indent).max(20);
    for (number, line) in wrapped(words, room).iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = match number {
            0 => writeln!(text, "{first}{line}"),
            _ => writeln!(text, "{:indent$}{line}", ""),
        };
    }
}

/// The findings for programs, and the sources as they are on the wire.
#[must_use]
pub fn json(findings: &[Finding], sources: &[SourceHealth]) -> Value {
    let ok = findings.iter().all(|finding| finding.status != Status::Bad);
    let findings: Vec<Value> = findings.iter().map(one).collect();
    json!({ "ok": ok, "findings": findings, "sources": sources })
}

fn one(finding: &Finding) -> Value {
    let status = match finding.status {
        Status::Good => "ok",
        Status::Limited => "limited",
        Status::Bad => "problem",
    };
    let parts: Vec<Value> = finding.parts.iter().map(one).collect();
    json!({
        "what": finding.what,
        "status": status,
        "says": finding.says,
        "mend": finding.mend,
        "parts": parts,
    })
}
