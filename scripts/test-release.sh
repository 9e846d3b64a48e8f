#!/usr/bin/env bash
# Tests an executable that is given away: what it needs, and that it runs with nothing around it.
#
#   bash scripts/test-release.sh dist/smonitor-0.1.0-x86_64-linux               everything
#   bash scripts/test-release.sh dist/smonitor-0.1.0-x86_64-linux needs alone   only these parts
#
# Parts: needs (libraries and versions of glibc), alone (an empty environment in an empty folder),
# old (the same in an older userland, a Debian tree in a temporary folder; only as root and with
# debootstrap, takes minutes). OLD_SUITE and OLD_MIRROR choose another userland.
# Needs readelf, curl and Python 3.
set -euo pipefail

# The promise of scripts/build-release.sh.
glibc=2.17
libraries='^(lib(c|m)\.so\.6|libpthread\.so\.0|libdl\.so\.2|libgcc_s\.so\.1|ld-linux-x86-64\.so\.2)$'
interpreter=/lib64/ld-linux-x86-64.so.2
old_suite=${OLD_SUITE:-bullseye}
# Nothing may take forever: one call, one run of the server, one tree, in seconds.
call_limit=60
serve_limit=180
tree_limit=1200

work=
child=

# shellcheck source=scripts/steps.sh
source "$(dirname "${BASH_SOURCE[0]}")/steps.sh"

tidy() {
    if [[ -n $child ]]; then
        # It is timeout, which passes the signal on to what it started.
        kill "$child" 2>/dev/null || true
        wait "$child" 2>/dev/null || true
    fi
    if [[ -n $work ]]; then
        rm -rf --one-file-system "$work"
    fi
}

need() {
    command -v "$1" >/dev/null || fail "there is no $1; install $2"
}

# What readelf says, in words that do not depend on the caller's language.
elf() {
    LC_ALL=C readelf --wide "$@" "$binary"
}

libraries_are_everywhere() {
    local needed
    [[ $(elf --file-header) == *"Advanced Micro Devices X86-64"* ]] || fail "it is not for x86-64"
    # A static executable could not load the libraries of drivers.
    [[ $(elf --program-headers) == *"interpreter: $interpreter]"* ]] ||
        fail "it is not linked dynamically with the interpreter $interpreter"
    needed=$(elf --dynamic | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
    printf '%s\n' "$needed"
    [[ -n $needed ]] || fail "it names no libraries; readelf cannot read it, or it is static"
    if grep -Evq "$libraries" <<<"$needed"; then
        fail "one of these libraries is not on every Linux"
    fi
    if elf --dynamic | grep -Eq '\((RPATH|RUNPATH)\)'; then
        fail "it looks for libraries in folders of the machine that built it"
    fi
}

versions_are_old() {
    local versions newest
    versions=$(elf --version-info | sed -n 's/.*Name: \([A-Z][A-Za-z0-9_.]*\) .*/\1/p' | sort -uV)
    printf '%s\n' "$versions" | paste -sd ' '
    newest=$(sed -n 's/^GLIBC_\([0-9.]*\)$/\1/p' <<<"$versions" | sort -V | tail -n 1)
    [[ -n $newest ]] || fail "it asks for no version of glibc; readelf cannot read it"
    # Such as GLIBC_PRIVATE and GLIBC_ABI_DT_RELR.
    if grep -Evq '^(GLIBC_[0-9.]+|GCC_[34]\.[0-9.]+)$' <<<"$versions"; then
        fail "it asks for versions that are not plain numbers of glibc or libgcc_s"
    fi
    printf 'newest version of glibc asked for: %s (promised: %s)\n' "$newest" "$glibc"
    [[ $(printf '%s\n' "$newest" "$glibc" | sort -V | tail -n 1) == "$glibc" ]] ||
        fail "it needs glibc $newest; promised is $glibc"
}

# Runs the executable with an empty environment in an empty folder: here, or where enter= leads.
# With --foreground timeout passes a signal on once; a second one would end the server at once.
call() {
    local seconds=$1
    shift
    # shellcheck disable=SC2016
    exec timeout --foreground --kill-after=5 "$seconds" "${enter[@]}" \
        /bin/sh -c 'cd "$0" && exec env -i "$@"' "$folder" "$program" "$@"
}

says_its_version() {
    local said
    said=$(call "$call_limit" --version)
    printf '%s\n' "$said"
    [[ $said =~ ^smonitor\ [0-9]+\.[0-9]+\.[0-9]+ ]] || fail "that is not a version"
}

prints_a_snapshot() {
    (call "$call_limit" snapshot --json) >"$work/snapshot.json"
    python3 - "$work/snapshot.json" <<'PYTHON'
import json, sys
host = json.load(open(sys.argv[1]))["host"]
absent = [name for name, part in host.items() if isinstance(part, dict) and part.get("problem")]
total = host["memory"]["value"]["total_bytes"]
assert total > 0, "no memory in the snapshot"
print(f"{len(host)} parts, {total} bytes of memory, problems in: {', '.join(absent) or 'none'}")
PYTHON
}

fetch() {
    curl --silent --show-error --fail --noproxy '*' --max-time 20 --output "$2" \
        --write-out "%{http_code} %{content_type} %{size_download} bytes: $1\n" "$address$1"
}

serves_the_page() {
    local asset deadline code=0
    (call "$serve_limit" --port 0) >"$work/out" 2>"$work/err" &
    child=$!
    deadline=$((SECONDS + 30))
    address=
    while [[ -z $address ]]; do
        sleep 0.2
        address=$(sed -n 's!.* is at \(http://127\.0\.0\.1:[0-9]*\)/.*!\1!p' "$work/out")
        if ! kill -0 "$child" 2>/dev/null || ((SECONDS > deadline)); then
            cat "$work/out" "$work/err" >&2
            fail "the server did not say where it is"
        fi
    done
    fetch / "$work/page"
    asset=$(sed -n 's!.*src="\./\(assets/[^"]*\.js\)".*!\1!p' "$work/page" | head -n 1)
    [[ -n $asset ]] || fail "the page names no script; a placeholder was built in"
    fetch "/$asset" "$work/asset"
    (($(stat -c %s "$work/asset") > 10000)) || fail "the script of the page is too short"
    kill "$child"
    wait "$child" || code=$?
    child=
    ((code == 0)) || fail "the server ended with exit code $code on SIGTERM"
}

left_nothing() {
    local left
    left=$(find "$1" -mindepth 1)
    [[ -z $left ]] || fail "it left something in its folder: $left"
}

runs() {
    run "$1: version" says_its_version
    run "$1: snapshot" prints_a_snapshot
    run "$1: page" serves_the_page
    run "$1: files left behind" left_nothing "$2"
}

needs() {
    need readelf binutils
    run "libraries" libraries_are_everywhere
    run "versions of glibc" versions_are_old
}

alone() {
    need curl curl
    need python3 "Python 3"
    enter=()
    program=$binary
    folder=$work/alone
    mkdir "$folder"
    runs "alone" "$folder"
}

make_tree() {
    local code=0
    # In a mount namespace of its own: whatever debootstrap mounts is gone when it ends.
    timeout --kill-after=10 "$tree_limit" unshare --mount debootstrap --variant=minbase \
        "$old_suite" "$tree" ${OLD_MIRROR:+"$OLD_MIRROR"} >"$work/tree.log" 2>&1 &
    # Waiting, unlike running in the foreground, can be interrupted.
    child=$!
    wait "$child" || code=$?
    child=
    if ((code != 0)); then
        tail -n 15 "$work/tree.log" >&2
        fail "debootstrap made no tree of $old_suite (exit code $code)"
    fi
    install -m 755 "$binary" "$tree/smonitor"
    mkdir "$tree/empty"
    printf '%s, %s; here: %s, kernel %s\n' \
        "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' "$tree/etc/os-release")" \
        "$(chroot "$tree" /usr/bin/getconf GNU_LIBC_VERSION)" \
        "$(getconf GNU_LIBC_VERSION)" "$(uname -r)"
}

old() {
    if ((EUID != 0)); then
        skip "old" "only root can enter another tree"
        return
    fi
    if ! command -v debootstrap >/dev/null; then
        skip "old" "debootstrap is not installed"
        return
    fi
    if ! unshare --mount true 2>/dev/null; then
        skip "old" "mount namespaces are not allowed here"
        return
    fi
    need curl curl
    need python3 "Python 3"
    tree=$work/old
    run "tree of $old_suite" make_tree
    # Each call mounts /proc in a namespace that ends with it. All of it is exec, so that signals
    # arrive at the executable.
    # shellcheck disable=SC2016
    enter=(unshare --mount /bin/sh -c
        'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$tree")
    program=/smonitor
    folder=/empty
    runs "old" "$tree/empty"
}

(($# > 0)) || fail "say which executable; see the top of this file"
[[ -f $1 && -x $1 ]] || fail "$1 is not an executable"
binary=$(realpath "$1")
shift
parts=("$@")
for part in "${parts[@]}"; do
    case $part in
    needs | alone | old) ;;
    *) fail "there is no part \"$part\"; parts are needs, alone and old" ;;
    esac
done
if ((${#parts[@]} == 0)); then
    parts=(needs alone old)
fi

trap report EXIT
# Otherwise the report would not know of the signal.
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
work=$(mktemp -d)
chmod 755 "$work"
for part in "${parts[@]}"; do
    "$part"
done
