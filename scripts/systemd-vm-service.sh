# Steps of scripts/test-systemd-vm.sh: the shipped units on a machine that runs systemd. To be
# sourced there; uses its as, said, fail and folder.
# shellcheck shell=bash
# shellcheck disable=SC2154 # folder is the caller's

manager_url=http://127.0.0.1:6999/

# What the manager says in a line, or nothing.
manager() {
    as root "busybox wget -qO- $manager_url 2>/dev/null" || :
}

manager_json() {
    as root "busybox wget -qO- --header 'Accept: application/json' $manager_url"
}

# The process number of the worker that is up, or nothing.
worker() {
    manager | sed -n 's/.*worker pid \([0-9]*\) up.*/\1/p'
}

# Waits until a worker other than this one is up, and says how long that took.
another() {
    local old=$1 began=$SECONDS now
    while ((SECONDS - began < 60)); do
        now=$(worker)
        if [ -n "$now" ] && [ "$now" != "$old" ]; then
            printf 'worker %s after worker %s, within %d s\n' "$now" "${old:-none}" \
                $((SECONDS - began)) >&2
            echo "$now"
            return
        fi
        sleep 1
    done
    fail "no worker after $old: $(manager)"
}

property() {
    as root "systemctl show --property=$1 --value smonitor.service"
}

journal_says() {
    as root "journalctl -u smonitor.service --no-pager" >"$folder/journal.txt"
    grep -qE -- "$1" "$folder/journal.txt" || fail "the journal does not say \"$1\"; see $folder/journal.txt"
}

install_service() {
    as root 'useradd --system smonitor; mkdir -p /etc/smonitor /usr/local/bin &&
        cp /usr/bin/smonitor /usr/local/bin/smonitor'
    local unit
    for unit in smonitor.service smonitor.socket; do
        as root "cat >/etc/systemd/system/$unit" <"docs/systemd/$unit"
    done
    as root 'systemctl daemon-reload && systemctl enable smonitor.service && systemctl start smonitor.service'
    [ "$(property ActiveState)" = active ] || fail "it is not active"
    another "" >/dev/null
    property StatusText
    as root systemd-analyze security --no-pager smonitor.service | tail -n 1
}

# file: what the service shows; asked twice, because sources that are slow come with the second.
shown() {
    local _
    for _ in 1 2; do
        # shellcheck disable=SC2016 # for the shell in the machine
        as root 'sleep 4; host=http://127.0.0.1:8999/api/v1/hosts/$(hostname)
            printf "{\"host\":"; busybox wget -qO- "$host"
            printf ",\"processes\":"; busybox wget -qO- "$host/processes"; printf "}"' >"$folder/$1"
    done
}

# The same user without a unit sees the same.
hardening_costs_nothing() {
    as root 'cd / && setpriv --reuid=smonitor --regid=smonitor --clear-groups smonitor snapshot --json' \
        >"$folder/bare.json"
    shown unit.json
    node scripts/compare-snapshots.mjs "$folder/bare.json" "$folder/unit.json" ||
        fail "the service shows less than its user sees"
}

# name lines: the service with more settings, and what that changes in what it shows.
with_drop_in() {
    as root "mkdir -p /etc/systemd/system/smonitor.service.d &&
        cat >/etc/systemd/system/smonitor.service.d/$1.conf && systemctl daemon-reload &&
        systemctl restart smonitor.service"
    another "" >/dev/null
    shown "$1.json"
    node scripts/compare-snapshots.mjs "$folder/unit.json" "$folder/$1.json" || :
    as root "rm /etc/systemd/system/smonitor.service.d/$1.conf && systemctl daemon-reload &&
        systemctl restart smonitor.service"
    another "" >/dev/null
}

own_mount_table() {
    printf '[Service]\nProtectSystem=strict\nProtectHome=read-only\nPrivateTmp=yes\nProtectKernelTunables=yes\n' |
        with_drop_in own-mount-table
}

more_rights() {
    as root 'mount -o remount,hidepid=2 /proc && mkdir -m 700 /srv/closed && mkdir /srv/closed/in &&
        mount -t tmpfs none /srv/closed/in'
    shown unit.json
    with_drop_in more-rights <docs/systemd/more-rights.conf
    grep -q '"sees_other_users": *true' "$folder/more-rights.json" || fail "it sees no other users"
    as root 'umount /srv/closed/in && rm -r /srv/closed && mount -o remount,hidepid=0 /proc'
}

kill_worker() {
    local old
    old=$(worker)
    as root kill -KILL "$old"
    another "$old" >/dev/null
    [ "$(property NRestarts)" = 0 ] || fail "systemd restarted it; the manager should"
}

stop_worker() {
    local old
    old=$(worker)
    as root kill -STOP "$old"
    another "$old" >/dev/null
    manager_json | grep -q '"silent"' || fail "no restart for silence: $(manager_json)"
}

# A manager that hangs is ended by systemd's watchdog.
stop_manager() {
    local old main
    old=$(worker)
    main=$(property MainPID)
    as root kill -STOP "$main"
    another "$old" >/dev/null
    [ "$(property MainPID)" != "$main" ] || fail "the manager is the same"
    [ "$(property NRestarts)" = 1 ] || fail "NRestarts is $(property NRestarts)"
    journal_says 'Watchdog timeout'
}

kill_manager() {
    local old
    old=$(worker)
    as root kill -KILL "$(property MainPID)"
    another "$old" >/dev/null
}

reload() {
    local old new main
    main=$(property MainPID)
    old=$(worker)
    echo '{"monitor": {"site_name": "Reloaded"}}' | as root 'cat >/etc/smonitor/config.json'
    as root systemctl reload smonitor.service
    new=$(another "$old")
    manager_json | grep -q '"reloaded"' || fail "no restart for a reload: $(manager_json)"
    echo '{"monitor": {"site_name": 7}}' | as root 'cat >/etc/smonitor/config.json'
    as root systemctl reload smonitor.service
    journal_says 'the old ones stay'
    as root kill -KILL "$new"
    another "$new" >/dev/null
    [ "$(property ActiveState)" = active ] || fail "it is $(property ActiveState)"
    [ "$(property MainPID)" = "$main" ] || fail "a reload restarted the manager"
    as root rm /etc/smonitor/config.json
}

stop_service() {
    local began=$SECONDS
    as root systemctl stop smonitor.service
    echo "stopped within $((SECONDS - began)) s"
    [ "$(property Result)" = success ] || fail "the result is $(property Result)"
    [ "$(property ActiveState)" = inactive ] || fail "it is $(property ActiveState)"
    ! as root pgrep -x smonitor || fail "something is left"
}

# The port is systemd's: nobody is refused, whatever happens to the service.
socket() {
    as root 'systemctl start smonitor.socket'
    [ "$(property ActiveState)" = inactive ] || fail "nobody has asked yet"
    shown socket.json
    [ "$(property ActiveState)" = active ] || fail "the first question did not start it"
    # shellcheck disable=SC2016 # for the shell in the machine
    as root 'systemctl restart --no-block smonitor.service; refused=0
        for _ in 1 2 3 4 5 6 7 8; do
            timeout 30 busybox wget -qO- http://127.0.0.1:8999/healthz >/dev/null || refused=$((refused + 1))
        done
        [ "$refused" = 0 ]' || fail "a restart of the service refused connections"
    as root systemctl stop smonitor.socket smonitor.service
}

# Every service of one user, without root.
user_service() {
    as alice 'mkdir -p .local/bin .config/systemd/user && cp /usr/bin/smonitor .local/bin/ &&
        cat >.config/systemd/user/smonitor.service' <docs/systemd/user/smonitor.service
    # shellcheck disable=SC2016 # for the shell in the machine
    as alice 'export XDG_RUNTIME_DIR=/run/user/$(id -u); systemctl --user daemon-reload &&
        systemctl --user start smonitor.service && systemctl --user is-active smonitor.service &&
        busybox wget -qO- http://127.0.0.1:8999/healthz >/dev/null &&
        systemctl --user stop smonitor.service'
}

service_steps() {
    run "the shipped unit" install_service
    run "hardening costs nothing" hardening_costs_nothing
    run "SIGKILL to the worker" kill_worker
    run "SIGSTOP to the worker" stop_worker
    run "SIGSTOP to the manager" stop_manager
    run "SIGKILL to the manager" kill_manager
    run "reload, good and bad" reload
    run "what a mount table of its own would change" own_mount_table
    run "what more rights show" more_rights
    run "stop" stop_service
    run "the socket unit" socket
    run "the unit of a user" user_service
}
