use super::*;

#[test]
fn addresses_are_a_socket_or_a_host_with_a_port() {
    for good in [
        "unix:///run/docker.sock",
        "unix:///run/user/1000/podman/podman.sock",
        "tcp://127.0.0.1:2375",
        "tcp://[::1]:2375",
        "tcp://gpu-1.lab_a:65535",
    ] {
        let engine = Engine::parse(good).unwrap();
        assert_eq!(&**engine.address(), good);
        assert_eq!(engine.is_remote(), good.starts_with("tcp"));
    }
    for bad in [
        "",
        "/run/docker.sock",
        "unix://run/docker.sock",
        "unix:///run/",
        "unix:///a\0b",
        "http://127.0.0.1:2375",
        "ssh://host:22",
        "tcp://host",
        "tcp://host:",
        "tcp://host:0",
        "tcp://host:+80",
        "tcp://host:65536",
        "tcp://:2375",
        "tcp://::1:2375",
        "tcp://[host]:2375",
        "tcp://user@host:2375",
        "tcp://host/path:2375",
        "tcp://ho\x1b[2Jst:1",
    ] {
        let said = Engine::parse(bad).unwrap_err();
        assert!(said.contains("unix:///path") && said.contains("tcp://host:port"), "{said}");
        assert!(!said.contains(char::is_control), "{said:?}");
    }
    assert!(Engine::parse(&format!("unix:///{}", "a".repeat(300))).unwrap_err().len() < 200);
}
