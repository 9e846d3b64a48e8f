//! Files that are made from something else: kept equal by tests, rewritten on request.

use std::fs;
use std::path::Path;

/// Asserts that a committed file is what it should be. With UPDATE_GENERATED=1 makes it so.
pub(crate) fn assert_file(path: &Path, wanted: &str) {
    if is_update() {
        fs::write(path, wanted).unwrap();
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert_same(&committed, wanted, path);
}

/// The same for the part of a file between `<!-- name begin … -->` and `<!-- name end -->`.
pub(crate) fn assert_section(path: &Path, name: &str, wanted: &str) {
    let text = fs::read_to_string(path).unwrap();
    let (before, rest) = split_after_line(&text, &format!("<!-- {name} begin"))
        .unwrap_or_else(|| panic!("{} has no \"{name} begin\"", path.display()));
    let end = rest.find(&format!("<!-- {name} end")).expect("an end of the section");
    let (committed, after) = rest.split_at(end);
    if is_update() && committed != wanted {
        fs::write(path, format!("{before}{wanted}{after}")).unwrap();
        return;
    }
    assert_same(committed, wanted, path);
}

/// Shows the first line that differs: the whole files are too long to read.
fn assert_same(committed: &str, wanted: &str, path: &Path) {
    let differs = |(a, b): &(Option<&str>, Option<&str>)| a != b;
    let longest = committed.lines().count().max(wanted.lines().count());
    let pairs = (0..longest).map(|line| (committed.lines().nth(line), wanted.lines().nth(line)));
    if let Some((has, should_have)) = pairs.into_iter().find(differs) {
        panic!(
            "{}\n  has:         {}\n  should have: {}\n",
            how_to_mend(path),
            has.unwrap_or("(nothing)"),
            should_have.unwrap_or("(nothing)")
        );
    }
    assert_eq!(committed, wanted, "{}", how_to_mend(path));
}

fn split_after_line<'a>(text: &'a str, start: &str) -> Option<(&'a str, &'a str)> {
    let at = text.find(start)?;
    let end = at + text.get(at..)?.find('\n')? + 1;
    Some(text.split_at(end))
}

fn is_update() -> bool {
    std::env::var_os("UPDATE_GENERATED").is_some_and(|value| value == "1")
}

fn how_to_mend(path: &Path) -> String {
    format!(
        "{} is out of step with what it is made from; if the change is right, run: UPDATE_GENERATED=1 cargo test",
        path.display()
    )
}
