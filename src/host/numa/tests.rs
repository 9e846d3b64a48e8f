use super::*;

#[test]
fn a_nodes_memory_is_in_kib() {
    let memory = parse_meminfo(
        b"Node 12 MemTotal:       264011868 kB\nNode 12 MemFree:        1024 kB\nNode 12 MemUsed: 1 kB\n",
    );
    let wanted = NodeMemory { total: Bytes(264_011_868 * 1024), free: Bytes(1024 * 1024) };
    assert_eq!(memory.unwrap(), wanted);
    for (bytes, error) in [
        (&b""[..], "node/meminfo: has no MemTotal"),
        (b"Node 0 MemTotal: 1 kB\n", "node/meminfo: has no MemFree"),
        (b"Node 0 MemFree: x kB\n", "node/meminfo, line 1: wanted a whole number, found \"x\""),
    ] {
        assert_eq!(parse_meminfo(bytes).unwrap_err().to_string(), error);
    }
}

#[test]
fn misses_and_distances() {
    assert_eq!(parse_numastat(b"numa_hit 9\nnuma_miss 7\nnuma_foreign 5\n"), Ok(7));
    assert!(parse_numastat(b"numa_hit 9\n").is_err());
    assert!(parse_numastat(b"numa_miss\n").is_err());
    assert_eq!(parse_distance(b"10 21 255\n"), Ok(vec![10, 21, 255]));
    assert_eq!(parse_distance(b"\n"), Ok(vec![]));
    assert!(parse_distance(b"10 x\n").is_err());
    assert!(parse_distance(b"4294967296\n").is_err());
}

#[test]
fn nodes_are_folders_with_a_number() {
    assert_eq!(node_number(b"node0"), Some(0));
    assert_eq!(node_number(b"node254"), Some(254));
    for other in [&b"node"[..], b"has_cpu", b"node1x", b"xnode1", b"node4294967296", b"power"] {
        assert_eq!(node_number(other), None);
    }
}

proptest::proptest! {
    #[test]
    fn never_panics(
        bytes: Vec<u8>,
        text in "((Node [0-9] (MemTotal|MemFree):|numa_miss)( +[0-9]{0,21}){0,2}( kB)?\n){0,4}",
    ) {
        for input in [&bytes[..], text.as_bytes()] {
            let _ = (parse_meminfo(input), parse_numastat(input), parse_distance(input));
        }
    }
}
