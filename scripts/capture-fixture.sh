#!/bin/sh
# Captures the files smonitor reads from this machine, as a fixture for tests.
#
#   scripts/capture-fixture.sh tests/fixtures/<kernel>-<kind> [seconds]
#
# Makes <folder>/t0, and <folder>/t1 with those files again some seconds later (5 if not given),
# so that rates can be tested. Only files that a parser reads are taken.
#
# What could tell about people or places is replaced: the host name, the local part of the kernel's
# release, names of users with ids from 1000, all command lines, names of processes outside the
# list below, addresses in PID/stat, serial numbers. Of kernel threads only the first are taken.
# Look through the result before you commit it.
set -eu

[ $# -ge 1 ] || { sed -n '2,13s/^# \{0,1\}//p' "$0"; exit 2; }
folder=$1
seconds=${2:-5}

copy() { # from to: as far as it exists and can be read
    mkdir -p "$(dirname "$2")"
    cat "$1" >"$2" 2>/dev/null || rm -f "$2"
}

# Field numbers of PID/stat as in proc(5). Everything after the last ')' is split at blanks.
clean_stat() {
    awk '
        BEGIN {
            n = split("systemd init sshd cron bash sh sleep dbus-daemon agetty login rsyslogd udevd" \
                " systemd-journal systemd-udevd containerd dockerd", list, " ")
            for (i = 1; i <= n; i++) known[list[i]] = 1
        }
        { all = all $0 "\n" }
        END {
            open = index(all, "("); close_at = 0
            for (i = 1; i <= length(all); i++) if (substr(all, i, 1) == ")") close_at = i
            pid = substr(all, 1, open - 2)
            name = substr(all, open + 1, close_at - open - 1)
            count = split(substr(all, close_at + 2), field, /[ \n]/)
            if (field[count] == "") count--
            # Field 9, the flags: 0x00200000 is a kernel thread, whose name is the kernel'"'"'s own.
            kernel = int(field[7] / 2097152) % 2
            if (!kernel && !(name in known)) name = "process-" pid
            # Enough is enough.
            if (kernel && pid > 20) exit 1
            for (i = 26; i <= 52; i++)
                if ((i >= 26 && i <= 30) || i == 35 || (i >= 45 && i <= 51)) field[i - 2] = 0
            printf "%s (%s)", pid, name
            for (i = 1; i <= count; i++) printf " %s", field[i]
            printf "\n"
        }' "$1"
}

capture() {
    to=$1
    for file in stat cpuinfo meminfo vmstat loadavg uptime pressure/cpu pressure/memory; do
        copy "/proc/$file" "$to/proc/$file"
    done
    [ ! -f "$to/proc/cpuinfo" ] || {
        sed 's/^\(Serial[[:space:]]*:\).*/\1 0000000000000000/' "$to/proc/cpuinfo" >"$to/cpuinfo.new"
        mv "$to/cpuinfo.new" "$to/proc/cpuinfo"
    }
    mkdir -p "$to/proc/sys/kernel" "$to/etc"
    echo captured >"$to/proc/sys/kernel/hostname"
    copy /proc/sys/kernel/ostype "$to/proc/sys/kernel/ostype"
    sed 's/^\([0-9.]*\).*/\1/' /proc/sys/kernel/osrelease >"$to/proc/sys/kernel/osrelease"
    grep ' /proc proc ' /proc/mounts >"$to/proc/mounts" || :
    copy /proc/device-tree/model "$to/proc/device-tree/model"
    copy /etc/os-release "$to/etc/os-release"
    copy /usr/lib/os-release "$to/usr/lib/os-release"
    awk -F: -v OFS=: '$3 >= 1000 && $3 < 65534 { $1 = "user" ++n }
        { print $1, "x", $3, $4, "", "/", "/bin/sh" }' /etc/passwd >"$to/etc/passwd"
    for cpu in /sys/devices/system/cpu/cpu[0-9]*; do
        for file in topology/physical_package_id topology/core_id topology/thread_siblings_list \
            cpufreq/scaling_cur_freq cpufreq/cpuinfo_max_freq; do
            [ ! -f "$cpu/$file" ] || copy "$cpu/$file" "$to$cpu/$file"
        done
    done
    for process in /proc/[0-9]*; do
        pid=${process#/proc/}
        mkdir -p "$to/proc/$pid"
        if clean_stat "$process/stat" >"$to/proc/$pid/stat" 2>/dev/null; then
            copy "$process/statm" "$to/proc/$pid/statm"
            if [ -n "$(head -c 1 "$process/cmdline" 2>/dev/null | tr '\0' x)" ]; then
                printf 'command-of-%s\0--with\0arguments\0' "$pid" >"$to/proc/$pid/cmdline"
            else
                : >"$to/proc/$pid/cmdline"
            fi
        else
            rm -r "$to/proc/$pid"
        fi
    done
}

capture "$folder/t0"
sleep "$seconds"
capture "$folder/t1"
