//! The one table of system calls: what is kept and why, what is refused and why.
//!
//! What is in neither list is answered as a kernel would that has no such call. A call of the first
//! list may be in the second one with certain arguments. Only numbers can be looked at: what is
//! behind a pointer (paths, addresses) is Landlock's to judge.

use libc::c_long;

use super::{Network, Settings};

/// Calls that belong together.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// What they are for, or why they are refused.
    pub why: &'static str,
    /// Their numbers.
    pub calls: &'static [c_long],
}

/// A call that is refused if all conditions hold.
#[derive(Debug, Clone)]
pub struct Refused {
    /// Why.
    pub why: &'static str,
    /// Its number.
    pub call: c_long,
    /// What its arguments are then. Never empty.
    pub when: Vec<Condition>,
}

/// What an argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// Which one, from 0.
    pub argument: u8,
    /// Its lower 32 bits.
    pub test: Test,
}

/// A test of 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// They are this.
    Is(u32),
    /// They are not.
    IsNot(u32),
    /// These bits of them are this.
    BitsAre {
        /// Which.
        mask: u32,
        /// What they are.
        value: u32,
    },
}

/// `SYS_fchmodat2`, which libc has not for every machine. Since Linux 5.1 new calls have the same
/// number on all.
const FCHMODAT2: c_long = 452;

const KEPT: [Group; 9] = [
    Group {
        why: "reading what the kernel and the system tell",
        calls: &[
            libc::SYS_openat,
            libc::SYS_close,
            libc::SYS_close_range,
            libc::SYS_read,
            libc::SYS_readv,
            libc::SYS_pread64,
            libc::SYS_preadv,
            libc::SYS_lseek,
            libc::SYS_fadvise64,
            libc::SYS_getdents64,
            libc::SYS_readlinkat,
            libc::SYS_fstat,
            libc::SYS_newfstatat,
            libc::SYS_statx,
            libc::SYS_statfs,
            libc::SYS_fstatfs,
            libc::SYS_faccessat,
            libc::SYS_faccessat2,
            libc::SYS_getcwd,
            libc::SYS_dup,
            libc::SYS_dup3,
            libc::SYS_fcntl,
            libc::SYS_ioctl,
        ],
    },
    Group {
        why: "writing the log, answers, and files of the state folder",
        calls: &[
            libc::SYS_write,
            libc::SYS_writev,
            libc::SYS_pwrite64,
            libc::SYS_pwritev,
            libc::SYS_fsync,
            libc::SYS_fdatasync,
            libc::SYS_ftruncate,
            libc::SYS_fallocate,
            libc::SYS_flock,
            #[cfg(not(target_arch = "riscv64"))]
            libc::SYS_renameat,
            libc::SYS_renameat2,
            libc::SYS_unlinkat,
            libc::SYS_mkdirat,
        ],
    },
    Group {
        why: "waiting for events",
        calls: &[
            libc::SYS_epoll_create1,
            libc::SYS_epoll_ctl,
            libc::SYS_epoll_pwait,
            libc::SYS_epoll_pwait2,
            libc::SYS_eventfd2,
            libc::SYS_pipe2,
            libc::SYS_ppoll,
            libc::SYS_pselect6,
        ],
    },
    Group {
        why: "viewers, D-Bus, name services and the manager over sockets; addresses over netlink",
        calls: &[
            libc::SYS_accept,
            libc::SYS_accept4,
            libc::SYS_socket,
            libc::SYS_socketpair,
            libc::SYS_bind,
            libc::SYS_connect,
            libc::SYS_getsockname,
            libc::SYS_getpeername,
            libc::SYS_getsockopt,
            libc::SYS_setsockopt,
            libc::SYS_shutdown,
            libc::SYS_sendto,
            libc::SYS_sendmsg,
            libc::SYS_sendmmsg,
            libc::SYS_recvfrom,
            libc::SYS_recvmsg,
            libc::SYS_recvmmsg,
        ],
    },
    Group {
        why: "memory, also that of libraries for user names, which are loaded when first asked",
        calls: &[
            libc::SYS_brk,
            libc::SYS_mmap,
            libc::SYS_munmap,
            libc::SYS_mremap,
            libc::SYS_mprotect,
            libc::SYS_madvise,
        ],
    },
    Group {
        why: "threads",
        calls: &[
            libc::SYS_clone,
            libc::SYS_set_robust_list,
            libc::SYS_rseq,
            libc::SYS_futex,
            libc::SYS_gettid,
            libc::SYS_sched_yield,
            libc::SYS_sched_getaffinity,
            libc::SYS_membarrier,
            libc::SYS_prctl,
            libc::SYS_exit,
            libc::SYS_exit_group,
            // For the second filter, which then refuses it.
            libc::SYS_seccomp,
        ],
    },
    Group {
        why: "signals to itself",
        calls: &[
            libc::SYS_rt_sigaction,
            libc::SYS_rt_sigprocmask,
            libc::SYS_rt_sigreturn,
            libc::SYS_sigaltstack,
            libc::SYS_restart_syscall,
            libc::SYS_kill,
            libc::SYS_tgkill,
        ],
    },
    Group {
        why: "time, and how the clock is kept (setting it needs a privilege that was given up)",
        calls: &[
            libc::SYS_clock_gettime,
            libc::SYS_clock_getres,
            libc::SYS_gettimeofday,
            libc::SYS_nanosleep,
            libc::SYS_clock_nanosleep,
            libc::SYS_adjtimex,
            libc::SYS_clock_adjtime,
        ],
    },
    Group {
        why: "what and whose this process is, and on what machine",
        calls: &[
            libc::SYS_getpid,
            libc::SYS_getppid,
            libc::SYS_getuid,
            libc::SYS_geteuid,
            libc::SYS_getgid,
            libc::SYS_getegid,
            libc::SYS_getresuid,
            libc::SYS_getresgid,
            libc::SYS_getgroups,
            libc::SYS_capget,
            libc::SYS_getrusage,
            libc::SYS_prlimit64,
            libc::SYS_uname,
            libc::SYS_sysinfo,
            libc::SYS_getrandom,
            libc::SYS_getcpu,
        ],
    },
];

/// What newer machines never had, because there is a better form of each in [`KEPT`]. Older C
/// libraries call these.
#[cfg(target_arch = "x86_64")]
const KEPT_OLD: &[Group] = &[Group {
    why: "older forms of the same",
    calls: &[
        libc::SYS_open,
        libc::SYS_stat,
        libc::SYS_lstat,
        libc::SYS_access,
        libc::SYS_readlink,
        libc::SYS_getdents,
        libc::SYS_poll,
        libc::SYS_select,
        libc::SYS_epoll_create,
        libc::SYS_epoll_wait,
        libc::SYS_pipe,
        libc::SYS_dup2,
        libc::SYS_rename,
        libc::SYS_unlink,
        libc::SYS_rmdir,
        libc::SYS_mkdir,
        libc::SYS_time,
        libc::SYS_getrlimit,
    ],
}];
#[cfg(not(target_arch = "x86_64"))]
const KEPT_OLD: &[Group] = &[];

/// Never needed, whatever the arguments are. To name them is no guard: what is in no list is
/// refused too. It is for the answer, `EPERM`, which nothing takes for a reason to try otherwise.
const REFUSED: [Group; 8] = [
    Group {
        why: "starting programs",
        calls: &[libc::SYS_execve, libc::SYS_execveat, libc::SYS_memfd_create],
    },
    Group {
        why: "other processes",
        calls: &[
            libc::SYS_ptrace,
            libc::SYS_process_vm_readv,
            libc::SYS_process_vm_writev,
            libc::SYS_process_madvise,
            libc::SYS_kcmp,
            libc::SYS_pidfd_open,
            libc::SYS_pidfd_getfd,
            libc::SYS_pidfd_send_signal,
            libc::SYS_tkill,
            libc::SYS_rt_sigqueueinfo,
            libc::SYS_rt_tgsigqueueinfo,
            libc::SYS_setpriority,
            libc::SYS_ioprio_set,
            libc::SYS_sched_setscheduler,
            libc::SYS_sched_setparam,
            libc::SYS_sched_setattr,
            libc::SYS_sched_setaffinity,
            libc::SYS_migrate_pages,
            libc::SYS_move_pages,
        ],
    },
    Group {
        why: "modes, owners, times and attributes of files, which Landlock does not guard",
        calls: &[
            libc::SYS_fchmod,
            libc::SYS_fchmodat,
            FCHMODAT2,
            libc::SYS_fchown,
            libc::SYS_fchownat,
            libc::SYS_utimensat,
            libc::SYS_setxattr,
            libc::SYS_lsetxattr,
            libc::SYS_fsetxattr,
            libc::SYS_removexattr,
            libc::SYS_lremovexattr,
            libc::SYS_fremovexattr,
        ],
    },
    Group {
        why: "files under a second name, devices and pipes, and ways to a file without its path",
        calls: &[
            libc::SYS_linkat,
            libc::SYS_symlinkat,
            libc::SYS_mknodat,
            libc::SYS_truncate,
            libc::SYS_name_to_handle_at,
            libc::SYS_open_by_handle_at,
            libc::SYS_fanotify_init,
            libc::SYS_quotactl,
        ],
    },
    Group {
        why: "mounts and namespaces",
        calls: &[
            libc::SYS_mount,
            libc::SYS_umount2,
            libc::SYS_pivot_root,
            libc::SYS_chroot,
            libc::SYS_open_tree,
            libc::SYS_move_mount,
            libc::SYS_fsopen,
            libc::SYS_fsconfig,
            libc::SYS_fsmount,
            libc::SYS_fspick,
            libc::SYS_mount_setattr,
            libc::SYS_unshare,
            libc::SYS_setns,
        ],
    },
    Group {
        why: "large parts of the kernel that a monitor has no use for",
        calls: &[
            libc::SYS_bpf,
            libc::SYS_perf_event_open,
            libc::SYS_userfaultfd,
            libc::SYS_io_uring_setup,
            libc::SYS_io_uring_enter,
            libc::SYS_io_uring_register,
            libc::SYS_io_setup,
            libc::SYS_add_key,
            libc::SYS_request_key,
            libc::SYS_keyctl,
            libc::SYS_personality,
            libc::SYS_seccomp,
        ],
    },
    Group {
        why: "being somebody else",
        calls: &[
            libc::SYS_setuid,
            libc::SYS_setgid,
            libc::SYS_setreuid,
            libc::SYS_setregid,
            libc::SYS_setresuid,
            libc::SYS_setresgid,
            libc::SYS_setfsuid,
            libc::SYS_setfsgid,
            libc::SYS_setgroups,
            libc::SYS_capset,
        ],
    },
    Group {
        why: "changing the machine",
        calls: &[
            libc::SYS_init_module,
            libc::SYS_finit_module,
            libc::SYS_delete_module,
            libc::SYS_kexec_load,
            libc::SYS_kexec_file_load,
            libc::SYS_reboot,
            libc::SYS_swapon,
            libc::SYS_swapoff,
            libc::SYS_acct,
            libc::SYS_settimeofday,
            libc::SYS_clock_settime,
            libc::SYS_sethostname,
            libc::SYS_setdomainname,
        ],
    },
];

#[cfg(target_arch = "x86_64")]
const REFUSED_OLD: &[Group] = &[Group {
    why: "older forms of the same",
    calls: &[
        libc::SYS_fork,
        libc::SYS_vfork,
        libc::SYS_creat,
        libc::SYS_chmod,
        libc::SYS_chown,
        libc::SYS_lchown,
        libc::SYS_utime,
        libc::SYS_utimes,
        libc::SYS_futimesat,
        libc::SYS_link,
        libc::SYS_symlink,
        libc::SYS_mknod,
        libc::SYS_ioperm,
        libc::SYS_iopl,
        libc::SYS_modify_ldt,
    ],
}];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_OLD: &[Group] = &[];

/// Refused where nothing may be written at all.
const CHANGING_FOLDERS: Group = Group {
    why: "changing folders, where there is none to write to",
    calls: &[
        #[cfg(target_arch = "x86_64")]
        libc::SYS_rename,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_unlink,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_rmdir,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_mkdir,
        #[cfg(not(target_arch = "riscv64"))]
        libc::SYS_renameat,
        libc::SYS_renameat2,
        libc::SYS_unlinkat,
        libc::SYS_mkdirat,
    ],
};

/// Everything that is kept.
pub fn kept() -> impl Iterator<Item = &'static Group> {
    KEPT.iter().chain(KEPT_OLD)
}

/// Everything that is refused whatever its arguments are.
pub fn refused(settings: &Settings) -> impl Iterator<Item = &'static Group> + use<> {
    let folders = settings.writable.is_empty().then_some(&CHANGING_FOLDERS);
    REFUSED.iter().chain(REFUSED_OLD).chain(folders)
}

mod arguments;

/// What of the calls that are kept is refused because of their arguments, in the process `own`.
#[must_use]
pub fn refused_arguments(settings: &Settings, own: u32) -> Vec<Refused> {
    let mut all = arguments::threads();
    all.extend(arguments::other_processes(own));
    all.extend(arguments::sockets(&settings.network));
    all.extend(arguments::descriptors());
    all.extend(arguments::devices(!settings.devices.is_empty()));
    all.extend(arguments::opening(settings.opens_for_writing()));
    all
}

#[cfg(test)]
mod tests;
