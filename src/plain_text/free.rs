//! Where cards are free, with lines to copy.

use super::table::{Column, Line, and_more, table};
use super::units::{age, bytes, cell, short_model};
use crate::model::cluster::{FreeBody, Offer};
use crate::model::free::{FreeQuestion, Spread};
use crate::model::{Bytes, Text};

/// The most hosts that are listed.
const MOST_OFFERS: usize = 20;

/// The answer to a question, lines at most `width` characters long but for those to copy.
#[must_use]
pub fn free(body: &FreeBody, question: &FreeQuestion, width: usize) -> String {
    let mut lines = vec![headline(body, question)];
    if body.offers.is_empty() {
        lines.push(nearest(body));
    } else {
        lines.extend(offers(body, question));
    }
    let mut text: Vec<String> = lines.iter().flat_map(|line| line.set(width)).collect();
    let taken = match question.spread {
        Spread::OneHost => body.offers.get(..1),
        Spread::AnyHosts => body.offers.get(..),
    };
    for offer in taken.unwrap_or_default() {
        text.push(String::new());
        text.extend(to_copy(offer));
    }
    text.iter().fold(String::new(), |all, line| all + line.trim_end() + "\n")
}

fn headline(body: &FreeBody, question: &FreeQuestion) -> Line {
    let mut wanted = match question.gpus {
        1 => "1 GPU".to_owned(),
        count => format!("{count} GPUs"),
    };
    match (question.spread, question.gpus) {
        (Spread::AnyHosts, _) => wanted.push_str(" on any hosts"),
        (Spread::OneHost, 1) => {}
        (Spread::OneHost, _) => wanted.push_str(" on one host"),
    }
    if let Some(model) = &question.model {
        wanted = format!("{wanted}, {model}");
    }
    if question.memory_bytes > 0 {
        wanted = format!("{wanted}, {} free on each", bytes(Bytes(question.memory_bytes)));
    }
    let found = match (body.fitting, body.offers.is_empty()) {
        (0, _) => "there is no such card".to_owned(),
        (fitting, true) => format!("nothing fits now; {} of {fitting} are free", body.free),
        (fitting, false) => format!("{} of {fitting} are free", body.free),
    };
    Line::Row(format!("{wanted}: {found}"))
}

fn nearest(body: &FreeBody) -> Line {
    let words = match &body.nearest {
        None => "Nothing near it is free.".to_owned(),
        Some(offer) => format!(
            "Nearest: {} free on {}, {}, with {} free",
            offer.free,
            offer.name,
            cell(&offer.model, |model| short_model(model).to_owned()),
            cell(&offer.memory_free_bytes, |free| bytes(*free)),
        ),
    };
    Line::Row(words)
}

fn offers(body: &FreeBody, question: &FreeQuestion) -> Vec<Line> {
    let most = match question.spread {
        Spread::OneHost => MOST_OFFERS,
        Spread::AnyHosts => usize::MAX,
    };
    let shown = body.offers.get(..most).unwrap_or(&body.offers);
    let columns = [
        Column::Left("HOST", 32),
        Column::Left("GPUS", 24),
        Column::Left("MODEL", 24),
        Column::Right("FREE"),
        Column::Right("MEMORY"),
        Column::Left("FOR", 24),
    ];
    let rows = shown.iter().map(|offer| {
        [
            offer.name.to_string(),
            numbers(offer),
            cell(&offer.model, |model| short_model(model).to_owned()),
            offer.free.to_string(),
            cell(&offer.memory_free_bytes, |free| bytes(*free)),
            cell(&offer.idle_since_ms, |since| {
                format!("free for {}", age(body.server_time_ms.since(*since)))
            }),
        ]
    });
    let mut lines = table(columns, rows.collect());
    lines.extend(and_more((body.offers.len() - shown.len()) as u64));
    lines
}

fn numbers(offer: &Offer) -> String {
    offer.gpus.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// What to type. The finder leaves only harmless names, and what comes from another smonitor is looked at
/// once more: it ends up in somebody's shell.
fn to_copy(offer: &Offer) -> Vec<String> {
    let ssh = is_harmless_word(&offer.address).then(|| format!("ssh {}", offer.address));
    let cards = format!("CUDA_DEVICE_ORDER=PCI_BUS_ID CUDA_VISIBLE_DEVICES={}", numbers(offer));
    ssh.into_iter().chain([cards]).collect()
}

fn is_harmless_word(word: &Text) -> bool {
    let is_harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:@%".contains(&byte);
    !word.is_empty() && !word.starts_with('-') && word.bytes().all(is_harmless)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{HostId, Reading, UnixMillis};

    const GIB: u64 = 1 << 30;

    fn offer(name: &str, address: &str, gpus: &[u32]) -> Offer {
        Offer {
            host: HostId::parse("gpu-01").unwrap(),
            name: name.into(),
            address: address.into(),
            model: Reading::Present("NVIDIA A100-SXM4-80GB".into()),
            gpus: gpus.to_vec(),
            free: 3,
            memory_free_bytes: Reading::Present(Bytes(79 * GIB)),
            idle_since_ms: Reading::Present(UnixMillis(280_000)),
        }
    }

    fn body(offers: Vec<Offer>) -> FreeBody {
        FreeBody {
            server_time_ms: UnixMillis(1_000_000),
            free: 12,
            fitting: 96,
            offers,
            nearest: None,
        }
    }

    fn question(gpus: u32, spread: Spread) -> FreeQuestion {
        FreeQuestion { gpus, spread, memory_bytes: 40 * GIB, model: Some("a100".into()) }
    }

    #[test]
    fn offers_stand_in_columns_and_the_best_is_ready_to_copy() {
        let offers =
            vec![offer("gpu-2", "gpu-2.lab", &[0, 3]), offer("training-10", "10.0.0.7", &[1, 2])];
        insta::assert_snapshot!(free(&body(offers), &question(2, Spread::OneHost), usize::MAX), @"
        2 GPUs on one host, a100, 40.0 GiB free on each: 12 of 96 are free
        HOST         GPUS  MODEL           FREE    MEMORY  FOR
        gpu-2        0,3   A100-SXM4-80GB     3  79.0 GiB  free for 12 min
        training-10  1,2   A100-SXM4-80GB     3  79.0 GiB  free for 12 min

        ssh gpu-2.lab
        CUDA_DEVICE_ORDER=PCI_BUS_ID CUDA_VISIBLE_DEVICES=0,3
        ");
    }

    #[test]
    fn of_several_hosts_each_is_ready_to_copy() {
        let offers = vec![offer("a", "a", &[0, 1]), offer("b", "b", &[2])];
        let text = free(&body(offers), &question(3, Spread::AnyHosts), usize::MAX);
        for line in ["ssh a", "CUDA_DEVICE_ORDER=PCI_BUS_ID CUDA_VISIBLE_DEVICES=0,1", "ssh b"] {
            assert!(text.lines().any(|one| one == line), "{line}: {text}");
        }
    }

    #[test]
    fn where_nothing_fits_the_nearest_is_said() {
        let mut near = body(Vec::new());
        near.nearest = Some(offer("gpu-2", "gpu-2", &[0, 1, 3]));
        insta::assert_snapshot!(free(&near, &question(8, Spread::OneHost), 100), @"
        8 GPUs on one host, a100, 40.0 GiB free on each: nothing fits now; 12 of 96 are free
        Nearest: 3 free on gpu-2, A100-SXM4-80GB, with 79.0 GiB free
        ");
        let none = FreeBody { free: 0, fitting: 0, ..body(Vec::new()) };
        insta::assert_snapshot!(free(&none, &FreeQuestion::default(), 100), @"
        1 GPU: there is no such card
        Nothing near it is free.
        ");
    }

    #[test]
    fn nothing_of_hostile_names_gets_into_a_shell_or_moves_a_cursor() {
        for address in
            ["", "-p22", "-oProxyCommand=id", "a;id", "a b", "$(id)", "a\nid", "\u{1b}[2J", "ä"]
        {
            let hostile = offer("\u{1b}[2Jx\n\u{202e}y", address, &[0]);
            let text = free(&body(vec![hostile]), &question(1, Spread::OneHost), usize::MAX);
            assert!(!text.contains("ssh"), "{address:?}: {text}");
            assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
            assert_eq!(text.lines().count(), 5, "{text}");
        }
    }

    #[test]
    fn a_long_list_is_cut_and_says_so() {
        let offers = (0..23).map(|n| offer(&format!("gpu-{n}"), "a", &[0])).collect();
        let text = free(&body(offers), &question(1, Spread::OneHost), usize::MAX);
        assert!(text.contains("gpu-19 ") && !text.contains("gpu-20 "), "{text}");
        assert!(text.contains("\nand 3 more\n"), "{text}");
    }
}
