use super::*;

#[test]
fn docker() {
    let id = "7be92808767a667f35c8505cbf40d14e931ef6db5b0210329cf193b15ba9d605";
    let place = parse_cgroup(format!("0::/system.slice/docker-{id}.scope\n").as_bytes());
    assert_eq!(place.container.unwrap().key.as_str(), format!("docker/{id}"));
    assert_eq!(place.unit, None);
}
