//! Which known word somebody may have meant.

/// The candidate nearest to `given`, if any is near enough to be a slip of the hand.
pub(super) fn nearest<'a>(
    given: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let given = plain(given);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let wanted = plain(candidate);
        let allowed = (wanted.chars().count().max(3) / 3).min(4);
        let distance = match () {
            () if last(&wanted) == last(&given) => 0,
            () if is_continued(&wanted, &given) || is_continued(&given, &wanted) => 1,
            () => edits(&given, &wanted),
        };
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Letters only: `Behind-Proxy`, `behindProxy` and `behind_proxy` are one word.
fn plain(text: &str) -> String {
    // No setting is this long, and the comparison below is quadratic.
    let cut = text.chars().take(80).filter(|c| !matches!(c, '_' | '-'));
    cut.flat_map(char::to_lowercase).collect()
}

/// Whether `long` is `short` and a bit: `warning` and `warn`, `interval_seconds` and `interval`.
fn is_continued(short: &str, long: &str) -> bool {
    let rest = long.strip_prefix(short);
    short.len() >= 4 && rest.is_some_and(|rest| !rest.contains('.'))
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// Letters to insert, drop or change to make one text of the other (Levenshtein).
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(index + 1);
        for (wanted, (above_left, above)) in to.iter().zip(row.iter().zip(row.iter().skip(1))) {
            let left = next.last().copied().unwrap_or(index + 1);
            let changed = above_left + usize::from(*wanted != letter);
            next.push(changed.min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_word_that_was_meant() {
        let keys = ["server.port", "server.behind_proxy", "monitor.interval", "log.level"];
        for (given, wanted) in [
            ("server.prot", Some("server.port")),
            ("port", Some("server.port")),
            ("server.behindProxy", Some("server.behind_proxy")),
            ("monitor.intervall", Some("monitor.interval")),
            ("logging.level", Some("log.level")),
            ("monitor.interval_seconds", Some("monitor.interval")),
            ("server.something", None),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(given, keys), wanted, "{given}");
        }
    }

    #[test]
    fn edits_counts_letters() {
        for (from, to, count) in
            [("", "", 0), ("a", "", 1), ("", "ab", 2), ("kitten", "sitting", 3)]
        {
            assert_eq!(edits(from, to), count, "{from} {to}");
            assert_eq!(edits(to, from), count, "{to} {from}");
        }
    }
}
