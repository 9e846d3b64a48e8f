//! Names that stand for many: `gpu[01-16,20].lab`.

/// A text with ranges of numbers in brackets; without any it stands for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct Pattern(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Numbers(Vec<Range>),
}

/// Numbers from `first` to `last`, with zeros before them up to `width` digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    first: u32,
    last: u32,
    width: usize,
}

/// More digits than this no host has.
const MOST_DIGITS: usize = 9;

impl Pattern {
    /// A text that stands for itself, whatever is in it.
    pub(in crate::config) fn literal(text: &str) -> Self {
        Self(vec![Part::Text(text.to_owned())])
    }

    /// Reads the brackets.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(in crate::config) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('[') {
            let (inner, after) = after.split_once(']').ok_or("a bracket [ is not closed")?;
            if before.contains(']') {
                return Err("a bracket ] was not opened".to_owned());
            }
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            let ranges: Result<Vec<_>, String> = inner.split(',').map(Range::parse).collect();
            parts.push(Part::Numbers(ranges?));
            rest = after;
        }
        if rest.contains(']') {
            return Err("a bracket ] was not opened".to_owned());
        }
        if !rest.is_empty() || parts.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    /// How many it stands for, without making them.
    pub(in crate::config) fn count(&self) -> usize {
        self.0.iter().map(Part::count).fold(1, usize::saturating_mul)
    }

    /// The first of them.
    pub(in crate::config) fn first(&self) -> String {
        self.0.iter().map(|part| part.nth(0)).collect()
    }

    /// One that no other is longer than.
    pub(in crate::config) fn longest(&self) -> String {
        self.0.iter().map(Part::longest).collect()
    }

    /// All of them; the last bracket counts up first. To be asked for no more than can be kept.
    pub(in crate::config) fn names(&self) -> impl Iterator<Item = String> + use<> {
        let parts = self.0.clone();
        (0..self.count()).map(move |number| {
            let mut left = number;
            let mut texts: Vec<_> = parts
                .iter()
                .rev()
                .map(|part| {
                    let text = part.nth(left % part.count());
                    left /= part.count();
                    text
                })
                .collect();
            texts.reverse();
            texts.concat()
        })
    }
}

impl Part {
    /// At least 1.
    fn count(&self) -> usize {
        match self {
            Self::Text(_) => 1,
            Self::Numbers(ranges) => ranges.iter().map(Range::count).fold(0, usize::saturating_add),
        }
    }

    fn nth(&self, number: usize) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Numbers(ranges) => {
                let mut left = number;
                let found = ranges.iter().find_map(|range| {
                    if left < range.count() {
                        return Some(range.nth(left));
                    }
                    left -= range.count();
                    None
                });
                found.unwrap_or_default()
            }
        }
    }

    fn longest(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Numbers(ranges) => {
                let lasts = ranges.iter().map(|range| range.nth(range.count() - 1));
                lasts.max_by_key(String::len).unwrap_or_default()
            }
        }
    }
}

impl Range {
    fn parse(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let number = |digits: &str| {
            let fits = (1..=MOST_DIGITS).contains(&digits.len());
            let digits = digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits);
            digits.filter(|_| fits).and_then(|digits| digits.parse::<u32>().ok())
        };
        let (Some(from), Some(to)) = (number(first), number(last)) else {
            return Err(format!(
                "brackets hold numbers and ranges like [01-16,20], not [{}]",
                text.chars().filter(|c| !c.is_control()).take(20).collect::<String>()
            ));
        };
        if from > to {
            return Err(format!("the range [{text}] ends before it begins"));
        }
        let padded = |digits: &str| digits.len() > 1 && digits.starts_with('0');
        if (padded(first) || padded(last)) && first.len() != last.len() {
            return Err(format!(
                "the range [{text}] has zeros in front and ends of different lengths; write both with as many digits"
            ));
        }
        let width = if padded(first) { first.len() } else { 0 };
        Ok(Self { first: from, last: to, width })
    }

    /// At least 1.
    fn count(&self) -> usize {
        usize::try_from(self.last - self.first).unwrap_or(usize::MAX).saturating_add(1)
    }

    fn nth(&self, number: usize) -> String {
        let number = u64::from(self.first) + u64::try_from(number).unwrap_or(u64::MAX);
        format!("{number:0width$}", width = self.width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        Pattern::parse(text).unwrap().names().collect()
    }

    #[test]
    fn brackets_count_as_people_do() {
        assert_eq!(names("gpu-01.lab"), ["gpu-01.lab"]);
        assert_eq!(names("gpu[01-03]"), ["gpu01", "gpu02", "gpu03"]);
        assert_eq!(names("gpu[8-11].lab"), ["gpu8.lab", "gpu9.lab", "gpu10.lab", "gpu11.lab"]);
        assert_eq!(names("n[01-02,07,10-11]"), ["n01", "n02", "n07", "n10", "n11"]);
        assert_eq!(names("r[1-2]n[1-2]"), ["r1n1", "r1n2", "r2n1", "r2n2"]);
        assert_eq!(names("[098-101]"), ["098", "099", "100", "101"]);
        assert_eq!(names("n[0,00]"), ["n0", "n00"]);
        assert_eq!(names(""), [""]);
    }

    #[test]
    fn what_cannot_be_meant_is_said() {
        for (text, wanted) in [
            ("gpu[01-16", "not closed"),
            ("gpu01-16]", "not opened"),
            ("a]b[1]", "not opened"),
            ("gpu[]", "brackets hold"),
            ("gpu[a-b]", "brackets hold"),
            ("gpu[1,]", "brackets hold"),
            ("gpu[1-2-3]", "brackets hold"),
            ("gpu[+1-2]", "brackets hold"),
            ("gpu[[1]]", "brackets hold"),
            ("gpu[16-01]", "ends before"),
            ("gpu[01-100]", "as many digits"),
            ("gpu[1-016]", "as many digits"),
            ("gpu[0000000001]", "brackets hold"),
        ] {
            let said = Pattern::parse(text).unwrap_err();
            assert!(said.contains(wanted), "{text}: {said}");
        }
    }

    #[test]
    fn a_pattern_for_ever_so_many_costs_nothing() {
        let pattern = Pattern::parse("[0-999999999][0-999999999][0-999999999]").unwrap();
        assert_eq!(pattern.count(), usize::MAX);
        assert_eq!(pattern.names().take(2).count(), 2);
        assert_eq!(pattern.longest(), "9".repeat(27));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a-z0-9\\[\\],:-]{0,24}|.{0,20}") {
            if let Ok(pattern) = Pattern::parse(&text) {
                let some: Vec<_> = pattern.names().take(8).collect();
                proptest::prop_assert_eq!(some.first(), Some(&pattern.first()));
                proptest::prop_assert!(some.len() <= pattern.count());
            }
        }
    }
}
