//! The question for free cards, as it is asked on the command line and in a query, and sizes as people
//! write them. Must not know where cards are or who asks.

use super::Text;

/// The most cards that can be asked for.
pub const FREE_GPUS_MAX: u32 = 65_536;

/// The longest part of a model's name that is taken, in bytes.
pub const FREE_MODEL_MAX_BYTES: usize = 128;

/// Which cards somebody looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeQuestion {
    /// How many, 1 to [`FREE_GPUS_MAX`].
    pub gpus: u32,
    /// Memory that is to be free on each, in bytes; 0: any.
    pub memory_bytes: u64,
    /// A part of the model's name, letters of any case; none: any model.
    pub model: Option<Text>,
    /// Where they may be.
    pub spread: Spread,
}

/// Where the cards may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// All on one host.
    OneHost,
    /// On several hosts together.
    AnyHosts,
}

/// What a query of `gpus/free` may have, for those who got it wrong.
const PARAMETERS: &str = "gpus, memory_bytes, memory, model and same_host";

impl Default for FreeQuestion {
    fn default() -> Self {
        Self { gpus: 1, memory_bytes: 0, model: None, spread: Spread::OneHost }
    }
}

impl FreeQuestion {
    /// Takes the parameters of a query, already decoded.
    ///
    /// # Errors
    /// What was wanted instead, in a sentence.
    pub fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, String> {
        let mut question = Self::default();
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in pairs {
            // Two names of one thing.
            let thing = if name == "memory" { "memory_bytes" } else { name };
            if seen.contains(&thing) {
                return Err(format!("{thing} is given twice"));
            }
            match name {
                "gpus" => question.gpus = count(value)?,
                "memory_bytes" => {
                    question.memory_bytes = value
                        .parse()
                        .map_err(|_| "memory_bytes is a number of bytes, 42949672960".to_owned())?;
                }
                "memory" => question.memory_bytes = size(value)?,
                "model" => question.model = model(value)?,
                "same_host" => {
                    question.spread = match value {
                        "true" | "1" => Spread::OneHost,
                        "false" | "0" => Spread::AnyHosts,
                        _ => return Err("same_host is true or false".to_owned()),
                    }
                }
                _ => return Err(format!("there is no such parameter; there are {PARAMETERS}")),
            }
            seen.push(thing);
        }
        Ok(question)
    }

    /// The same as parameters, not yet encoded; what is as usual is left out.
    #[must_use]
    pub fn to_pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![("gpus", self.gpus.to_string())];
        if self.memory_bytes > 0 {
            pairs.push(("memory_bytes", self.memory_bytes.to_string()));
        }
        if let Some(model) = &self.model {
            pairs.push(("model", model.to_string()));
        }
        if self.spread == Spread::AnyHosts {
            pairs.push(("same_host", "false".to_owned()));
        }
        pairs
    }
}

/// How many cards, as people write it.
///
/// # Errors
/// What was wanted instead, in a sentence.
pub fn count(text: &str) -> Result<u32, String> {
    let count = text.parse().ok().filter(|count| (1..=FREE_GPUS_MAX).contains(count));
    count.ok_or_else(|| format!("the number of cards is 1 to {FREE_GPUS_MAX}"))
}

/// A part of a model's name; none if there is nothing in it.
///
/// # Errors
/// If it is too long.
pub fn model(text: &str) -> Result<Option<Text>, String> {
    if text.len() > FREE_MODEL_MAX_BYTES {
        return Err(format!("model is a part of its name, at most {FREE_MODEL_MAX_BYTES} bytes"));
    }
    let text = text.trim();
    Ok((!text.is_empty()).then(|| text.into()))
}

/// Bytes of a size with its unit: `40G`, `40GiB`, `1.5T`, `500M`. Units are powers of 1024 whether or not
/// they have an i, as in `nvidia-smi`: a card of 80 GB has 81920 MiB.
///
/// # Errors
/// What was wanted instead, in a sentence.
pub fn size(text: &str) -> Result<u64, String> {
    let wrong = || "a size is a number with its unit: 40G, 40GiB or 500M".to_owned();
    let text = text.trim();
    let unit_at = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(unit_at);
    // "1e9", "inf" and "+1" are numbers to the parser and no sizes.
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let unit = unit.trim().to_ascii_lowercase();
    let power = match unit.strip_suffix("ib").or(unit.strip_suffix('b')).unwrap_or(&unit) {
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        _ => return Err(wrong()),
    };
    let bytes = (number * 1024_f64.powi(power)).ceil();
    // Above it a sum of two could overflow; no card has that much.
    if bytes >= 2_f64.powi(62) {
        return Err("a size is less than 4 EiB".to_owned());
    }
    Ok(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("40G", 42_949_672_960),
            ("40GiB", 42_949_672_960),
            ("40 gb", 42_949_672_960),
            (" 40g ", 42_949_672_960),
            ("500M", 524_288_000),
            ("1.5T", 1_649_267_441_664),
            ("81920MiB", 85_899_345_920),
            ("0.0001k", 1),
            ("0G", 0),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_says_what_is() {
        for text in [
            "",
            "40",
            "G",
            "-1G",
            "+1G",
            "1e9G",
            "infG",
            "NaNG",
            "40X",
            "40Gib/s",
            "4.0.0G",
            ".G",
            "40bib",
            "１G",
            "40G 1",
            "99999999999999999999999T",
        ] {
            let error = size(text).unwrap_err();
            assert!(error.starts_with("a size is"), "{text}: {error}");
        }
    }

    #[test]
    fn a_question_reads_back_as_written() {
        for question in [
            FreeQuestion::default(),
            FreeQuestion {
                gpus: 4,
                memory_bytes: 1 << 35,
                model: Some("A100".into()),
                spread: Spread::AnyHosts,
            },
        ] {
            let pairs = question.to_pairs();
            let pairs = pairs.iter().map(|(name, value)| (*name, value.as_str()));
            assert_eq!(FreeQuestion::from_pairs(pairs), Ok(question));
        }
    }

    #[test]
    fn a_query_that_makes_no_sense_is_refused_with_what_would() {
        let long = "x".repeat(FREE_MODEL_MAX_BYTES + 1);
        for (pairs, said) in [
            (vec![("gpus", "0")], "1 to 65536"),
            (vec![("gpus", "-1")], "1 to 65536"),
            (vec![("gpus", "4294967296")], "1 to 65536"),
            (vec![("gpus", "")], "1 to 65536"),
            (vec![("memory_bytes", "40G")], "number of bytes"),
            (vec![("memory", "40")], "with its unit"),
            (vec![("memory", "1G"), ("memory_bytes", "5")], "twice"),
            (vec![("gpus", "1"), ("gpus", "2")], "twice"),
            (vec![("same_host", "yes")], "true or false"),
            (vec![("model", long.as_str())], "at most 128"),
            (vec![("mem", "40G")], "memory_bytes, memory, model"),
        ] {
            let error = FreeQuestion::from_pairs(pairs.clone()).unwrap_err();
            assert!(error.contains(said), "{pairs:?}: {error}");
        }
        let any = FreeQuestion::from_pairs([("model", " ")]);
        assert_eq!(any, Ok(FreeQuestion::default()));
    }
}
