//! A machine out of files, of any size; memory nodes, sensors, arrays, pools and logins are those of
//! the fixtures.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

/// How many of each.
pub(crate) struct Size {
    pub(crate) processors: usize,
    pub(crate) disks: usize,
    pub(crate) interfaces: usize,
    pub(crate) mounts: usize,
    pub(crate) sockets: usize,
    pub(crate) processes: usize,
}

/// Later ones lie over earlier ones.
const FIXTURES: [&str; 6] = [
    "6.18.44-microvm",
    "made-raid-degraded",
    "made-zfs-degraded",
    "made-numa-8",
    "made-sensors-server",
    "made-logins-utmp",
];

/// Fills `root`.
pub(crate) fn make(root: &Path, size: &Size) {
    for fixture in FIXTURES {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        copy(&fixtures.join(fixture).join("t0"), root);
    }
    processors(root, size);
    disks(root, size);
    interfaces(root, size);
    mounts(root, size);
    processes(root, size);
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("it is below the root")).expect("there is room");
    fs::write(path, text).expect("there is room");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("there is room");
    for entry in fs::read_dir(from).expect("fixtures are there").map(Result::unwrap) {
        let target = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_symlink() {
            // Of an earlier fixture.
            let _ = fs::remove_file(&target);
            symlink(fs::read_link(entry.path()).unwrap(), target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn processors(root: &Path, size: &Size) {
    let mut stat = "cpu  1280000 0 640000 12800000 0 0 0 0 0 0\n".to_owned();
    let mut cpuinfo = String::new();
    for id in 0..size.processors {
        writeln!(stat, "cpu{id} 10000 0 5000 100000 17 0 23 0 0 0").unwrap();
        let (socket, core) = (id % 64 / 32, id % 32);
        write!(
            cpuinfo,
            "processor\t: {id}\nvendor_id\t: GenuineIntel\nmodel name\t: Made Server CPU\n\
             physical id\t: {socket}\ncore id\t\t: {core}\nflags\t\t: {}\n\n",
            "avx512_vpopcntdq ".repeat(80)
        )
        .unwrap();
        let folder = format!("sys/devices/system/cpu/cpu{id}");
        let siblings = format!("{},{}\n", id % 64, id % 64 + 64);
        write(root, &format!("{folder}/topology/physical_package_id"), &format!("{socket}\n"));
        write(root, &format!("{folder}/topology/core_id"), &format!("{core}\n"));
        write(root, &format!("{folder}/topology/thread_siblings_list"), &siblings);
        write(root, &format!("{folder}/cpufreq/scaling_cur_freq"), "2400000\n");
        write(root, &format!("{folder}/cpufreq/cpuinfo_max_freq"), "3700000\n");
    }
    // Two lines with a number for each interrupt, most of them 0.
    write!(stat, "intr 123456789{}\nctxt 1\nbtime 1700000000\nprocesses 1\nprocs_running 1\nprocs_blocked 0\nsoftirq 1{}\n", " 0".repeat(2000), " 7".repeat(10)).unwrap();
    write(root, "proc/stat", &stat);
    write(root, "proc/cpuinfo", &cpuinfo);
}

fn disks(root: &Path, size: &Size) {
    let path = root.join("proc/diskstats");
    let mut lines = fs::read_to_string(&path).expect("a fixture has it");
    for disk in 0..size.disks {
        let numbers = "1000 20 40000 300 2000 40 80000 600 0 700 900 0 0 0 0 10 20";
        writeln!(lines, " 259 {} nvme{disk}n1 {numbers}", disk * 4).unwrap();
        for part in 1..4 {
            writeln!(lines, " 259 {} nvme{disk}n1p{part} {numbers}", disk * 4 + part).unwrap();
        }
        let folder = format!("sys/block/nvme{disk}n1");
        write(root, &format!("{folder}/size"), "15002931888\n");
        write(root, &format!("{folder}/queue/rotational"), "0\n");
        write(root, &format!("{folder}/device/model"), "MADE MZWLJ7T6HALA-00007\n");
    }
    write(root, "proc/diskstats", &lines);
}

fn interfaces(root: &Path, size: &Size) {
    let mut dev = "Inter-| Receive\n face |bytes\n".to_owned();
    for number in 0..size.interfaces {
        let is_card = number < 8;
        let name = if is_card { format!("eno{number}") } else { format!("veth{number}") };
        writeln!(dev, "{name:>6}: 1000000 10 0 0 0 0 0 0 1000000 5 0 0 0 0 0 0").unwrap();
        let below = number + 10 + usize::from(!is_card);
        for (file, text) in [
            ("type", "1\n"),
            ("flags", "0x1003\n"),
            ("ifindex", &format!("{}\n", number + 10)),
            ("iflink", &format!("{below}\n")),
            ("uevent", &format!("INTERFACE={name}\nIFINDEX={}\n", number + 10)),
            ("address", "52:54:00:12:34:56\n"),
            ("operstate", "up\n"),
            ("mtu", "1500\n"),
            ("speed", "100000\n"),
            ("duplex", "full\n"),
        ] {
            write(root, &format!("sys/class/net/{name}/{file}"), text);
        }
        if is_card {
            write(root, &format!("sys/class/net/{name}/device/uevent"), "DRIVER=x\n");
        }
    }
    write(root, "proc/net/dev", &dev);
    let sockstat =
        format!("TCP: inuse {} orphan 0 tw 10 alloc 9 mem 9\nUDP: inuse 9 mem 1\n", size.sockets);
    write(root, "proc/net/sockstat", &sockstat);
    write(root, "proc/net/sockstat6", "TCP6: inuse 0\nUDP6: inuse 0\n");
    let mut tcp = "  sl  local_address\n".to_owned();
    for number in 0..size.sockets {
        writeln!(tcp, "{number:>4}: 0100007F:1F90 0100007F:D9A2 01 00000000:00000000 00:00000000 00000000  1000        0 34568 1 0000000000000000 20 4 30 10 -1").unwrap();
    }
    write(root, "proc/net/tcp", &tcp);
    write(root, "proc/net/tcp6", "  sl  local_address\n");
}

fn mounts(root: &Path, size: &Size) {
    let read = |path: &str| fs::read_to_string(root.join(path)).expect("a fixture has it");
    let (mut table, mut statfs) = (read("proc/self/mountinfo"), read("statfs"));
    for number in 0..size.mounts {
        let id = 100 + number;
        let (point, rest) = match number % 10 {
            0..7 => {
                (format!("/srv/scratch/{number}"), "ext4 /dev/mapper/made rw,errors=remount-ro")
            }
            7 => (format!("/srv/memory/{number}"), "tmpfs tmpfs rw,size=64m"),
            _ => (format!("/home/user{number}"), "nfs4 server:/home rw,vers=4.2,hard,proto=tcp"),
        };
        writeln!(table, "{id} 24 0:{id} / {point} rw,relatime shared:{id} - {rest}").unwrap();
        writeln!(statfs, "{point} 4096 61651212 40000000 36800000 15728640 15000000").unwrap();
    }
    write(root, "proc/self/mountinfo", &table);
    write(root, "statfs", &statfs);
}

fn processes(root: &Path, size: &Size) {
    for pid in 10_000..10_000 + size.processes {
        let folder = format!("proc/{pid}");
        let stat = format!(
            "{pid} (worker-{pid}) S 1 {pid} {pid} 0 -1 4194304 1000 0 0 0 {} 20 0 0 20 0 4 0 {pid} \
             104857600 2560 18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 3 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
            pid % 500
        );
        write(root, &format!("{folder}/stat"), &stat);
        write(root, &format!("{folder}/statm"), "25600 2560 640 100 0 900 0\n");
        write(root, &format!("{folder}/cmdline"), &format!("worker\0--number\0{pid}\0"));
    }
}
