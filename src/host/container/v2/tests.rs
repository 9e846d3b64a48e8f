use super::*;

#[test]
fn files_as_the_kernel_document_has_them() {
    let with_limit = b"usage_usec 1500000\nuser_usec 1000000\nsystem_usec 500000\n\
        nr_periods 20\nnr_throttled 5\nthrottled_usec 100\n";
    let throttled = Some(Throttled { periods: 20, throttled: 5 });
    assert_eq!(parse_cpu_stat(with_limit), Ok(Cpu { nanoseconds: 1_500_000_000, throttled }));
    let without = parse_cpu_stat(b"usage_usec 1\nuser_usec 1\nsystem_usec 0\n").unwrap();
    assert_eq!(without.throttled, None, "a group without the controller");
    assert_eq!(parse_cpu_max(b"max 100000\n"), Ok(None));
    assert_eq!(parse_cpu_max(b"150000 100000\n"), Ok(Some((150_000, 100_000))));
    let memory = Memory { inactive_file: 1024, cache: 4096, swap: None };
    assert_eq!(
        parse_memory_stat(b"anon 9\nfile 4096\ninactive_file 1024\nfile_mapped 7\n"),
        Ok(memory)
    );
    assert_eq!(parse_limit("memory.max", b"max\n"), Ok(None));
    assert_eq!(parse_limit("memory.max", b"67108864\n"), Ok(Some(67_108_864)));
    let io = b"8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0\n\
        8:0 rbytes=90430464 wbytes=299008000 rios=8950 wios=1252 dbytes=50331648 dios=3021\n253:0 \n";
    let sum = Transferred { read: 1_459_200 + 90_430_464, written: 314_773_504 + 299_008_000 };
    assert_eq!(parse_io_stat(io), Ok(sum));
    assert_eq!(parse_io_stat(b""), Ok(Transferred::default()), "nothing was ever transferred");
    let events = b"low 0\nhigh 0\nmax 3\noom 2\noom_kill 1\noom_group_kill 0\n";
    assert_eq!(parse_value("memory.events", events, b"oom_kill"), Ok(Some(1)));
    assert_eq!(parse_value("memory.events", b"oom 2\n", b"oom_kill"), Ok(None));
}

#[test]
fn what_is_missing_or_no_number_is_an_error_that_says_where() {
    let said = |error: ParseError| error.to_string();
    assert_eq!(said(parse_cpu_stat(b"user_usec 1\n").unwrap_err()), "cpu.stat: has no usage_usec");
    assert_eq!(
        said(parse_cpu_max(b"1000 0\n").unwrap_err()),
        "cpu.max, line 1: wanted a period, found \"0\""
    );
    assert!(parse_cpu_max(b"max\n").is_err());
    assert!(parse_cpu_max(b"").is_err());
    assert!(parse_limit("pids.max", b"maximum").is_err());
    assert_eq!(
        said(parse_io_stat(b"8:0 rbytes=1\n8:1 wbytes=x\n").unwrap_err()),
        "io.stat, line 2: wanted a whole number, found \"x\""
    );
    assert_eq!(
        said(parse_memory_stat(b"file 1\n").unwrap_err()),
        "memory.stat: has no inactive_file"
    );
    assert!(parse_value("memory.events", b"oom_kill\n", b"oom_kill").is_err());
}

proptest::proptest! {
    #[test]
    fn rubbish_is_an_error_and_nothing_worse(bytes in "(usage_usec|max|file|inactive_file|8:0|rbytes=|wbytes=|frozen|[0-9]{1,22}|[ \n\\PC]){0,40}") {
        let bytes = bytes.as_bytes();
        let _ = (parse_cpu_stat(bytes), parse_cpu_max(bytes), parse_memory_stat(bytes));
        let _ = (parse_limit("x", bytes), parse_io_stat(bytes), parse_value("x", bytes, b"frozen"));
    }

    #[test]
    fn what_the_kernel_writes_is_read_back(usage in 0..u64::MAX / 1000, periods: u64, throttled: u64, quota: u64, period in 1_u64.., limit: Option<u64>) {
        let stat = format!("usage_usec {usage}\nnr_periods {periods}\nnr_throttled {throttled}\n");
        let throttled = Some(Throttled { periods, throttled });
        proptest::prop_assert_eq!(parse_cpu_stat(stat.as_bytes()), Ok(Cpu { nanoseconds: usage * 1000, throttled }));
        proptest::prop_assert_eq!(parse_cpu_max(format!("{quota} {period}\n").as_bytes()), Ok(Some((quota, period))));
        let written = limit.map_or("max".to_owned(), |limit| limit.to_string());
        proptest::prop_assert_eq!(parse_limit("x", format!("{written}\n").as_bytes()), Ok(limit));
    }
}
