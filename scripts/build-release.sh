#!/usr/bin/env bash
# Builds the executable that is given away: one file for x86-64 Linux with glibc 2.17 or newer.
#
#   bash scripts/build-release.sh
#
# Leaves dist/smonitor-<version>-x86_64-linux and its .sha256; scripts/test-release.sh tests it.
# Needs Rust (rustup), Node.js 20.19 or newer, Python 3 with venv, readelf; installs the rest into
# the target folder, for this use only: cargo-zigbuild, and zig, which links against the glibc that
# is asked for instead of the one that is here. Takes minutes, the first time longer.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The oldest glibc that Rust's own library runs on.
glibc=2.17
triple=x86_64-unknown-linux-gnu
zigbuild_version=0.24.1
zig_version=0.17.0

target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
tools=$target/release-tools
# Nothing may take forever.
install_limit=1800
build_limit=3600
child=
unfinished=

fail() {
    printf 'build-release.sh: %s\n' "$1" >&2
    exit 1
}

step() {
    printf '\n== %s\n' "$1"
}

within() {
    local seconds=$1 code=0
    shift
    timeout --kill-after=10 "$seconds" "$@" </dev/null &
    # Waiting, unlike running in the foreground, can be interrupted.
    child=$!
    wait "$child" || code=$?
    child=
    if ((code == 124 || code == 137)); then
        fail "\"$1\" was not done after $seconds s"
    fi
    return "$code"
}

clean_up() {
    if [[ -n $child ]]; then
        # It is timeout, which passes the signal on to what it started.
        kill "$child" 2>/dev/null || true
        wait "$child" 2>/dev/null || true
    fi
    if [[ -n $unfinished ]]; then
        rm -f "$unfinished"
    fi
}

need() {
    command -v "$1" >/dev/null || fail "there is no $1; install $2"
}

need_rust() {
    if ! command -v cargo >/dev/null && [[ -r $HOME/.cargo/env ]]; then
        # shellcheck source=/dev/null
        source "$HOME/.cargo/env"
    fi
    need cargo "Rust from https://rustup.rs"
    [[ -d $(rustc --print target-libdir --target "$triple") ]] ||
        fail "Rust has no library for $triple; \"rustup target add $triple\" installs it"
}

need_zigbuild() {
    if [[ $("$tools/bin/cargo-zigbuild" --version 2>/dev/null) != *" $zigbuild_version" ]]; then
        step "cargo-zigbuild $zigbuild_version"
        within "$install_limit" cargo install --locked --force --root "$tools" \
            --version "$zigbuild_version" cargo-zigbuild
    fi
    # Asked for with its path, so that no other one in PATH is run.
    zigbuild=$tools/bin/cargo-zigbuild
}

zig_path() {
    "$tools/python/bin/python" -c \
        'import os, ziglang; print(os.path.join(os.path.dirname(ziglang.__file__), "zig"))'
}

need_zig() {
    if ! zig=$(zig_path 2>/dev/null) || [[ $("$zig" version 2>/dev/null) != "$zig_version" ]]; then
        step "zig $zig_version"
        python3 -m venv --clear "$tools/python" ||
            fail "python3 makes no virtual environment; install its venv (python3-venv)"
        within "$install_limit" "$tools/python/bin/python" -m pip install \
            --quiet --disable-pip-version-check "ziglang==$zig_version"
        zig=$(zig_path)
    fi
    [[ $("$zig" version) == "$zig_version" ]] || fail "$zig is not zig $zig_version"
}

# Flags and compilers of the caller stay out: an executable for other machines must not be made for
# this one. Folders of this machine do not end up in messages about panics.
build() {
    local flags cargo_home
    cargo_home=$(realpath -m "${CARGO_HOME:-$HOME/.cargo}")
    flags="--remap-path-prefix=$cargo_home=/cargo"$'\x1f'"--remap-path-prefix=$PWD=/smonitor"
    within "$build_limit" env \
        -u RUSTFLAGS -u RUSTC_WRAPPER -u CC -u CFLAGS -u HOST_CC -u TARGET_CC \
        -u SMONITOR_INTERNAL_SKIP_PAGE \
        CARGO_ENCODED_RUSTFLAGS="$flags" \
        CARGO_TARGET_DIR="$target" \
        CARGO_ZIGBUILD_ZIG_PATH="$zig" \
        CARGO_ZIGBUILD_CACHE_DIR="$tools/cache" \
        ZIG_GLOBAL_CACHE_DIR="$tools/cache/zig" \
        ZIG_LOCAL_CACHE_DIR="$tools/cache/zig-local" \
        "$zigbuild" zigbuild --locked --release --bin smonitor --target "$triple.$glibc"
}

trap clean_up EXIT
[[ $(uname -s) == Linux ]] || fail "this builds on Linux only"
need_rust
need npm "Node.js 20.19 or newer"
need python3 "Python 3 with its venv"
need readelf "binutils"
need sha256sum "coreutils"
need_zigbuild
need_zig

version=$(cargo pkgid)
version=${version##*[#@]}
step "smonitor $version for $triple with glibc $glibc"
build
built=$target/$triple/release/smonitor

# What breaks the promise does not get into dist/.
bash scripts/test-release.sh "$built" needs

name=smonitor-$version-x86_64-linux
mkdir -p dist
unfinished=dist/$name.new
install -m 755 "$built" "$unfinished"
mv "$unfinished" "dist/$name"
unfinished=
(cd dist && sha256sum "$name" >"$name.sha256")
step "done in $SECONDS s"
printf 'dist/%s, %d bytes\n' "$name" "$(stat -c %s "dist/$name")"
cat "dist/$name.sha256"
