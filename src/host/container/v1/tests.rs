use super::*;

#[test]
fn files_of_a_real_container() {
    // Linux 6.18, `docker run --cpus 0.5 --memory 64m`.
    let cpu = b"nr_periods 8\nnr_throttled 5\nthrottled_time 84143004\nnr_bursts 0\nburst_time 0\n";
    assert_eq!(parse_cpu_stat(cpu), Ok(Throttled { periods: 8, throttled: 5 }));
    assert_eq!(parse_quota(b"50000\n"), Ok(Some(50_000)));
    assert_eq!(parse_quota(b"-1\n"), Ok(None));
    assert_eq!(parse_number("cpuacct.usage", b"329005040\n"), Ok(329_005_040));
    let stat = b"cache 1\nrss 61440\nswap 7\ninactive_file 2\n\
        hierarchical_memory_limit 67108864\ntotal_cache 4096\ntotal_rss 61440\ntotal_swap 8192\n\
        total_inactive_file 1024\n";
    let memory = Memory { inactive_file: 1024, cache: 4096, swap: Some(8192) };
    assert_eq!(parse_memory_stat(stat), Ok(memory), "with what is below");
    let io = b"8:0 Read 4096\n8:0 Write 8192\n8:0 Sync 12288\n8:0 Total 12288\n\
        254:0 Read 1\n254:0 Write 2\nTotal 12291\n";
    assert_eq!(parse_io_service_bytes(io), Ok(Transferred { read: 4097, written: 8194 }));
    assert_eq!(parse_io_service_bytes(b"Total 0\n"), Ok(Transferred::default()));
    for (bytes, frozen) in [(&b"THAWED\n"[..], false), (b"FROZEN\n", true), (b"FREEZING\n", true)] {
        assert_eq!(parse_freezer_state(bytes), Ok(frozen));
    }
}

#[test]
fn what_is_missing_or_no_number_is_an_error_that_says_where() {
    let said = |error: ParseError| error.to_string();
    assert_eq!(
        said(parse_cpu_stat(b"nr_periods 1\n").unwrap_err()),
        "cpu.stat: has no nr_throttled"
    );
    let error = parse_memory_stat(b"total_cache 1\n").unwrap_err();
    assert_eq!(said(error), "memory.stat: has no total_inactive_file");
    assert_eq!(
        said(parse_io_service_bytes(b"8:0 Read 1\n8:0 Write -1\n").unwrap_err()),
        "blkio.throttle.io_service_bytes, line 2: wanted a whole number, found \"-1\""
    );
    for bytes in [&b""[..], b"THAWED FROZEN", b"\xff"] {
        assert!(parse_freezer_state(bytes).is_err(), "{bytes:?}");
        assert!(parse_quota(bytes).is_err(), "{bytes:?}");
        assert!(parse_number("x", bytes).is_err(), "{bytes:?}");
    }
    let without_swap = parse_memory_stat(b"total_cache 1\ntotal_inactive_file 2\n").unwrap();
    assert_eq!(without_swap.swap, None, "swap is counted only where the kernel was told to");
}

proptest::proptest! {
    #[test]
    fn rubbish_is_an_error_and_nothing_worse(bytes in "(total_|)(swap|cache|inactive_file|nr_periods|Read|8:0|Write|[0-9]{1,22}|[ \n\\PC]){0,40}") {
        let bytes = bytes.as_bytes();
        let _ = (parse_cpu_stat(bytes), parse_quota(bytes), parse_number("x", bytes));
        let _ = (parse_memory_stat(bytes), parse_io_service_bytes(bytes), parse_freezer_state(bytes));
    }

    #[test]
    fn what_the_kernel_writes_is_read_back(read: Vec<(u32, u32)>, cache: u64, inactive_file: u64, swap: Option<u64>) {
        let io: String = read.iter().enumerate()
            .map(|(n, (read, written))| format!("8:{n} Read {read}\n8:{n} Write {written}\n8:{n} Total 9\n"))
            .collect();
        let read_sum: u64 = read.iter().map(|(read, _)| u64::from(*read)).sum();
        let written: u64 = read.iter().map(|(_, written)| u64::from(*written)).sum();
        proptest::prop_assert_eq!(
            parse_io_service_bytes(io.as_bytes()),
            Ok(Transferred { read: read_sum, written })
        );
        let swapped = swap.map(|swap| format!("total_swap {swap}\n")).unwrap_or_default();
        let stat = format!("cache 3\n{swapped}total_inactive_file {inactive_file}\ntotal_cache {cache}\n");
        proptest::prop_assert_eq!(parse_memory_stat(stat.as_bytes()), Ok(Memory { inactive_file, cache, swap }));
    }
}
