//! A Rust file as far as the rules need it: code without comments, texts and tests.

use std::fs;
use std::path::{Path, PathBuf};

/// A file of `src/`.
pub(super) struct Source {
    /// From the repository's root: `src/host/cpu.rs`.
    pub(super) path: PathBuf,
    /// How many lines it has, with everything.
    pub(super) lines: usize,
    /// Code with comments, texts and test code blanked. Same lines as the file.
    pub(super) code: String,
    /// The same with test code.
    pub(super) code_with_tests: String,
    /// Texts outside of comments and test code, with their lines.
    pub(super) texts: Vec<(usize, String)>,
}

/// Every file of `src/`, and which of them are tests only.
pub(super) fn read_all() -> Vec<Source> {
    let mut paths = Vec::new();
    collect(Path::new("src"), &mut paths);
    paths.sort();
    assert!(paths.len() > 10, "the rules looked in the wrong folder");
    let sources: Vec<_> =
        paths.iter().map(|path| Source::parse(path, &fs::read_to_string(path).unwrap())).collect();
    let tests: Vec<_> = sources.iter().flat_map(Source::test_modules).collect();
    sources
        .into_iter()
        .filter(|source| !tests.iter().any(|test| source.path.starts_with(test.with_extension(""))))
        .filter(|source| !tests.contains(&source.path))
        .collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

impl Source {
    pub(super) fn parse(path: impl AsRef<Path>, text: &str) -> Self {
        let (code_with_tests, all_texts) = blank(text);
        let code = without_tests(&code_with_tests);
        let texts = all_texts
            .into_iter()
            .filter(|(at, _)| code.as_bytes().get(*at) == Some(&b'"'))
            .map(|(at, literal)| (line_of(text, at), literal))
            .collect();
        Self {
            path: path.as_ref().to_owned(),
            lines: text.lines().count(),
            code,
            code_with_tests,
            texts,
        }
    }

    /// The module of `lib.rs` it belongs to: `host`; `main` and `lib` for those two.
    pub(super) fn module(&self) -> String {
        let below = self.path.strip_prefix("src").unwrap();
        let first = below.components().next().unwrap();
        Path::new(first.as_os_str()).with_extension("").display().to_string()
    }

    /// Modules above this file's own items: 0 for `lib.rs`, 1 for `host.rs`, 2 for `host/cpu.rs`.
    pub(super) fn depth(&self) -> usize {
        match self.module().as_str() {
            "lib" | "main" => 0,
            _ => self.path.components().count() - 1,
        }
    }

    /// Every place of a word, as `path:line`. A word does not begin or end inside a name.
    pub(super) fn places_of(&self, code: &str, word: &str) -> Vec<String> {
        occurrences(code, word)
            .map(|at| format!("{}:{}", self.path.display(), line_of(code, at)))
            .collect()
    }

    /// Files of modules that are declared for tests only.
    fn test_modules(&self) -> Vec<PathBuf> {
        let folder = match self.module().as_str() {
            "lib" | "main" => PathBuf::from("src"),
            _ => self.path.with_extension(""),
        };
        cfg_test_items(&self.code_with_tests)
            .into_iter()
            .filter_map(|(start, end)| {
                let item = self.code_with_tests[start..end].rsplit_once("mod ")?.1;
                let name = item.strip_suffix(';')?.trim();
                Some(folder.join(name).with_extension("rs"))
            })
            .collect()
    }
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count()
}

/// Where a word is in blanked code.
pub(super) fn occurrences<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_name = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    code.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = code[..*at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        let begins = !is_name(word.chars().next()) || !is_name(before);
        let ends = !is_name(word.chars().next_back()) || !is_name(after);
        begins && ends
    })
}

/// Comments and the insides of texts become blanks; texts are returned with where they begin.
fn blank(text: &str) -> (String, Vec<(usize, String)>) {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut texts = Vec::new();
    let mut at = 0;
    let wipe = |out: &mut Vec<u8>, from: usize, to: usize| {
        out[from..to].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
    };
    while at < bytes.len() {
        let rest = &text[at..];
        let is_name_before =
            at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
        if rest.starts_with("//") {
            let end = at + rest.find('\n').unwrap_or(rest.len());
            wipe(&mut out, at, end);
            at = end;
        } else if rest.starts_with("/*") {
            let end = end_of_block_comment(bytes, at);
            wipe(&mut out, at, end);
            at = end;
        } else if let Some(hashes) = raw_text(rest).filter(|_| !is_name_before) {
            let open = at + rest.find('"').unwrap();
            let close = format!("\"{}", "#".repeat(hashes));
            let end = text[open + 1..].find(&close).map_or(bytes.len(), |end| open + 1 + end);
            texts.push((open, text[open + 1..end].to_owned()));
            wipe(&mut out, open + 1, end);
            at = (end + close.len()).min(bytes.len());
        } else if bytes[at] == b'"' {
            let end = end_of_text(bytes, at);
            texts.push((at, text[at + 1..end].to_owned()));
            wipe(&mut out, at + 1, end);
            at = end + 1;
        } else if bytes[at] == b'\'' {
            at = end_of_quote(text, at, |from, to| wipe(&mut out, from, to));
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    (String::from_utf8(out).unwrap(), texts)
}

fn end_of_block_comment(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0;
    let mut at = start;
    while at < bytes.len() {
        match &bytes[at..(at + 2).min(bytes.len())] {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    bytes.len()
}

/// How many hashes a raw text begins with; none if it is no raw text.
fn raw_text(rest: &str) -> Option<usize> {
    let rest = rest.strip_prefix(['b', 'c']).unwrap_or(rest).strip_prefix('r')?;
    let hashes = rest.bytes().take_while(|byte| *byte == b'#').count();
    (rest.as_bytes().get(hashes) == Some(&b'"')).then_some(hashes)
}

fn end_of_text(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len())
}

/// A character literal is wiped; a lifetime stays.
fn end_of_quote(text: &str, start: usize, mut wipe: impl FnMut(usize, usize)) -> usize {
    let rest = &text[start + 1..];
    let end = if rest.starts_with('\\') {
        rest[2..].find('\'').map(|end| start + 1 + 2 + end)
    } else {
        let first = rest.chars().next().map_or(0, char::len_utf8);
        rest[first..].starts_with('\'').then_some(start + 1 + first)
    };
    match end {
        Some(end) => {
            wipe(start + 1, end);
            end + 1
        }
        None => start + 1,
    }
}

/// From where to where each item marked `#[cfg(test)]` goes.
fn cfg_test_items(code: &str) -> Vec<(usize, usize)> {
    const MARK: &str = "#[cfg(test)]";
    let mut items = Vec::new();
    let mut from = 0;
    while let Some(found) = code[from..].find(MARK) {
        let start = from + found;
        let mut depth = 0;
        let mut end = code.len();
        for (offset, c) in code[start + MARK.len()..].char_indices() {
            let is_end = match c {
                '{' | '(' | '[' => {
                    depth += 1;
                    false
                }
                ')' | ']' => {
                    depth -= 1;
                    false
                }
                '}' => {
                    depth -= 1;
                    depth == 0
                }
                ';' => depth == 0,
                _ => false,
            };
            if is_end {
                end = start + MARK.len() + offset + 1;
                break;
            }
        }
        items.push((start, end));
        from = end;
    }
    items
}

fn without_tests(code: &str) -> String {
    let mut bytes = code.as_bytes().to_vec();
    for (start, end) in cfg_test_items(code) {
        for byte in &mut bytes[start..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn comments_texts_and_tests_are_no_code() {
    let source = Source::parse(
        "src/host/cpu.rs",
        r####"
// unsafe 1
/* unsafe /* 2 */ unsafe */
fn a<'a>(b: &'a str) -> char { let _ = ("unsafe \" 3", r#"unsafe " 4"#, b"x", '"', '\'', '\\'); 'u' }
#[cfg(test)]
#[expect(dead_code)]
mod tests { fn unsafe_5() { let x = "in a test"; } }
fn real() {}
#[cfg(test)]
mod more;
"####,
    );
    assert_eq!(occurrences(&source.code_with_tests, "unsafe").count(), 0, "{}", source.code);
    assert!(!source.code.contains("unsafe_5") && source.code_with_tests.contains("unsafe_5"));
    assert!(source.code.contains("fn real"));
    let texts: Vec<_> = source.texts.iter().map(|(line, text)| (*line, text.as_str())).collect();
    assert_eq!(texts, [(4, "unsafe \\\" 3"), (4, "unsafe \" 4"), (4, "x")]);
    assert_eq!(source.test_modules(), [Path::new("src/host/cpu/more.rs")]);
    assert_eq!((source.module().as_str(), source.depth()), ("host", 2));
}
