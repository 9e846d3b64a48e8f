#!/bin/sh
# Captures the files smonitor reads from this machine, as a fixture for tests.
#
#   scripts/capture-fixture.sh tests/fixtures/<kernel>-<kind> [seconds]
#
# Makes <folder>/t0, and <folder>/t1 with those files that are others some seconds later (10 if not
# given, as tests take it), so that rates can be tested. Only files that a parser reads are taken.
#
# What could tell about people or places is replaced: the host name, the local part of the kernel's
# release, names of users with ids from 1000 and of whoever is logged in and has no id here, where
# they are logged in from, all command lines, names of processes outside the list below, addresses
# in PID/stat, of interfaces and of sockets, serial numbers and UUIDs, mount points other than usual
# ones, names of servers and datasets that are mounted. Of kernel threads only the first are taken.
# A name that a person gave to something else (an array, a volume, an interface) stays: look through
# the result before you commit it.
#
# Any user may run it, in any shell with the usual tools (those of busybox do). Addresses need `ip`.
set -eu

[ $# -ge 1 ] || { sed -n '2,18s/^# \{0,1\}//p' "$0"; exit 2; }
folder=$1
seconds=${2:-10}
names=$(mktemp)
macs=$(mktemp)
scratch=$(mktemp -d)
trap 'rm -rf "$names" "$macs" "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

copy() { # from to: as far as it exists and can be read
    mkdir -p "${2%/*}"
    cat "$1" >"$2" 2>/dev/null || rm -f "$2"
}

# folder names…: those files of it, at the same place in the fixture.
copy_from() {
    inside=$1
    shift
    for name in "$@"; do
        [ ! -f "$inside/$name" ] || copy "$inside/$name" "$to$inside/$name"
    done
}

# A folder whose being there says something; a file keeps it there.
mark() { # from to
    mkdir -p "$2"
    grep '^DRIVER=' "$1/uevent" >"$2/uevent" 2>/dev/null || :
}

# A line for a person: the name, a tab, what stands for it.
learn_names() {
    awk -F: '$3 >= 1000 && $3 < 65534 { print $1 "\tuser" ++n; next } { print $1 "\t" $1 }' \
        /etc/passwd >"$names"
}

# What stands for a person's name.
person() {
    awk -F'\t' -v name="$1" -v table="$names" '
        $1 == name { found = $2 }
        { count++ }
        END {
            if (name == "" || name ~ /^[0-9]+$/) found = name
            if (found == "") { found = "other" count; print name "\t" found >>table }
            print found
        }' "$names"
}

# What stands for an address of the hardware: as long, numbered; none and everybody stay.
mac() {
    awk -v mac="$1" -v table="$macs" '
        { count++ }
        $1 == mac { number = count }
        END {
            bare = mac
            gsub(":", "", bare)
            if (bare ~ /^0*$/ || bare ~ /^[fF]*$/) { print mac; exit }
            if (!number) { number = count + 1; print mac >>table }
            length_in_bytes = split(mac, part, ":")
            new = "02"
            for (i = 2; i < length_in_bytes; i++) new = new ":00"
            print new sprintf(":%02x", number % 256)
        }' "$macs"
}

# UUIDs, and names of containers by their beginning.
without_ids() {
    hex='[0-9a-fA-F]'
    sed -e "s/$hex\\{8\\}-$hex\\{4\\}-$hex\\{4\\}-$hex\\{4\\}-$hex\\{12\\}/00000000-0000-0000-0000-000000000000/g" \
        -e 's/\([0-9a-f]\{12\}\)[0-9a-f]\{52\}/\1/g'
}

# Addresses below as they are used: private ones stay private, because it matters which they are.
renumber='
    function renumber(address) {
        if (address in known) return known[address]
        if (address ~ /^127\./ || address ~ /^::1?$/) known[address] = address
        else if (address ~ /^10\./) known[address] = "10.0.0." ++tens
        else if (address ~ /^172\.(1[6-9]|2[0-9]|3[01])\./) known[address] = "172.16.0." ++seventeens
        else if (address ~ /^192\.168\./) known[address] = "192.168.0." ++nineteens
        else if (address ~ /^169\.254\./) known[address] = "169.254.0." ++locals
        else if (address ~ /^[0-9.]*$/) known[address] = "192.0.2." ++others
        else if (address ~ /^[fF][eE]80/) known[address] = "fe80::" ++links
        else if (address ~ /^[fF][cCdD]/) known[address] = "fd00::" ++uniques
        else known[address] = "2001:db8::" ++sixes
        return known[address]
    }'

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

# A mount table; everything in it that can name a person or a place.
clean_mounts() {
    without_ids | awk -v table="$names" '
        BEGIN {
            while ((getline line <table) > 0) { split(line, field, "\t"); stands[field[1]] = field[2] }
        }
        # Folders with other names than every machine has are numbered; a blank stays.
        function path(text,    n, i, from, part, clean) {
            n = split(text, part, "/")
            from = part[2] == "run" && part[3] == "media" ? 4 : usual(part[2]) ? n + 1 : \
                part[2] ~ /^(home|media|mnt|srv|opt)$/ ? 3 : 2
            clean = part[1]
            for (i = 2; i <= n; i++) clean = clean "/" (i < from || part[i] == "" ? part[i] : folder(part[i]))
            return clean
        }
        function usual(name) {
            return name ~ /^(boot|efi|dev|proc|sys|run|tmp|var|usr|etc|snap|nix)$/
        }
        function folder(name) {
            if (!(name in stands)) stands[name] = (name ~ /\\040/ ? "a\\040" : "") "folder" ++folders
            return stands[name]
        }
        function source(text, kind,    n, part) {
            if (kind == "zfs" && (n = index(text, "/"))) return substr(text, 1, n) "dataset" $3
            if (substr(text, 1, 2) == "//") {
                n = split(text, part, "/")
                return "//server/share" (n > 4 ? "/folder" : "")
            }
            if ((n = index(text, ":/")) > 1) return "server" path(substr(text, n))
            if (substr(text, 1, 1) == "/") return path(text)
            return kind == "tmpfs" || kind ~ /^fuse/ ? kind : text
        }
        {
            $4 = path($4)
            $5 = path($5)
            for (i = 7; i <= NF && $i != "-"; i++) continue
            $(i + 2) = source($(i + 2), $(i + 1))
            # The options of a filesystem name servers, people and folders; only whether it can be
            # written is read.
            $(i + 3) = $(i + 3) ~ /^ro(,|$)/ ? "ro" : $(i + 3) ~ /emergency_ro/ ? "rw,emergency_ro" : "rw"
            NF = i + 3
            print
        }'
}

# What statfs(2) says of every mount that holds files.
statfs() {
    limit=
    if command -v timeout >/dev/null; then limit='timeout 5'; fi
    awk '{ for (i = 7; i <= NF && $i != "-"; i++) continue; print $(i + 1), $5 }' \
        /proc/self/mountinfo >"$scratch/points"
    clean_mounts </proc/self/mountinfo | awk '{ print $5 }' >"$scratch/clean"
    while read -r kind point <&3 && read -r clean <&4; do
        case $kind in
        autofs | proc | sysfs | cgroup* | devtmpfs | devpts | mqueue | hugetlbfs | nsfs | bpf | \
            debugfs | tracefs | securityfs | pstore | configfs | fusectl | binfmt_misc | efivarfs | \
            rpc_pipefs | selinuxfs | ramfs) continue ;;
        esac
        place=$(printf '%b.' "$(printf '%s\n' "$point" | sed 's/\\\([0-7][0-7][0-7]\)/\\0\1/g')")
        if numbers=$($limit stat -f -c '%S %b %f %a %c %d' "${place%.}" 2>/dev/null); then
            printf '%s %s\n' "$clean" "$numbers"
        fi
    done 3<"$scratch/points" 4<"$scratch/clean" >"$to/statfs"
}

# Interfaces: folders in place of the links.
interfaces() {
    mkdir -p "$to/sys/class/net"
    copy_from /sys/class/net bonding_masters
    for interface in /sys/class/net/*; do
        [ -d "$interface" ] || continue
        new=$to$interface
        copy_from "$interface" type uevent flags ifindex iflink mtu operstate speed duplex tun_flags
        if [ -f "$interface/address" ]; then
            mac "$(cat "$interface/address")" >"$new/address"
        fi
        for part in device phy80211 wireless bridge bonding; do
            [ ! -d "$interface/$part" ] || mark "$interface/$part" "$new/$part"
        done
        for link in "$interface/master" "$interface"/lower_*; do
            [ ! -L "$link" ] || ln -sfn "../$(basename "$(readlink "$link")")" "$new/${link##*/}"
        done
    done
    if command -v ip >/dev/null; then
        # Of one that leads to a peer the network is written with the peer.
        ip -o addr show | awk "$renumber"'
            $3 == "inet" || $3 == "inet6" {
                name = $2
                sub(/[@:].*/, "", name)
                split($4, own, "/")
                split($5 == "peer" ? $6 : $4, network, "/")
                bits = network[2] != "" ? network[2] : $3 == "inet" ? 32 : 128
                print name, renumber(own[1]) "/" bits
            }' >"$to/addresses"
    else
        echo "there is no ip: addresses of interfaces are not captured" >&2
    fi
    for file in dev sockstat sockstat6; do
        copy "/proc/net/$file" "$to/proc/net/$file"
    done
    [ ! -r /proc/net/route ] || awk -v OFS='\t' '
        NR > 1 {
            if ($2 != "00000000") $2 = "000200C0"
            if ($3 != "00000000") $3 = "010200C0"
        }
        { $1 = $1; print }' /proc/net/route >"$to/proc/net/route"
    for file in tcp tcp6; do
        [ ! -r /proc/net/$file ] || awk '
            NR == 1 { print; next }
            NR > 500 { exit }
            { gsub(/[0-9A-F]/, "0", $2); gsub(/[0-9A-F]/, "0", $3); $8 = 0; $10 = 0; $12 = 0; print }
            ' /proc/net/$file >"$to/proc/net/$file"
    done
}

disks() {
    copy /proc/diskstats "$to/proc/diskstats"
    copy /proc/mdstat "$to/proc/mdstat"
    for disk in /sys/block/*; do
        case ${disk##*/} in loop* | ram* | '*') continue ;; esac
        copy_from "$disk" size queue/rotational
        [ ! -d "$disk/device" ] || {
            mark "$disk/device" "$to$disk/device"
            copy_from "$disk/device" model vendor name
        }
        [ ! -r "$disk/dm/name" ] || {
            mkdir -p "$to$disk/dm"
            without_ids <"$disk/dm/name" >"$to$disk/dm/name"
        }
    done
    # Names of arrays. That of the machine they were made at may be in front.
    for link in /dev/md/*; do
        [ -L "$link" ] || continue
        mkdir -p "$to/dev/md"
        name=${link##*/}
        ln -sfn "../$(basename "$(readlink "$link")")" "$to/dev/md/${name#*:}"
    done
}

# Statistics of ZFS. Names of pools stay.
pools() {
    for file in /proc/spl/kstat/zfs/arcstats /proc/spl/kstat/zfs/*/state \
        /proc/spl/kstat/zfs/*/io /proc/spl/kstat/zfs/*/objset-*; do
        [ -f "$file" ] || continue
        copy "$file" "$to$file"
        case $file in */objset-*)
            sed 's/^\(dataset_name *[0-9]* *\).*/\1dataset/' "$file" >"$to$file"
            ;;
        esac
    done
}

# Files of sensors in a folder, by the names that are read.
copy_sensors() { # from to
    for file in "$1"/temp*_* "$1"/fan*_* "$1"/power*_* "$1"/in*_*; do
        case $file in
        *_input | *_label | *_max | *_crit | *_fault | *_enable | *_min | *_average | *_cap)
            copy "$file" "$2/${file##*/}"
            ;;
        esac
    done
}

sensors() {
    for chip in /sys/class/hwmon/hwmon*; do
        [ -d "$chip" ] || continue
        copy_from "$chip" name
        copy_sensors "$chip" "$to$chip"
        [ -d "$chip/device" ] || continue
        # A place of its own; what it is called is all that matters.
        name=$(basename "$(readlink "$chip/device")")
        device=$to/sys/devices/$name
        mark "$chip/device" "$device"
        ln -sfn "../../../devices/$name" "$to$chip/device"
        copy_sensors "$chip/device" "$device"
        for file in name power/runtime_status; do
            [ ! -f "$chip/device/$file" ] || copy "$chip/device/$file" "$device/$file"
        done
        for disk in "$chip/device/block"/* "$chip/device"/nvme*n*; do
            [ ! -d "$disk" ] || mark "$disk" "$device/${disk#"$chip/device/"}"
        done
        [ ! -L "$chip/device/device" ] ||
            ln -sfn "../$(basename "$(readlink "$chip/device/device")")" "$device/device"
    done
    for zone in /sys/class/thermal/thermal_zone*; do
        [ -d "$zone" ] || continue
        copy_from "$zone" type temp
        for file in "$zone"/trip_point_*_type "$zone"/trip_point_*_temp; do
            [ ! -f "$file" ] || copy "$file" "$to$file"
        done
    done
    for domain in /sys/class/powercap/*:*; do
        [ -d "$domain" ] || continue
        copy_from "$domain" name energy_uj max_energy_range_uj
        for file in "$domain"/constraint_*_name "$domain"/constraint_*_power_limit_uw; do
            [ ! -f "$file" ] || copy "$file" "$to$file"
        done
    done
}

# The bytes of utmp(5), one number each, with other names and addresses.
clean_utmp() {
    od -An -v -tu1 /run/utmp | awk -v table="$names" '
        BEGIN {
            while ((getline line <table) > 0) { split(line, field, "\t"); stands[field[1]] = field[2] }
            for (i = 32; i < 127; i++) code[sprintf("%c", i)] = i
        }
        { for (i = 1; i <= NF; i++) byte[count++] = $i }
        function text(at, most,    i, all) {
            for (i = at; i < at + most && byte[i]; i++) all = all sprintf("%c", byte[i])
            return all
        }
        function put(at, most, all,    i) {
            for (i = 0; i < most; i++) byte[at + i] = i < length(all) ? code[substr(all, i + 1, 1)] : 0
        }
        END {
            # Where glibc has a layout with wide times, the length is a multiple of that.
            size = count % 384 == 0 ? 384 : 400
            for (at = 0; at + size <= count; at += size) {
                user = text(at + 44, 32)
                if (byte[at] == 7 && user != "") {
                    if (!(user in stands)) stands[user] = "person" ++persons
                    put(at + 44, 32, stands[user])
                }
                host = text(at + 76, 256)
                if (byte[at] == 7 && host != "" && host !~ /^(:|tmux\()/) {
                    if (!(host in places)) places[host] = "192.0.2." (100 + ++hosts)
                    host = places[host]
                }
                put(at + 76, 256, byte[at] == 7 ? host : "")
                for (i = size == 384 ? 348 : 360; i < (size == 384 ? 364 : 376); i++) byte[at + i] = 0
            }
            for (i = 0; i < count; i++) printf "\\0%o", byte[i]
        }'
}

logins() {
    if [ -r /run/utmp ]; then
        mkdir -p "$to/run"
        printf '%b' "$(clean_utmp)" >"$to/run/utmp"
    fi
    [ -d /run/systemd/sessions ] || return 0
    for session in /run/systemd/sessions/*; do
        case $session in *.ref | *'*') continue ;; esac
        [ -r "$session" ] || continue
        mkdir -p "$to/run/systemd/sessions"
        user=$(sed -n 's/^USER=//p' "$session")
        sed -n -e "s/^USER=.*/USER=$(person "$user")/p" -e 's/^REMOTE_HOST=.*/REMOTE_HOST=192.0.2.101/p' \
            -e '/^\(TTY\|REMOTE\|CLASS\|STATE\|LEADER\|REALTIME\|TYPE\|SERVICE\)=/p' \
            "$session" >"$to$session"
    done
}

system() {
    for file in stat cpuinfo meminfo vmstat loadavg uptime filesystems \
        pressure/cpu pressure/memory pressure/io; do
        copy "/proc/$file" "$to/proc/$file"
    done
    [ ! -f "$to/proc/cpuinfo" ] || {
        sed 's/^\(Serial[[:space:]]*:\).*/\1 0000000000000000/' "$to/proc/cpuinfo" >"$scratch/cpuinfo"
        mv "$scratch/cpuinfo" "$to/proc/cpuinfo"
    }
    mkdir -p "$to/proc/sys/kernel" "$to/proc/self" "$to/proc/net" "$to/etc"
    echo captured >"$to/proc/sys/kernel/hostname"
    echo '(none)' >"$to/proc/sys/kernel/domainname"
    copy /proc/sys/kernel/ostype "$to/proc/sys/kernel/ostype"
    copy /proc/sys/kernel/arch "$to/proc/sys/kernel/arch"
    # Builds of one's own say what they like here.
    sed 's/^\(#[0-9]* *\(SMP\)\{0,1\} *\(PREEMPT[A-Z_]*\)\{0,1\}\).*/\1/' \
        /proc/sys/kernel/version >"$to/proc/sys/kernel/version"
    sed 's/^\([0-9.]*\).*/\1/' /proc/sys/kernel/osrelease >"$to/proc/sys/kernel/osrelease"
    grep ' /proc proc ' /proc/mounts >"$to/proc/mounts" || :
    clean_mounts </proc/self/mountinfo >"$to/proc/self/mountinfo"
    copy /proc/device-tree/model "$to/proc/device-tree/model"
    copy /etc/os-release "$to/etc/os-release"
    copy /usr/lib/os-release "$to/usr/lib/os-release"
    awk -F: -v OFS=: '$3 >= 1000 && $3 < 65534 { $1 = "user" ++n }
        $3 < 100 || $3 >= 1000 { print $1, "x", $3, $4, "", "/", "/bin/sh" }' /etc/passwd >"$to/etc/passwd"
    for cpu in /sys/devices/system/cpu/cpu[0-9]*; do
        copy_from "$cpu" topology/physical_package_id topology/core_id \
            topology/thread_siblings_list cpufreq/scaling_cur_freq cpufreq/cpuinfo_max_freq
    done
    for node in /sys/devices/system/node/node[0-9]*; do
        copy_from "$node" cpulist meminfo numastat distance
    done
}

processes() {
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
            # Which login it belongs to.
            if grep -q '/session-' "$process/cgroup" 2>/dev/null; then
                copy "$process/cgroup" "$to/proc/$pid/cgroup"
            fi
        else
            rm -r "$to/proc/$pid"
        fi
    done
}

capture() {
    to=$1
    mkdir -p "$to"
    system
    statfs
    interfaces
    disks
    pools
    sensors
    logins
    processes
}

# What is the same at both times is in the first only; but a process that has no folder is gone.
prune() {
    find "$folder/t1" -type f ! -path '*/proc/[0-9]*/stat' | while read -r file; do
        ! cmp -s "$file" "$folder/t0${file#"$folder/t1"}" || rm "$file"
    done
    find "$folder/t1" -type l | while read -r link; do
        [ "$(readlink "$link")" != "$(readlink "$folder/t0${link#"$folder/t1"}")" ] || rm "$link"
    done
    # Git keeps no empty folders.
    find "$folder" -depth -type d -exec rmdir {} + 2>/dev/null || :
}

learn_names
capture "$folder/t0"
sleep "$seconds"
capture "$folder/t1"
prune
