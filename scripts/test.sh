#!/usr/bin/env bash
# Runs every test. CI runs this too, so what is green here is green there.
#
#   bash scripts/test.sh                 everything
#   bash scripts/test.sh rust frontend   only these parts
#
# Parts: rust, frontend, browser, deny.
# Needs Rust (rustup) and Node.js 20.19 or newer; installs the rest: npm packages, and where apt-get
# is there sshd, dbus, Prometheus, node_exporter, supervisord, systemd's tools and (as root) Docker,
# Podman and LXC for the rust part, Chromium, a Chinese font, nginx, Caddy, HAProxy and Apache httpd
# for the browser part. "deny" checks licences, sources and duplicate crates; building cargo-deny takes
# minutes, so without being asked for by name it runs only where it is installed already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# shellcheck source=scripts/steps.sh
source scripts/steps.sh

need_rust() {
    if ! command -v cargo >/dev/null && [[ -r $HOME/.cargo/env ]]; then
        # shellcheck source=/dev/null
        source "$HOME/.cargo/env"
    fi
    command -v cargo >/dev/null || fail "there is no cargo; install Rust from https://rustup.rs"
    if ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
        command -v rustup >/dev/null || fail "rustfmt and clippy are missing; install them"
        run "rustfmt and clippy" rustup component add rustfmt clippy
    fi
}

need_node() {
    command -v npm >/dev/null || fail "there is no npm; install Node.js 20.19 or newer"
    node -e 'const [a, b] = process.versions.node.split(".").map(Number);
             process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
        fail "Node.js $(node --version) is too old; install 20.19 or newer"
    local installed=frontend/node_modules/.installed-from
    if ! cmp -s frontend/package-lock.json "$installed"; then
        run "npm packages" npm --prefix frontend ci --no-audit --no-fund
        cp frontend/package-lock.json "$installed"
    fi
}

as_root() {
    if ((EUID == 0)); then
        "$@"
    else
        sudo -n "$@"
    fi
}

find_browser() {
    local name
    for name in chromium chromium-browser google-chrome; do
        if command -v "$name"; then
            return
        fi
    done
    return 1
}

install_packages() {
    as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive as_root apt-get install -y -qq --no-install-recommends "$@"
}

need_browser() {
    local missing=()
    find_browser >/dev/null || missing+=(chromium)
    # Without such a font screenshots of the Chinese page are boxes.
    if ! fc-list :lang=zh 2>/dev/null | grep -q .; then
        missing+=(fontconfig fonts-noto-cjk)
    fi
    if ((${#missing[@]} > 0)); then
        if command -v apt-get >/dev/null; then
            run "packages ${missing[*]}" install_packages "${missing[@]}"
        else
            printf 'there is no apt-get; install by hand: %s\n' "${missing[*]}"
        fi
    fi
    CHROME_PATH=$(find_browser) || fail "there is no Chromium; install it, or leave the part browser out"
    export CHROME_PATH
}

# The proxies that smonitor is tested behind. Their packages start them as services where there is
# systemd, which nobody asked for on a machine of their own: there they are only named.
need_proxies() {
    local missing=() name
    for name in nginx caddy haproxy; do
        PATH=$PATH:/usr/sbin command -v "$name" >/dev/null || missing+=("$name")
    done
    PATH=$PATH:/usr/sbin command -v apache2 >/dev/null || missing+=(apache2-bin)
    command -v htpasswd >/dev/null || missing+=(apache2-utils)
    command -v openssl >/dev/null || missing+=(openssl)
    command -v curl >/dev/null || missing+=(curl)
    if ((${#missing[@]} == 0)); then
        return
    fi
    if ! command -v apt-get >/dev/null || [[ -d /run/systemd/system && ${CI:-} != true ]]; then
        skip "packages ${missing[*]}" "install them for the tests behind proxies"
        return
    fi
    run "packages ${missing[*]}" install_packages "${missing[@]}"
}

scripts_are_clean() {
    shellcheck -x scripts/*.sh .ci/run
}

# Container engines. Only root's tests use them. Their packages start them as services where there is
# systemd, which nobody asked for on a machine of their own: there they are only named.
need_engines() {
    local engines=()
    ((EUID == 0)) || return 0
    PATH=$PATH:/usr/sbin command -v dockerd >/dev/null || engines+=(docker.io)
    command -v podman >/dev/null || engines+=(podman)
    command -v conmon >/dev/null || engines+=(conmon)
    PATH=$PATH:/usr/sbin command -v runc >/dev/null || engines+=(runc)
    command -v lxc-start >/dev/null || engines+=(lxc)
    [[ -x /usr/share/lxc/templates/lxc-busybox ]] || engines+=(lxc-templates)
    [[ -x /bin/busybox ]] || engines+=(busybox-static)
    command -v nsenter >/dev/null || engines+=(util-linux)
    PATH=$PATH:/usr/sbin command -v ip >/dev/null || engines+=(iproute2)
    # For Docker and Podman, also where the tests give their containers no network.
    PATH=$PATH:/usr/sbin command -v iptables >/dev/null || engines+=(iptables)
    if ((${#engines[@]} > 0)) && [[ -d /run/systemd/system && ${CI:-} != true ]]; then
        skip "packages ${engines[*]}" "install them for the tests with real containers"
        return 0
    fi
    missing+=("${engines[@]}")
}

# What tests of the server talk to; where it is missing they are skipped and say so.
need_services() {
    local missing=()
    [[ -x /usr/sbin/sshd ]] || missing+=(openssh-server)
    command -v ssh-keygen >/dev/null || missing+=(openssh-client)
    command -v dbus-daemon >/dev/null || missing+=(dbus)
    command -v promtool >/dev/null || missing+=(prometheus)
    command -v prometheus-node-exporter >/dev/null || missing+=(prometheus-node-exporter)
    command -v supervisord >/dev/null || missing+=(supervisor)
    command -v systemd-analyze >/dev/null || missing+=(systemd)
    need_engines
    if ((${#missing[@]} == 0)); then
        return
    fi
    if command -v apt-get >/dev/null; then
        run "packages ${missing[*]}" install_packages "${missing[@]}"
    else
        skip "packages ${missing[*]}" "there is no apt-get; tests that need them are skipped"
    fi
}

# Some tests wait for what other processes do. On a machine that is busy otherwise one may be too
# impatient, so a few that failed are tried once more, by themselves, and named.
server_tests() {
    local log failed=()
    log=$(mktemp)
    if cargo test --locked --no-fail-fast 2>&1 | tee "$log"; then
        rm "$log"
        return
    fi
    mapfile -t failed < <(sed -n 's/^test \(.*\) \.\.\. FAILED$/\1/p' "$log" | sort -u)
    rm "$log"
    if ((${#failed[@]} == 0 || ${#failed[@]} > 5)); then
        return 1
    fi
    printf '\nSECOND ATTEMPT: %s\n' "${failed[@]}"
    summary+=("SECOND ATTEMPT of ${failed[*]}")
    cargo test --locked -- --exact --test-threads=1 "${failed[@]}"
}

rust() {
    need_rust
    need_node
    need_services
    run "format" cargo fmt --check
    run "clippy" cargo clippy --locked --all-targets -- -D warnings
    run "tests of the server" server_tests
    if ! command -v shellcheck >/dev/null && command -v apt-get >/dev/null; then
        run "package shellcheck" install_packages shellcheck
    fi
    if command -v shellcheck >/dev/null; then
        run "scripts" scripts_are_clean
    else
        skip "scripts" "shellcheck is not installed and there is no apt-get"
    fi
}

frontend() {
    need_node
    run "types of the page" npm --prefix frontend run check
    run "lints of the page" npm --prefix frontend run lint
    run "tests of the page" npm --prefix frontend test
    run "build of the page" npm --prefix frontend run build
    run "size of the page" npm --prefix frontend run size
}

browser() {
    need_rust
    need_node
    need_browser
    need_proxies
    run "release build" cargo build --locked --release
    SMONITOR_BIN=$(realpath "${CARGO_TARGET_DIR:-target}/release/smonitor")
    export SMONITOR_BIN
    run "tests in the browser" npm --prefix frontend run e2e
}

# Advisories need a database from the network; they are checked where it can be had.
deny() {
    need_rust
    if ! command -v cargo-deny >/dev/null; then
        run "cargo-deny" cargo install --locked cargo-deny
    fi
    run "licences, sources, duplicates" cargo deny --offline check bans licenses sources
}

deny_if_there() {
    if command -v cargo-deny >/dev/null; then
        deny
    else
        skip "licences, sources, duplicates" \
            'cargo-deny is not installed ("bash scripts/test.sh deny" installs it)'
    fi
}

parts=("$@")
for part in "${parts[@]}"; do
    case $part in
    rust | frontend | browser | deny) ;;
    *) fail "there is no part \"$part\"; parts are rust, frontend, browser and deny" ;;
    esac
done

trap report EXIT
if ((${#parts[@]} == 0)); then
    rust
    frontend
    browser
    deny_if_there
else
    for part in "${parts[@]}"; do
        "$part"
    done
fi
