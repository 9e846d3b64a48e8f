//! Cards that are divided.

use super::*;

fn slice(number: u32) -> DeviceSlice {
    DeviceSlice {
        key: format!("0:{number}").into(),
        uuid: Reading::default(),
        profile: present("1g.10gb".into()),
        gpu_instance: present(number),
        compute_instance: present(0),
        state: Unknown,
        memory: memory(10 * GIB, 0.1),
        process_count: present(0),
    }
}

/// A card in two slices; divided cards have no utilisation.
fn divided() -> Watch {
    let mut watch = Watch::new();
    let card = watch.card();
    card.mig = present(true);
    card.utilisation.gpu_percent = Reading::absent(Reason::NotSupported);
    card.slices = vec![slice(0), slice(1)];
    watch
}

fn states(watch: &Watch) -> (GpuState, Vec<GpuState>) {
    let card = &watch.seen.cards[0];
    (card.state, card.slices.iter().map(|slice| slice.state).collect())
}

fn on_slice(watch: &mut Watch, number: usize) {
    let key = watch.gpus.cards[0].slices[number].key.clone();
    let pid = u32::try_from(number).unwrap() + 10;
    let row = process(0, pid, "alice", GpuProcessKind::Compute);
    watch.gpus.processes.push(GpuProcess { slice: Some(key), ..row });
    watch.gpus.cards[0].slices[number].process_count = present(1);
}

use GpuState::{Busy, Fault, Free, Unknown};

#[test]
fn each_slice_is_judged_by_itself_and_the_card_is_free_only_if_all_are() {
    let mut watch = divided();
    watch.look();
    assert_eq!(states(&watch), (Free, vec![Free, Free]));
    assert_eq!(watch.idle_since(), Reading::absent(Reason::NotSupported));

    on_slice(&mut watch, 1);
    watch.look();
    assert_eq!(states(&watch), (Busy, vec![Free, Busy]));
    assert_eq!(watch.since(), present(watch.now.wall));
    watch.watch(60 * MINUTE);
    assert_eq!(states(&watch), (Busy, vec![Free, Busy]), "whether it is used cannot be told");

    watch.gpus.processes.clear();
    watch.card().slices[1].process_count = present(0);
    watch.watch(29 * SECOND);
    assert_eq!(states(&watch), (Busy, vec![Free, Busy]));
    watch.watch(SECOND);
    assert_eq!(states(&watch), (Free, vec![Free, Free]));
    assert_eq!(watch.since(), present(watch.now.wall));
}

#[test]
fn memory_makes_a_slice_busy_and_its_lack_of_readings_unknown() {
    let mut watch = divided();
    watch.card().slices[0].memory = memory(10 * GIB, 2.0);
    watch.watch(MINUTE);
    assert_eq!(states(&watch), (Busy, vec![Busy, Free]));
    watch.card().slices[0].memory = memory(10 * GIB, 1.9);
    watch.card().slices[0].process_count = Reading::absent(Reason::PermissionDenied);
    watch.watch(MINUTE);
    assert_eq!(states(&watch), (Unknown, vec![Unknown, Free]));
}

#[test]
fn what_is_wrong_with_the_card_is_wrong_with_its_slices() {
    let mut watch = divided();
    watch.watch(MINUTE);
    watch.card().ecc.since_load.uncorrected = present(2);
    watch.watch(SECOND);
    assert_eq!(states(&watch), (Fault, vec![Fault, Fault]));
    watch.card().problem = problem(Reason::NotResponding);
    watch.watch(SECOND);
    assert_eq!(states(&watch), (Unknown, vec![Unknown, Unknown]));
}

#[test]
fn a_card_that_is_to_be_divided_and_is_not_is_no_use_to_anybody() {
    let mut watch = divided();
    watch.card().slices.clear();
    watch.watch(MINUTE);
    assert_eq!(states(&watch), (Unknown, vec![]));
    watch.processes(&[GpuProcessKind::Compute]).watch(SECOND);
    assert_eq!(states(&watch), (Busy, vec![]), "but a process is a process");
}
