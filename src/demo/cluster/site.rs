//! The made-up site: which kinds of hosts stand in which group, and what each is built of.

use super::Size;
use super::dice::Dice;
use super::faults::Role;
use crate::demo::BOOT;
use crate::demo::moment::Hardware;
use crate::model::{Bytes, HostId, Text, UnixMillis};

/// A kind of card.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) name: &'static str,
    pub(super) memory_mib: u64,
    pub(super) reserved_mib: u64,
    pub(super) limit_watts: f64,
    pub(super) idle_watts: f64,
    /// Degrees where it slows down.
    pub(super) slowdown: f64,
    pub(super) most_megahertz: u64,
    pub(super) memory_megahertz: u64,
    /// Links to other cards, and their version.
    pub(super) nvlinks: (u32, u32),
    pub(super) pcie: u32,
    pub(super) architecture: &'static str,
    pub(super) compute_capability: &'static str,
    pub(super) ecc: bool,
    /// Fans it controls itself.
    pub(super) fans: u32,
    pub(super) driver: &'static str,
    pub(super) cuda: &'static str,
}

static A100: Model = Model {
    name: "NVIDIA A100-SXM4-80GB",
    memory_mib: 81_920,
    reserved_mib: 617,
    limit_watts: 400.0,
    idle_watts: 58.0,
    slowdown: 92.0,
    most_megahertz: 1410,
    memory_megahertz: 1593,
    nvlinks: (12, 3),
    pcie: 4,
    architecture: "ampere",
    compute_capability: "8.0",
    ecc: true,
    fans: 0,
    driver: "550.90.07",
    cuda: "12.4",
};

static H100: Model = Model {
    name: "NVIDIA H100 80GB HBM3",
    memory_mib: 81_559,
    reserved_mib: 551,
    limit_watts: 700.0,
    idle_watts: 72.0,
    slowdown: 87.0,
    most_megahertz: 1980,
    memory_megahertz: 2619,
    nvlinks: (18, 4),
    pcie: 5,
    architecture: "hopper",
    compute_capability: "9.0",
    driver: "570.86.15",
    cuda: "12.8",
    ..A100
};

static L40S: Model = Model {
    name: "NVIDIA L40S",
    memory_mib: 46_068,
    reserved_mib: 486,
    limit_watts: 350.0,
    idle_watts: 34.0,
    slowdown: 95.0,
    most_megahertz: 2520,
    memory_megahertz: 9001,
    nvlinks: (0, 0),
    architecture: "ada",
    compute_capability: "8.9",
    ..A100
};

static RTX_4090: Model = Model {
    name: "NVIDIA GeForce RTX 4090",
    memory_mib: 24_564,
    reserved_mib: 376,
    limit_watts: 450.0,
    idle_watts: 22.0,
    slowdown: 90.0,
    most_megahertz: 3105,
    memory_megahertz: 10_501,
    ecc: false,
    fans: 2,
    driver: "565.77",
    cuda: "12.7",
    ..L40S
};

/// An operating system: in one line, name, version, codename, id, release of the kernel.
pub(super) type System = [&'static str; 6];

const SYSTEMS: [System; 4] = [
    ["Ubuntu 24.04.3 LTS", "Ubuntu", "24.04", "noble", "ubuntu", "6.8.0-45-generic"],
    ["Ubuntu 22.04.5 LTS", "Ubuntu", "22.04", "jammy", "ubuntu", "5.15.0-122-generic"],
    [
        "Rocky Linux 9.6 (Blue Onyx)",
        "Rocky Linux",
        "9.6",
        "",
        "rocky",
        "5.14.0-570.17.1.el9_6.x86_64",
    ],
    [
        "Debian GNU/Linux 12 (bookworm)",
        "Debian GNU/Linux",
        "12",
        "bookworm",
        "debian",
        "6.1.0-28-amd64",
    ],
];

/// How people come to the cards of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// By Slurm.
    Batch,
    /// In containers of Docker.
    Containers,
    /// At the machine itself, and in containers of Podman.
    Sessions,
}

/// A kind of host.
#[derive(Debug)]
pub(super) struct Kind {
    /// Its group's name.
    pub(super) group: &'static str,
    /// What names of its hosts begin with.
    prefix: &'static str,
    /// Its part of all hosts, of the sum of all.
    weight: u64,
    pub(super) model: Option<&'static Model>,
    /// The most cards that go in.
    cards_most: u32,
    pub(super) access: Access,
    /// What it can be built of: brand of processors, sockets, logical processors, memory in GiB.
    builds: &'static [(&'static str, u32, u32, u64)],
    /// Which of [`SYSTEMS`] are on them.
    systems: &'static [usize],
    /// How its cards are used together.
    patterns: &'static [&'static [u32]],
}

static KINDS: [Kind; 5] = [
    Kind {
        group: "A100 servers",
        prefix: "gpu-a100",
        weight: 12,
        model: Some(&A100),
        cards_most: 16,
        access: Access::Batch,
        builds: &[
            ("AMD EPYC 7543 32-Core Processor", 2, 128, 1008),
            ("AMD EPYC 7742 64-Core Processor", 2, 256, 2015),
        ],
        systems: &[0, 0, 1],
        patterns: &[&[4, 2, 1, 1], &[2, 2, 2, 1, 1], &[4, 4], &[2, 1, 1, 1, 1, 1, 1]],
    },
    Kind {
        group: "H100",
        prefix: "gpu-h100",
        weight: 8,
        model: Some(&H100),
        cards_most: 16,
        access: Access::Batch,
        builds: &[("Intel(R) Xeon(R) Platinum 8480C", 2, 224, 2015)],
        systems: &[0, 2],
        patterns: &[&[8], &[4, 4], &[4, 2, 2]],
    },
    Kind {
        group: "L40S",
        prefix: "gpu-l40s",
        weight: 8,
        model: Some(&L40S),
        cards_most: 16,
        access: Access::Containers,
        builds: &[("AMD EPYC 9354 32-Core Processor", 2, 128, 755)],
        systems: &[0, 3],
        patterns: &[&[2, 2, 1, 1, 1, 1], &[1, 1, 1, 1, 1, 1, 1, 1], &[4, 1, 1, 1, 1]],
    },
    Kind {
        group: "Workstations",
        prefix: "lab-4090",
        weight: 8,
        model: Some(&RTX_4090),
        cards_most: 2,
        access: Access::Sessions,
        builds: &[
            ("AMD Ryzen Threadripper PRO 5975WX 32-Cores", 1, 64, 252),
            ("13th Gen Intel(R) Core(TM) i9-13900K", 1, 32, 126),
        ],
        systems: &[0, 1, 3],
        patterns: &[&[1, 1], &[2]],
    },
    Kind {
        group: "CPU servers",
        prefix: "cpu",
        weight: 4,
        model: None,
        cards_most: 0,
        access: Access::Sessions,
        builds: &[
            ("AMD EPYC 9654 96-Core Processor", 2, 384, 1511),
            ("Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz", 2, 80, 377),
        ],
        systems: &[2, 3],
        patterns: &[&[1]],
    },
];

/// Cards that one job at a time can have, side by side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lane {
    pub(super) first: u32,
    pub(super) width: u32,
    pub(super) dice: Dice,
}

/// What happens to the cards of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mishap {
    /// This card is off the bus.
    Lost(u32),
    /// This card has an error that takes a reset, for a part of every day.
    Error(u32),
}

/// A made-up host: what does not change of it.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) id: HostId,
    pub(super) name: Text,
    pub(super) kind: &'static Kind,
    pub(super) dice: Dice,
    pub(super) hardware: Hardware,
    pub(super) system: &'static System,
    pub(super) address: Text,
    pub(super) group: Text,
    /// How many cards it has.
    pub(super) cards: u32,
    pub(super) lanes: Vec<Lane>,
    pub(super) mishap: Option<Mishap>,
    pub(super) role: Role,
}

const DAY_MS: f64 = 8.64e7;

/// All hosts, by id.
pub(super) fn hosts(seed: u64, size: Size) -> Vec<Host> {
    let dice = Dice::new(seed);
    let nodes = u64::from(size.nodes.max(1));
    let weights: u64 = KINDS.iter().map(|kind| kind.weight).sum();
    let mut hosts = Vec::new();
    let (mut before, mut first) = (0, 0);
    for kind in &KINDS {
        before += kind.weight;
        // The first group has the odd one, so that a cluster of one is a server with cards.
        let end = (nodes * before).div_ceil(weights).min(nodes);
        let count = end - first;
        for number in 1..=count {
            let place = first + number - 1;
            hosts.push(host(dice.of(place), kind, (number, count), place, size.gpus));
        }
        first = end;
    }
    mishaps(&mut hosts);
    if size.faults {
        super::faults::cast(&mut hosts);
    }
    hosts.sort_by(|one, other| one.id.cmp(&other.id));
    hosts
}

/// Names of groups that have hosts, in the order they are shown in.
pub(super) fn groups(hosts: &[Host]) -> Vec<Text> {
    let is_there = |kind: &&Kind| hosts.iter().any(|host| host.group.as_str() == kind.group);
    KINDS.iter().filter(is_there).map(|kind| kind.group.into()).collect()
}

fn host(
    dice: Dice,
    kind: &'static Kind,
    (number, count): (u64, u64),
    place: u64,
    gpus: u32,
) -> Host {
    let digits = count.to_string().len().max(2);
    let name = format!("{}-{number:0digits$}", kind.prefix);
    let pick = |throw: u64, of: usize| dice.of(throw).below(of as u64) as usize;
    let (brand, sockets, threads, gib) = kind.builds[pick(1, kind.builds.len())];
    let cards = gpus.min(kind.cards_most);
    let pattern = kind.patterns[pick(2, kind.patterns.len())];
    Host {
        id: HostId::from_hostname(&name),
        name: name.into(),
        group: kind.group.into(),
        hardware: Hardware {
            threads,
            memory: Bytes(gib << 30),
            brand,
            sockets,
            boot: UnixMillis(BOOT.0 + (dice.of(3).unit() * 300.0 * DAY_MS) as i64),
        },
        system: &SYSTEMS[kind.systems[pick(4, kind.systems.len())]],
        address: format!("10.20.{}.{}", place / 250, place % 250 + 1).into(),
        lanes: lanes(dice.of(5), pattern, cards),
        kind,
        dice,
        cards,
        mishap: None,
        role: Role::Well,
    }
}

/// The pattern again and again, cut where the cards end.
fn lanes(dice: Dice, pattern: &[u32], cards: u32) -> Vec<Lane> {
    let mut lanes = Vec::new();
    let mut first = 0;
    for (number, width) in (0..).zip(pattern.iter().cycle()) {
        if first >= cards {
            break;
        }
        let width = (*width).clamp(1, cards - first);
        lanes.push(Lane { first, width, dice: dice.of(number) });
        first += width;
    }
    lanes
}

/// Of every 64 hosts with cards one has lost a card, and one has a card with an error.
fn mishaps(hosts: &mut [Host]) {
    let mut with_cards: Vec<&mut Host> = hosts.iter_mut().filter(|host| host.cards > 0).collect();
    with_cards.sort_by_key(|host| host.dice.of(6).number());
    let pairs = with_cards.len().div_ceil(64);
    for (number, host) in with_cards.into_iter().take(2 * pairs).enumerate() {
        let card = host.dice.of(7).below(u64::from(host.cards)) as u32;
        let is_first = number % 2 == 0;
        host.mishap = Some(if is_first { Mishap::Error(card) } else { Mishap::Lost(card) });
    }
}
