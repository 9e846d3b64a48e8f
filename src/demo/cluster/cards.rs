//! The cards of a made-up host, and who is on them: the part that its line in the overview is made from.

use std::sync::Arc;

use super::Depth;
use super::places;
use super::scene::{Card, Scene, State, Task};
use super::site::Model;
use crate::demo::gpus::people;
use crate::demo::moment::Moment;
use crate::model::gpu::{
    DriverState, Gpu, GpuEvent, GpuFinding, GpuHealth, GpuMemory, GpuPower, GpuProcess,
    GpuProcessKind, GpuState, GpuTemperature, GpuUtilisation, Gpus, Severity, XidAction, XidClass,
};
use crate::model::{Bytes, Celsius, Percent, Problem, Reading, Reason, Text, UnixMillis, Watts};

/// What an empty card has in use.
const EMPTY: Bytes = Bytes(4 << 20);

/// All cards; none if the host has none.
pub(super) fn gpus(scene: &Scene<'_>, tasks: &[Task<'_>], depth: Depth) -> Option<Gpus> {
    let model = scene.host.kind.model.filter(|_| scene.host.cards > 0)?;
    if scene.host.role == super::faults::Role::Mismatch {
        return Some(mismatch(scene, model));
    }
    let processes: Vec<_> = tasks.iter().map(|task| process(scene, task, depth)).collect();
    let cards: Vec<_> =
        scene.cards.iter().map(|card| gpu(scene, model, card, tasks, depth)).collect();
    let everything = depth == Depth::Everything;
    Some(Gpus {
        driver: DriverState::Running,
        driver_version: Reading::Present(model.driver.into()),
        nvml_version: Reading::Present(format!("12.{}", model.driver).into()),
        cuda_version: Reading::Present(model.cuda.into()),
        people: if everything {
            people::people(scene.moment, &processes, &cards)
        } else {
            Vec::new()
        },
        events: if everything { events(scene) } else { Vec::new() },
        cards,
        processes,
        left_out: 0,
    })
}

/// Somebody has renewed the driver and not restarted the machine.
fn mismatch(scene: &Scene<'_>, model: &Model) -> Gpus {
    let card = |index| Gpu {
        key: address(index),
        index,
        pci_address: address(index),
        name: Reading::absent(Reason::NotSupported),
        ..Gpu::default()
    };
    Gpus {
        driver: DriverState::VersionMismatch,
        driver_version: Reading::absent(Reason::NotSupported),
        nvml_version: Reading::Present(format!("12.{}", model.driver).into()),
        cuda_version: Reading::absent(Reason::NotSupported),
        cards: (0..scene.host.cards).map(card).collect(),
        processes: Vec::new(),
        people: Vec::new(),
        events: Vec::new(),
        left_out: 0,
    }
}

/// The address of a card.
pub(super) fn address(index: u32) -> Text {
    const BUSES: [u8; 16] = [
        0x07, 0x0f, 0x47, 0x4e, 0x87, 0x90, 0xb7, 0xbd, 0xc1, 0xc7, 0xcb, 0xd1, 0xd6, 0xda, 0xe1,
        0xe8,
    ];
    format!("00000000:{:02X}:00.0", BUSES[index as usize % BUSES.len()]).into()
}

fn gpu(
    scene: &Scene<'_>,
    model: &'static Model,
    card: &Card,
    tasks: &[Task<'_>],
    depth: Depth,
) -> Gpu {
    let at = scene.moment.at;
    let dice = scene.host.dice.of(30).of(u64::from(card.index));
    let lost = card.spell.filter(|spell| spell.lost);
    let idle_heat = 28.0 + 6.0 * dice.of(0).unit() + 2.0 * dice.of(1).wave(at, 200.0);
    // A chip takes a while to become warm, and its load changes faster than that.
    let heat = card.usual_level / 100.0 * dice.of(2).between(0.8, 1.0);
    let span = (model.slowdown - 12.0 - 36.0) * (0.94 + 0.06 * dice.of(3).wave(at, 45.0));
    let celsius = Celsius((idle_heat + heat * span).round());
    let wobble = 0.96 + 0.04 * dice.of(4).wave(at, 5.0);
    let draw = model.idle_watts
        + 4.0 * dice.of(5).unit()
        + (model.limit_watts * 0.94 - model.idle_watts) * (card.level / 100.0).powf(0.8) * wobble;
    let row = Gpu {
        key: address(card.index),
        index: card.index,
        name: Reading::Present(model.name.into()),
        pci_address: address(card.index),
        state: match card.state {
            State::Free => GpuState::Free,
            State::Held => GpuState::Held,
            State::Busy => GpuState::Busy,
            State::Fault => GpuState::Fault,
        },
        state_since_ms: Reading::Present(card.since),
        idle_since_ms: match (card.idle_since, card.spell) {
            (Some(since), _) => Reading::Present(since),
            (None, Some(_)) => Reading::absent(Reason::Gone),
            (None, None) => Reading::absent(Reason::NotSupported),
        },
        problem: lost
            .map(|spell| Problem { reason: Reason::Gone, since_ms: UnixMillis(spell.from) }),
        health: health(card),
        utilisation: GpuUtilisation {
            gpu_percent: unless(lost.is_some(), Percent(card.level)),
            ..GpuUtilisation::default()
        },
        memory: memory(model, card, tasks, lost.is_some()),
        temperature: GpuTemperature {
            gpu_celsius: unless(lost.is_some(), celsius),
            ..GpuTemperature::default()
        },
        power: GpuPower {
            draw_watts: unless(lost.is_some(), Watts::new(draw.min(model.limit_watts))),
            ..GpuPower::default()
        },
        ..Gpu::default()
    };
    match depth {
        Depth::Line => row,
        Depth::Everything => super::card::whole(scene, model, card, tasks, row),
    }
}

/// A value, unless the card is lost.
fn unless<T>(is_lost: bool, value: T) -> Reading<T> {
    if is_lost { Reading::absent(Reason::Gone) } else { Reading::Present(value) }
}

fn memory(model: &Model, card: &Card, tasks: &[Task<'_>], is_lost: bool) -> GpuMemory {
    let total = Bytes(model.memory_mib << 20);
    let mut memory = GpuMemory { total_bytes: Reading::Present(total), ..GpuMemory::default() };
    if is_lost {
        let gone = Reading::absent(Reason::Gone);
        memory.used_bytes = gone;
        memory.free_bytes = gone;
        memory.reserved_bytes = gone;
        memory.bar1_total_bytes = gone;
        memory.bar1_used_bytes = gone;
        memory.used_percent = Reading::absent(Reason::Gone);
        return memory;
    }
    let mine = tasks.iter().filter(|task| task.card.index == card.index);
    let used = Bytes(EMPTY.0 + mine.map(|task| task.memory.0).sum::<u64>());
    let reserved = Bytes(model.reserved_mib << 20);
    memory.used_bytes = Reading::Present(used);
    memory.reserved_bytes = Reading::Present(reserved);
    memory.free_bytes = Reading::Present(Bytes(total.0.saturating_sub(used.0 + reserved.0)));
    memory.used_percent =
        Reading::from_option(Percent::of_bytes(used, total), Reason::NotSupported);
    memory.bar1_total_bytes = Reading::Present(Bytes(128 << 30));
    memory.bar1_used_bytes = Reading::Present(Bytes((6 << 20) + used.0 / 4000));
    memory
}

/// What an error is about and what to do, as `assess` has it in its table.
fn about(code: u32) -> (XidClass, XidAction) {
    match code {
        48 | 95 => (XidClass::Memory, XidAction::ResetCard),
        79 => (XidClass::Bus, XidAction::CheckHardware),
        119 => (XidClass::Driver, XidAction::ResetCard),
        31 => (XidClass::Program, XidAction::CheckProgram),
        _ => (XidClass::Unknown, XidAction::LookUp),
    }
}

/// The program of a job that ended badly.
const COMPLAINT: u32 = 31;

fn health(card: &Card) -> GpuHealth {
    let mut findings = Vec::new();
    let xid = |code, at_ms, severity| {
        let (class, action) = about(code);
        GpuFinding::Xid { code, class, action, severity, at_ms, count: 1 }
    };
    if let Some(spell) = card.spell {
        let from = UnixMillis(spell.from);
        if spell.lost {
            findings.push(GpuFinding::Lost { since_ms: from });
        }
        findings.push(xid(spell.code, from, Severity::Critical));
    }
    if let Some(at) = card.complaint {
        findings.push(xid(COMPLAINT, at, Severity::Info));
    }
    GpuHealth { severity: findings.iter().map(GpuFinding::severity).max(), findings }
}

/// Newest first.
fn events(scene: &Scene<'_>) -> Vec<GpuEvent> {
    let event = |at_ms, gpu, code| {
        let (class, action) = about(code);
        GpuEvent { at_ms, gpu, code, class, action }
    };
    let spells = scene.cards.iter().filter_map(|card| {
        let spell = card.spell?;
        Some(event(UnixMillis(spell.from), card.index, spell.code))
    });
    let complaints =
        scene.cards.iter().filter_map(|card| Some(event(card.complaint?, card.index, COMPLAINT)));
    let mut events: Vec<_> = spells.chain(complaints).collect();
    events.sort_by_key(|event| std::cmp::Reverse((event.at_ms.0, event.gpu)));
    events
}

fn process(scene: &Scene<'_>, task: &Task<'_>, depth: Depth) -> GpuProcess {
    let everything = depth == Depth::Everything;
    let place = places::place(scene, task);
    let share = |value| Reading::from_option(Percent::of(value, 100.0), Reason::NotSupported);
    let wave = |moment: Moment| task.job.dice.of(15).wave(moment.at, 40.0);
    GpuProcess {
        key: format!("{}-{}-{}", task.card.index, task.pid, task.start.0).into(),
        gpu: task.card.index,
        slice: None,
        pid: task.pid,
        kinds: vec![GpuProcessKind::Compute],
        memory_bytes: Reading::Present(task.memory),
        gpu_percent: share(task.level),
        memory_percent: share(task.level * (0.5 + 0.2 * wave(scene.moment))),
        encoder_percent: share(0.0),
        decoder_percent: share(0.0),
        name: Reading::Present(places::program(task).into()),
        user: Reading::Present(task.user.0.into()),
        user_id: Reading::Present(task.user.1),
        started_at_ms: Reading::Present(task.start),
        cpu_percent: share(task.cpu),
        resident_bytes: Reading::Present(crate::demo::processes::in_lots(task.resident)),
        command: if everything {
            Reading::Present(places::command(task).into())
        } else {
            Reading::absent(Reason::NotCollected)
        },
        place: Reading::Present(Arc::new(place)),
    }
}
