//! Tables and lines.

/// What becomes a line, or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A row of a table: what does not fit is cut off.
    Row(String),
    /// A label and words: what does not fit goes below.
    Said(&'static str, String),
}

/// Where the words after a label begin.
const LABEL: usize = 9;

impl Line {
    /// As it is shown on a terminal of this width.
    #[must_use]
    pub fn set(&self, width: usize) -> Vec<String> {
        match self {
            Self::Row(row) => {
                let row = harmless(row.trim_end());
                if row.chars().count() <= width {
                    return vec![row];
                }
                vec![row.chars().take(width.saturating_sub(1)).chain(['…']).collect()]
            }
            Self::Said(label, words) => {
                let lines = wrapped(words, width.saturating_sub(LABEL).max(20));
                let labels = std::iter::once(*label).chain(std::iter::repeat(""));
                labels.zip(lines).map(|(label, line)| format!("{label:<LABEL$}{line}")).collect()
            }
        }
    }
}

/// How a column is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// To the left, at most this wide; what is longer loses its end.
    Left(&'static str, usize),
    /// To the left, at most this wide; what is longer loses its beginning, as paths do.
    Path(&'static str, usize),
    /// To the right: numbers.
    Right(&'static str),
}

impl Column {
    fn title(self) -> &'static str {
        match self {
            Self::Left(title, _) | Self::Path(title, _) | Self::Right(title) => title,
        }
    }

    fn fit(self, text: &str) -> String {
        let length = text.chars().count();
        match self {
            Self::Left(_, most) if length > most => {
                text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
            }
            Self::Path(_, most) if length > most => {
                ['…'].into_iter().chain(text.chars().skip(length + 1 - most)).collect()
            }
            _ => text.to_owned(),
        }
    }
}

/// Rows below their titles, each column as wide as it must be.
#[must_use]
pub fn table<const N: usize>(columns: [Column; N], rows: Vec<[String; N]>) -> Vec<Line> {
    let titles = columns.map(|column| column.title().to_owned());
    let fitted = rows.into_iter().map(|row| {
        let mut cells = columns.iter();
        row.map(|text| cells.next().map_or(String::new(), |column| column.fit(&text)))
    });
    let rows: Vec<[String; N]> = std::iter::once(titles).chain(fitted).collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, text) in widths.iter_mut().zip(row) {
            *width = text.chars().count().max(*width);
        }
    }
    let line = |row: &[String; N]| {
        let cells =
            row.iter().zip(columns).zip(widths).map(|((text, column), width)| match column {
                Column::Right(_) => format!("{text:>width$}"),
                Column::Left(..) | Column::Path(..) => format!("{text:<width$}"),
            });
        cells.collect::<Vec<_>>().join("  ")
    };
    rows.iter().map(|row| Line::Row(line(row))).collect()
}

/// The rows with the most weight, at most `most`, in their order; and how many are left out.
pub fn heaviest<T>(rows: &[T], most: usize, weight: impl Fn(&T) -> f64) -> (Vec<&T>, usize) {
    let mut by_weight: Vec<usize> = (0..rows.len()).collect();
    by_weight.sort_by(|&a, &b| weight(&rows[b]).total_cmp(&weight(&rows[a])));
    by_weight.truncate(most);
    by_weight.sort_unstable();
    (by_weight.iter().map(|&index| &rows[index]).collect(), rows.len().saturating_sub(most))
}

/// `and 3 more`, if there are more.
#[must_use]
pub fn and_more(count: u64) -> Option<Line> {
    (count > 0).then(|| Line::Row(format!("and {count} more")))
}

/// Words in lines of at most `width` characters; a longer word has a line of its own, and a number
/// stays with its unit.
#[must_use]
pub fn wrapped(words: &str, width: usize) -> Vec<String> {
    let mut together: Vec<String> = Vec::new();
    for word in words.split(' ').map(harmless) {
        match together.last_mut() {
            Some(last) if is_unit_of(last, &word) => *last = format!("{last} {word}"),
            _ => together.push(word),
        }
    }
    let mut lines = vec![String::new()];
    for word in together {
        let line = lines.last_mut().expect("there is always one");
        let used = line.chars().count();
        if used > 0 && used + 1 + word.chars().count() > width {
            lines.push(word);
        } else {
            if used > 0 {
                line.push(' ');
            }
            line.push_str(&word);
        }
    }
    lines
}

/// Whether `word` is the unit of the number before: the two stay together.
fn is_unit_of(number: &str, word: &str) -> bool {
    let unit = word.trim_end_matches([';', ',', ':']);
    number.ends_with(|c: char| c.is_ascii_digit()) && ["ms", "s", "min", "h", "d"].contains(&unit)
}

/// What other people named their files must not move this terminal's cursor, nor turn the direction in
/// which the rest of the line is read.
#[must_use]
pub fn harmless(text: &str) -> String {
    let is_harmful = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().map(|c| if is_harmful(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let columns = [Column::Path("PATH", 6), Column::Right("SIZE"), Column::Left("NOTE", 5)];
        let row = |cells: [&str; 3]| cells.map(ToOwned::to_owned);
        let rows = vec![row(["/a", "1 B", ""]), row(["/long/path", "1000 B", "too long"])];
        let lines: Vec<_> = table(columns, rows).iter().flat_map(|line| line.set(80)).collect();
        let lines: Vec<_> = lines.iter().map(|line| line.trim_end()).collect();
        assert_eq!(lines, ["PATH      SIZE  NOTE", "/a         1 B", "…/path  1000 B  too …"]);
    }

    #[test]
    fn rows_are_cut_and_words_go_below() {
        let row = |width| Line::Row("0123456789".to_owned()).set(width);
        assert_eq!(
            (row(10), row(9)),
            (vec!["0123456789".to_owned()], vec!["01234567…".to_owned()])
        );
        let said = Line::Said("Label", "some words that go below".to_owned());
        assert_eq!(said.set(80), ["Label    some words that go below"]);
        assert_eq!(said.set(29), ["Label    some words that go", "         below"]);
    }

    #[test]
    fn the_heaviest_keep_their_order() {
        let rows = [3.0, 9.0, 1.0, f64::NAN, 7.0];
        assert_eq!(heaviest(&rows[..3], 2, |row| *row), (vec![&3.0, &9.0], 1));
        assert_eq!(heaviest(&rows[..2], 9, |row| *row).1, 0);
        assert_eq!(heaviest(&rows, 0, |row| *row).0.len(), 0);
    }

    #[test]
    fn lines_break_between_words_and_move_no_cursor() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("one two three", usize::MAX), ["one two three"]);
        assert_eq!(wrapped("every 2 s, on", 9), ["every", "2 s, on"], "a unit stays at its number");
        assert_eq!(wrapped("a longlonglong b", 4), ["a", "longlonglong", "b"]);
        assert_eq!(wrapped("a\x1b[2Jb\nc", 80), ["a\u{fffd}[2Jb\u{fffd}c"]);
        assert_eq!(wrapped("a\u{202e}b\u{feff}", 80), ["a\u{fffd}b\u{fffd}"]);
        assert_eq!(wrapped("", 80), [""]);
    }
}
