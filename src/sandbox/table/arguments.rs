//! Calls that are kept and refused with certain arguments.

use libc::{c_int, c_long};

use super::{Condition, Network, Refused, Test};

/// What a process is told apart from a thread by, and what would give it namespaces of its own.
const NAMESPACES: [c_int; 7] = [
    libc::CLONE_NEWNS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
];

/// `PR_GET_AUXV`, which libc does not have: rustix asks so for the size of a page.
const GET_AUXV: u32 = 0x4155_5856;

/// clone(2) makes threads and nothing else. Of clone3(2) the flags are behind a pointer, so it is not
/// kept, and the C library falls back to clone(2).
pub(super) fn threads() -> Vec<Refused> {
    let are = |mask, value| Test::BitsAre { mask: bits(mask), value: bits(value) };
    let processes = ("new processes", are(libc::CLONE_THREAD, 0));
    let namespaces = NAMESPACES.map(|flag| ("namespaces", are(flag, flag)));
    let clone = |(why, test)| refused(why, libc::SYS_clone, 0, test);
    let mut all: Vec<_> = std::iter::once(processes).chain(namespaces).map(clone).collect();
    let harmless = [libc::PR_SET_NAME, libc::PR_GET_NAME].map(bits).into_iter().chain([GET_AUXV]);
    all.push(unless("everything but naming threads", libc::SYS_prctl, 0, harmless));
    all
}

/// Signals to and limits of other processes than `own`. 0 would be the whole group of processes for
/// kill(2), and is the own process for prlimit(2).
pub(super) fn other_processes(own: u32) -> Vec<Refused> {
    vec![
        unless("signals to others", libc::SYS_kill, 0, [own]),
        unless("signals to others", libc::SYS_tgkill, 0, [own]),
        unless("limits of others", libc::SYS_prlimit64, 0, [0, own]),
    ]
}

/// Sockets to other machines, by family, type and protocol, and TCP Fast Open, which connects without
/// connect(2) and so without Landlock.
pub(super) fn sockets(network: &Network) -> Vec<Refused> {
    const WHY: &str = "sockets to other machines";
    let mut families = vec![libc::AF_UNIX, libc::AF_NETLINK];
    if *network != Network::None {
        families.extend([libc::AF_INET, libc::AF_INET6]);
    }
    let netlink = Condition { argument: 0, test: Test::Is(bits(libc::AF_NETLINK)) };
    let not_routes = Condition { argument: 2, test: Test::IsNot(bits(libc::NETLINK_ROUTE)) };
    let mut all = vec![
        unless(WHY, libc::SYS_socket, 0, families.into_iter().map(bits)),
        Refused {
            why: "netlink but for addresses",
            call: libc::SYS_socket,
            when: vec![netlink, not_routes],
        },
    ];
    if let Network::Only { names, .. } = network {
        all.extend([libc::AF_INET, libc::AF_INET6].into_iter().flat_map(|f| narrowed(f, *names)));
    }
    if !matches!(network, Network::Outgoing { .. }) {
        let fast = bits(libc::MSG_FASTOPEN);
        let test = Test::BitsAre { mask: fast, value: fast };
        all.extend([
            refused(WHY, libc::SYS_sendto, 3, test),
            refused(WHY, libc::SYS_sendmsg, 2, test),
            refused(WHY, libc::SYS_sendmmsg, 3, test),
        ]);
    }
    all
}

/// Of a family that reaches other machines everything but TCP, which Landlock looks at, and where names
/// are looked up UDP. Landlock knows neither SCTP nor Multipath TCP, which are of the same type as TCP.
fn narrowed(family: c_int, names: bool) -> impl Iterator<Item = Refused> {
    const WHY: &str = "sockets to other machines but for TCP";
    /// The type without the flags beside it (`SOCK_TYPE_MASK` of linux/net.h).
    const TYPE: u32 = 0xf;
    let of_family = Condition { argument: 0, test: Test::Is(bits(family)) };
    let of_type = |value| Condition { argument: 1, test: Test::BitsAre { mask: TYPE, value } };
    let mut kept = vec![(bits(libc::SOCK_STREAM), bits(libc::IPPROTO_TCP))];
    if names {
        kept.push((bits(libc::SOCK_DGRAM), bits(libc::IPPROTO_UDP)));
    }
    let types = kept.clone();
    let others = (0..=TYPE).filter(move |value| types.iter().all(|(kept, _)| kept != value));
    let by_type = others.map(move |value| vec![of_family, of_type(value)]);
    let by_protocol = kept.into_iter().map(move |(value, protocol)| {
        let is_not = |value| Condition { argument: 2, test: Test::IsNot(value) };
        // 0 is the usual one of the type.
        vec![of_family, of_type(value), is_not(0), is_not(protocol)]
    });
    by_type.chain(by_protocol).map(|when| Refused { why: WHY, call: libc::SYS_socket, when })
}

/// What else can be done with what is open: fcntl(2) could have signals sent to others.
pub(super) fn descriptors() -> Vec<Refused> {
    const FCNTL: [c_int; 12] = [
        libc::F_DUPFD,
        libc::F_DUPFD_CLOEXEC,
        libc::F_GETFD,
        libc::F_SETFD,
        libc::F_GETFL,
        libc::F_SETFL,
        libc::F_GETLK,
        libc::F_SETLK,
        libc::F_SETLKW,
        libc::F_OFD_GETLK,
        libc::F_OFD_SETLK,
        libc::F_OFD_SETLKW,
    ];
    vec![unless("signals about descriptors, leases", libc::SYS_fcntl, 1, FCNTL.map(bits))]
}

/// The bits of a command that name its driver (`_IOC_TYPE` of asm-generic/ioctl.h), and what NVIDIA's
/// says there.
const DRIVER: std::ops::Range<u32> = 8..16;
const NVIDIA: u32 = (b'F' as u32) << DRIVER.start;

/// ioctl(2), which could do anything a driver can. Kept is what the C library and the standard library
/// use (terminals, and blocking or not), and where there are graphics cards what names their driver.
pub(super) fn devices(nvidia: bool) -> Vec<Refused> {
    const WHY: &str = "commands to devices";
    const IOCTL: [libc::Ioctl; 7] = [
        libc::TCGETS,
        libc::TCGETS2,
        libc::TIOCGWINSZ,
        libc::FIONREAD,
        libc::FIONBIO,
        libc::FIOCLEX,
        libc::FIONCLEX,
    ];
    #[expect(clippy::cast_possible_truncation, reason = "the kernel takes 32 bits of it")]
    let requests = IOCTL.map(|request| request as u32);
    let refused = unless(WHY, libc::SYS_ioctl, 1, requests);
    if !nvidia {
        return vec![refused];
    }
    // A filter can ask whether bits are something, not whether they are not: so one rule for every
    // bit that would differ.
    let differs = |bit: u32| Condition {
        argument: 1,
        test: Test::BitsAre { mask: 1 << bit, value: !NVIDIA & (1 << bit) },
    };
    let with = |bit| {
        let when = std::iter::once(differs(bit)).chain(refused.when.iter().copied()).collect();
        Refused { when, ..refused.clone() }
    };
    DRIVER.map(with).collect()
}

/// Opening for writing where nothing may be written; and everywhere cutting a file that is opened
/// for reading, which Landlock guards since Linux 6.2 only.
pub(super) fn opening(writes: bool) -> Vec<Refused> {
    let access = bits(libc::O_ACCMODE);
    let (cut, create) = (bits(libc::O_TRUNC), bits(libc::O_CREAT));
    let read = bits(libc::O_RDONLY);
    let mut tests = vec![(
        "cutting files that are opened for reading",
        Test::BitsAre { mask: access | cut, value: read | cut },
    )];
    if !writes {
        const WHY: &str = "opening for writing, where nothing may be written";
        // The fourth value of the access mode is for ioctl(2) only.
        for mode in [libc::O_WRONLY, libc::O_RDWR, libc::O_ACCMODE] {
            tests.push((WHY, Test::BitsAre { mask: access, value: bits(mode) }));
        }
        tests.push((WHY, Test::BitsAre { mask: create, value: create }));
    }
    let openat = tests.iter().map(|(why, test)| refused(why, libc::SYS_openat, 2, *test));
    #[cfg(target_arch = "x86_64")]
    let openat =
        openat.chain(tests.iter().map(|(why, test)| refused(why, libc::SYS_open, 1, *test)));
    openat.collect()
}

fn refused(why: &'static str, call: c_long, argument: u8, test: Test) -> Refused {
    Refused { why, call, when: vec![Condition { argument, test }] }
}

/// Refused unless the argument is one of these.
fn unless(
    why: &'static str,
    call: c_long,
    argument: u8,
    values: impl IntoIterator<Item = u32>,
) -> Refused {
    let is_not = |value| Condition { argument, test: Test::IsNot(value) };
    Refused { why, call, when: values.into_iter().map(is_not).collect() }
}

fn bits(value: c_int) -> u32 {
    value.cast_unsigned()
}
