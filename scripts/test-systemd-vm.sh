#!/usr/bin/env bash
# Tries the program on a whole machine of its own: a Debian with systemd, cgroup v2, logins, a
# degraded MD array and a service that failed, in an emulator; and the shipped units there. No part of
# scripts/test.sh: it takes about ten minutes.
#
#   bash scripts/test-systemd-vm.sh [--keep] [--only-service] [--capture FOLDER] [PROGRAM]
#
# PROGRAM is target/release/smonitor if not given. With --capture the machine's files are taken as a
# fixture (scripts/capture-fixture.sh) into FOLDER, and those that a container in it sees into
# FOLDER-container. --only-service tries the units and nothing else. With --keep the machine is left running, and how to get into it is said. Needs
# root (debootstrap) and, by apt, what is named below. The image is kept in target/systemd-vm; delete
# that folder to build it anew.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/steps.sh
source scripts/steps.sh
# shellcheck source=scripts/systemd-vm-service.sh
source scripts/systemd-vm-service.sh

capture=""
only_service=""
keep=""
while :; do
    case ${1:-} in
    --capture)
        capture=${2:?--capture needs a folder}
        shift 2
        ;;
    --only-service)
        only_service=yes
        shift
        ;;
    --keep)
        keep=yes
        shift
        ;;
    *) break ;;
    esac
done
program=${1:-target/release/smonitor}
[ -x "$program" ] || fail "there is no $program: cargo build --release"
[ "$(id -u)" = 0 ] || fail "only root can build the image (debootstrap)"

folder=target/systemd-vm
mkdir -p "$folder"
machine=""

tidy() {
    if [ -n "$keep" ] && [ -n "$machine" ]; then
        printf '\nThe machine runs on as process %d:\n  ssh -i %s -p %d root@127.0.0.1\n' \
            "$machine" "$folder/key" "$port"
    elif [ -n "$machine" ]; then
        kill "$machine" 2>/dev/null || :
    fi
}
trap report EXIT

install_tools() {
    local missing=()
    command -v qemu-system-x86_64 >/dev/null || missing+=(qemu-system-x86)
    command -v debootstrap >/dev/null || missing+=(debootstrap)
    command -v mke2fs >/dev/null || missing+=(e2fsprogs)
    command -v ssh-keygen >/dev/null || missing+=(openssh-client)
    if ((${#missing[@]} > 0)); then
        apt-get update -q
        apt-get install -qy --no-install-recommends "${missing[@]}"
    fi
}

build_image() {
    [ ! -f "$folder/disk.img" ] || return 0
    local root=$folder/root user
    rm -rf "$root"
    debootstrap --variant=minbase \
        --include=systemd,systemd-sysv,dbus,linux-image-cloud-amd64,openssh-server,iproute2,udev,mdadm,procps,libpam-systemd,podman,crun,netavark,iptables,busybox-static \
        bookworm "$root" >"$folder/debootstrap.log"
    [ -f "$folder/key" ] || ssh-keygen -q -t ed25519 -N '' -f "$folder/key"
    echo captured >"$root/etc/hostname"
    chroot "$root" useradd -m -s /bin/bash alice
    for user in root home/alice; do
        mkdir -p "$root/$user/.ssh"
        cp "$folder/key.pub" "$root/$user/.ssh/authorized_keys"
    done
    chroot "$root" chown -R alice:alice /home/alice/.ssh
    printf '[Match]\nName=en*\n[Network]\nDHCP=yes\n' >"$root/etc/systemd/network/20.network"
    printf '[Unit]\nDescription=A service that fails\n[Service]\nType=oneshot\nExecStart=/bin/false\n[Install]\nWantedBy=multi-user.target\n' \
        >"$root/etc/systemd/system/always-fails.service"
    chroot "$root" systemctl enable systemd-networkd ssh always-fails 2>/dev/null
    echo '/dev/vda / ext4 defaults 0 1' >"$root/etc/fstab"
    cp "$root"/boot/vmlinuz-* "$folder/kernel"
    cp "$root"/boot/initrd.img-* "$folder/initrd"
    mke2fs -q -t ext4 -d "$root" "$folder/new.img" 2500M
    rm -rf "$root"
    mv "$folder/new.img" "$folder/disk.img"
}

port=$((20000 + RANDOM % 20000))

boot() {
    local drives=() number
    for number in 1 2 3; do
        rm -f "$folder/d$number.img"
        truncate -s 200M "$folder/d$number.img"
        drives+=(-drive "file=$folder/d$number.img,if=virtio,format=raw")
    done
    qemu-system-x86_64 -machine q35,accel=tcg -cpu max -smp 2 -m 1024 -display none \
        -serial "file:$folder/console.log" -kernel "$folder/kernel" -initrd "$folder/initrd" \
        -append 'root=/dev/vda rw console=ttyS0 apparmor=0' \
        -drive "file=$folder/disk.img,if=virtio,format=raw,snapshot=on" "${drives[@]}" \
        -nic "user,model=virtio-net-pci,restrict=on,hostfwd=tcp:127.0.0.1:$port-:22" \
        </dev/null >"$folder/emulator.log" 2>&1 &
    machine=$!
    local attempt
    for attempt in $(seq 60); do
        kill -0 "$machine" || fail "the emulator has ended"
        if as root true 2>/dev/null; then
            echo "up after about $((attempt * 5)) s"
            return 0
        fi
        sleep 5
    done
    fail "the machine does not answer; see $folder/console.log"
}

# user command…: runs a command in the machine.
as() {
    local user=$1
    shift
    ssh -q -i "$folder/key" -p "$port" -o BatchMode=yes -o ConnectTimeout=5 \
        -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "$user@127.0.0.1" "$@"
}

prepare() {
    as root 'mdadm --create /dev/md0 --run --level=1 --raid-devices=2 /dev/vdb /dev/vdc &&
        mke2fs -q /dev/md0 && mkdir -p "/srv/a place" && mount /dev/md0 "/srv/a place" &&
        mdadm --wait /dev/md0; mdadm /dev/md0 --fail /dev/vdc'
    as root 'cat >/usr/bin/smonitor && chmod 755 /usr/bin/smonitor' <"$program"
    # A login that stays: a terminal of its own, kept open until the machine ends.
    setsid ssh -q -tt -i "$folder/key" -p "$port" -o BatchMode=yes -o StrictHostKeyChecking=no \
        -o UserKnownHostsFile=/dev/null alice@127.0.0.1 'sleep 3600' </dev/null >/dev/null 2>&1 &
    sleep 5
}

# A container of Podman's, with busybox, the program and the libraries it needs.
contain() {
    # shellcheck disable=SC2016 # for the shell in the machine
    as root 'set -e
        box=/srv/box
        mkdir -p $box/bin $box/etc $box/lib $box/lib64 $box/proc $box/sys $box/dev $box/run $box/tmp
        cp /bin/busybox /usr/bin/smonitor $box/bin/
        for name in $(/bin/busybox --list); do
            [ -e $box/bin/$name ] || ln -s busybox $box/bin/$name
        done
        cp -L /lib64/ld-linux-x86-64.so.2 $box/lib64/
        cp -L /lib/x86_64-linux-gnu/libc.so.6 /lib/x86_64-linux-gnu/libm.so.6 \
            /lib/x86_64-linux-gnu/libgcc_s.so.1 $box/lib/
        grep -E "^(root|nobody):" /etc/passwd >$box/etc/passwd
        printf "NAME=Box\nID=box\nPRETTY_NAME=\"A box\"\n" >$box/etc/os-release
        podman run -d --name box --memory 128m --cpus 1 --rootfs $box \
            /bin/sh -c "while :; do sleep 1; done" >/dev/null'
}

# What must be in what was said: `said FILE PATTERN`.
said() {
    grep -qE -- "$2" "$folder/$1" || fail "$1 does not say \"$2\"; see $folder/$1"
}

silent() {
    ! grep -E -- "$2" "$folder/$1" || fail "$1 says \"$2\"; see $folder/$1"
}

look() {
    local user
    for user in root alice; do
        as "$user" smonitor snapshot --json >"$folder/$user.json"
        as "$user" smonitor snapshot >"$folder/$user.txt"
        as "$user" smonitor doctor >"$folder/$user-doctor.txt" || :
        said "$user.json" '"always-fails.service"'
        said "$user.json" '"key": ?"md0"'
        said "$user.json" '"degraded"'
        said "$user.json" '"/srv/a place"'
        said "$user.json" '"user": ?"alice"'
        said "$user.json" '"address": ?"10.0.2.15"'
        said "$user.json" '"from": ?"10.0.2.2"'
        said "$user-doctor.txt" '^ok +units +(well|slow)'
        said "$user-doctor.txt" '^ok +logins +(well|slow)'
        silent "$user-doctor.txt" '^(PROBLEM|limited)'
    done
    cat "$folder/root.txt" "$folder/root-doctor.txt"
}

# Without a bus the superuser is answered by systemd itself, and others are told why they are not.
look_without_bus() {
    as root 'systemctl stop dbus.socket dbus.service 2>/dev/null; smonitor snapshot --json' \
        >"$folder/no-bus.json"
    as alice smonitor doctor >"$folder/no-bus-doctor.txt" || :
    as root systemctl start dbus.socket
    said no-bus.json '"always-fails.service"'
    grep -A 1 ' units ' "$folder/no-bus-doctor.txt"
    silent no-bus-doctor.txt '^ok +units +(well|slow)'
}

look_inside() {
    as root podman exec box smonitor snapshot >"$folder/box.txt"
    as root podman exec box smonitor doctor >"$folder/box-doctor.txt" || :
    cat "$folder/box.txt" "$folder/box-doctor.txt"
    said box.txt '^eth0 +up'
    said box.txt '^/ +ext4'
    silent box.txt '^/etc/'
    said box-doctor.txt '^limited +container'
    said box-doctor.txt '^ok +units +not on this machine'
}

# command…: captures where the command runs a shell, into a folder.
take_into() {
    local to=$1
    shift
    "$@" 'cat >/tmp/capture.sh && rm -rf /tmp/captured && sh /tmp/capture.sh /tmp/captured 10 &&
        tar -C /tmp/captured -cf - .' <scripts/capture-fixture.sh >"$folder/captured.tar"
    rm -rf "$to"
    mkdir -p "$to"
    tar -C "$to" --no-same-owner -xf "$folder/captured.tar"
}

inside() {
    as root "podman exec -i box sh -c '$1'"
}

take() {
    take_into "$capture" as root
    take_into "$capture-container" inside
}

run "tools" install_tools
run "image" build_image
run "boot" boot
run "a degraded array and a login" prepare
if [ -z "$only_service" ]; then
    run "what it says" look
    run "what it says without a bus" look_without_bus
    run "a container" contain
    run "what is said inside" look_inside
fi
service_steps
if [ -n "$capture" ]; then
    run "capture" take
fi
