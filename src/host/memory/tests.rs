use super::*;

const MODERN: &[u8] = b"MemTotal:       16000000 kB\nMemFree:         1000000 kB\n\
    MemAvailable:    9000000 kB\nBuffers:          200000 kB\nCached:          8000000 kB\n\
    SwapCached:            0 kB\nDirty:               100 kB\nShmem:            500000 kB\n\
    SReclaimable:     300000 kB\nSwapTotal:       4000000 kB\nSwapFree:        3000000 kB\n\
    HugePages_Total:       0\nDirectMap1G:    1 kB\n";

fn kib(value: u64) -> Bytes {
    Bytes(value * 1024)
}

#[test]
fn the_fields_mean_what_the_model_says() {
    let memory = parse_meminfo(MODERN).unwrap();
    assert_eq!(memory.total_bytes, kib(16_000_000));
    assert_eq!(memory.used_bytes, kib(7_000_000));
    assert_eq!(memory.used_percent, Reading::Present(Percent(43.8)));
    assert_eq!(memory.available_bytes, Reading::Present(kib(9_000_000)));
    assert_eq!(memory.cached_bytes, Reading::Present(kib(7_800_000)));
    assert_eq!(memory.dirty_bytes, Reading::Present(kib(100)));
    let swap = *memory.swap.present().unwrap();
    assert_eq!((swap.used_bytes, swap.free_bytes), (kib(1_000_000), kib(3_000_000)));
    assert_eq!(swap.used_percent, Reading::Present(Percent(25.0)));
}

#[test]
fn before_3_14_used_is_what_is_neither_free_nor_droppable() {
    let old = String::from_utf8_lossy(MODERN).replace("MemAvailable", "MemOther");
    let memory = parse_meminfo(old.as_bytes()).unwrap();
    assert_eq!(memory.available_bytes.reason(), Some(Reason::NotSupported));
    assert_eq!(memory.used_bytes, kib(16_000_000 - 1_000_000 - 200_000 - 7_800_000));
}

#[test]
fn the_kernels_own_figures_are_kept_in_any_order() {
    let get = |memory: &Memory, key: &str| {
        let place = MEMINFO_KEYS.iter().position(|name| *name == key).unwrap();
        memory.meminfo.values[place]
    };
    let reversed: Vec<_> = MODERN.rsplit(|&byte| byte == b'\n').collect();
    for bytes in [MODERN.to_vec(), reversed.join(&b"\n"[..])] {
        let memory = parse_meminfo(&bytes).unwrap();
        assert_eq!(get(&memory, "Cached"), Some(8_000_000 * 1024), "not less shared memory");
        assert_eq!(get(&memory, "HugePages_Total"), Some(0), "a count is no number of kB");
        assert_eq!(get(&memory, "DirectMap1G"), Some(1024));
        assert_eq!(get(&memory, "Zswap"), None);
    }
    let odd = [MODERN, b"Slab: x kB\nPercpu: 18446744073709551615 kB\nActive 1 kB\n"].concat();
    let memory = parse_meminfo(&odd).unwrap();
    for key in ["Slab", "Percpu", "Active"] {
        assert_eq!(get(&memory, key), None, "{key}");
    }
}

#[test]
fn no_swap_is_not_zero_swap() {
    let none = String::from_utf8_lossy(MODERN).replace("4000000", "0").replace("3000000", "0");
    let memory = parse_meminfo(none.as_bytes()).unwrap();
    assert_eq!(memory.swap, Reading::absent(Reason::NotSupported));
}

#[test]
fn what_is_missing_is_an_error_or_absent() {
    let memory = parse_meminfo(b"MemTotal: 2 kB\nMemFree: 1 kB\n").unwrap();
    assert_eq!(memory.shared_bytes.reason(), Some(Reason::NotSupported));
    assert_eq!(memory.swap.reason(), Some(Reason::NotSupported));
    for (bytes, error) in [
        (&b""[..], "meminfo: has no MemTotal"),
        (b"MemTotal: 0 kB\nMemFree: 0 kB\n", "meminfo: has no MemTotal"),
        (b"MemTotal: 1 kB\n", "meminfo: has no MemFree"),
        (b"\nMemTotal: -1 kB\n", "meminfo, line 2: wanted a whole number, found \"-1\""),
        (b"MemTotal:\n", "meminfo, line 1: wanted a whole number, found \"\""),
    ] {
        assert_eq!(parse_meminfo(bytes).unwrap_err().to_string(), error);
    }
}

#[test]
fn swapping_is_pages_times_their_size() {
    let swapped = parse_vmstat(b"nr_free_pages 1\npswpin 5\npswpout 7\npswpinx 9\n").unwrap();
    assert_eq!(swapped, Swapped { pages_in: 5, pages_out: 7 });
    assert!(parse_vmstat(b"pswpin 5\n").is_err());
    assert!(parse_vmstat(b"pswpin x\npswpout 1\n").is_err());
    let two_seconds = Duration::from_secs(2);
    assert_eq!(byte_rate(10, 20, 4096, two_seconds), Some(BytesPerSecond(20_480)));
    assert_eq!(byte_rate(20, 10, 4096, two_seconds), None, "a reset is no rate");
}

proptest::proptest! {
    #[test]
    fn never_panics_and_stays_in_range(
        bytes: Vec<u8>,
        text in "((MemTotal|MemFree|MemAvailable|Cached|Shmem|SwapTotal|SwapFree|pswpin|pswpout):? +[0-9]{0,20}( kB)?\n){0,9}",
    ) {
        for input in [&bytes[..], text.as_bytes()] {
            let _ = parse_vmstat(input);
            let Ok(memory) = parse_meminfo(input) else { continue };
            proptest::prop_assert!(memory.used_bytes.0 <= memory.total_bytes.0);
            let percent = memory.used_percent.present().unwrap().0;
            proptest::prop_assert!((0.0..=100.0).contains(&percent));
        }
    }
}
