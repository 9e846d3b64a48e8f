#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::sockets::tcp::Counter;

// In two pieces: it must not matter where the first ends.
fuzz_target!(|data: &[u8]| {
    let counted = |pieces: &[&[u8]]| {
        let mut counter = Counter::default();
        for piece in pieces {
            counter.take(piece).ok()?;
        }
        counter.finish().ok()?;
        Some(counter.states())
    };
    let Some((&at, file)) = data.split_first() else { return };
    let (first, second) = file.split_at(usize::from(at).min(file.len()));
    // A line that is too long is found sooner or later, depending on the pieces.
    if let (Some(whole), Some(pieces)) = (counted(&[file]), counted(&[first, second])) {
        assert_eq!(whole, pieces);
    }
});
