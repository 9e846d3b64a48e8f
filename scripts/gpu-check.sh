#!/usr/bin/env bash
# Checks smonitor against nvidia-smi on a machine with an NVIDIA card, and writes a report.
#
#   bash scripts/gpu-check.sh REPORT.md [SMONITOR]
#
# SMONITOR is the program, target/release/smonitor if not given. Three parts:
#   1. every leaf of `nvidia-smi -q -x` equals what smonitor says, or has a reason why it is not shown;
#   2. the same while a CUDA load runs, and what each process does to its card;
#   3. how much the load gets done with and without smonitor, in turns.
# 2 and 3 need Python with torch or cupy and a card that is free: SMONITOR_CHECK_CARD (0 if not given),
# on which the load takes about 2 GiB. Without, they are skipped, and the report says so.
# Reads only; nothing of a card is set. Fails if anything differs or a leaf is unknown.
set -euo pipefail

if (($# < 1 || $# > 2)); then
    sed -n '2,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 2
fi
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=scripts/steps.sh
source "$here/steps.sh"

report=$1
smonitor=${2:-$here/../target/release/smonitor}
card=${SMONITOR_CHECK_CARD:-0}
work=$(mktemp -d)
# How long one turn of the load lasts, and how many there are with and without smonitor.
turn_seconds=20
turns=3
# The load may lose this share of its throughput, in percent, before it is said to be a failure.
most_loss=1.0
server=

tidy() {
    if [[ -n $server ]]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
        server=
    fi
    rm -rf "$work"
}
trap report EXIT

for tool in nvidia-smi python3; do
    command -v "$tool" >/dev/null || fail "there is no $tool"
done
[[ -x $smonitor ]] || fail "there is no $smonitor; build it with: cargo build --release"
nvidia-smi -L >"$work/cards" || fail "nvidia-smi finds no card: $(cat "$work/cards")"

add() {
    printf '%s\n' "$@" >>"$report"
}

# Before, between, after: the snapshot's values that move lie in between.
look() { # name, pmon or nothing
    nvidia-smi -q -x >"$work/$1-before.xml"
    timeout 60 "$smonitor" snapshot --json >"$work/$1.json"
    nvidia-smi -q -x >"$work/$1-after.xml"
    local more=()
    if [[ -n ${2:-} ]]; then
        nvidia-smi pmon -c 1 -s u >"$work/$1-pmon"
        more=("$work/$1-pmon")
    fi
    python3 "$here/gpu_check.py" "$work/$1-before.xml" "$work/$1.json" "$work/$1-after.xml" \
        "$report" "${more[@]}"
}

# Multiplies matrices for so many seconds and prints how many.
cat >"$work/load.py" <<'PYTHON'
import sys
import time

seconds = float(sys.argv[1])
side = 8192
try:
    import torch

    one = torch.randn(side, side, device="cuda", dtype=torch.float16)
    wait = torch.cuda.synchronize
except ImportError:
    import cupy

    one = cupy.random.rand(side, side).astype(cupy.float16)
    wait = cupy.cuda.Device().synchronize
done = 0
for _ in range(10):
    one @ one
wait()
end = time.monotonic() + seconds
began = time.monotonic()
while time.monotonic() < end:
    for _ in range(20):
        one @ one
    wait()
    done += 20
print(done / (time.monotonic() - began))
PYTHON

load() { # seconds
    CUDA_DEVICE_ORDER=PCI_BUS_ID CUDA_VISIBLE_DEVICES=$card python3 "$work/load.py" "$1"
}

# Why no load can run, or nothing.
why_no_load() {
    if ! python3 -c 'import torch' 2>/dev/null && ! python3 -c 'import cupy' 2>/dev/null; then
        printf 'python3 has neither torch nor cupy'
    elif ! load 0.1 >/dev/null 2>"$work/load-error"; then
        printf 'a test load on card %s fails: %s' "$card" "$(tail -n 1 "$work/load-error")"
    fi
}

under_load() {
    load 45 >"$work/load-said" &
    local pid=$!
    # Past its preparation, and long enough for averages of the driver.
    sleep 12
    local code=0
    look loaded pmon || code=$?
    wait "$pid"
    return "$code"
}

start_server() {
    "$smonitor" --port 0 --state-dir "$work/state" >"$work/server" 2>&1 &
    server=$!
    sleep 3
    kill -0 "$server" 2>/dev/null || fail "smonitor does not start: $(cat "$work/server")"
}

stop_server() {
    kill "$server"
    wait "$server" || true
    server=
}

# In turns, so that a card that grows warm does not favour one of them.
throughput() {
    local turn without=() with=()
    for ((turn = 0; turn < turns; turn++)); do
        without+=("$(load "$turn_seconds")")
        start_server
        with+=("$(load "$turn_seconds")")
        stop_server
    done
    python3 - "$turns" "$most_loss" "$report" "${without[@]}" "${with[@]}" <<'PYTHON'
import statistics
import sys

turns, most, report = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
figures = [float(one) for one in sys.argv[4:]]
without, with_it = figures[:turns], figures[turns:]
loss = 100 * (1 - statistics.median(with_it) / statistics.median(without))
spread = 100 * (max(without) - min(without)) / statistics.median(without)
told = lambda all: ", ".join(f"{one:.2f}" for one in all)
with open(report, "a", encoding="utf-8") as file:
    file.write(
        "## The load's throughput\n\n"
        "| | matrices a second | median |\n|---|---|---|\n"
        f"| without smonitor | {told(without)} | {statistics.median(without):.2f} |\n"
        f"| with smonitor | {told(with_it)} | {statistics.median(with_it):.2f} |\n\n"
        f"With smonitor it gets {loss:.2f} % less done; turns without it differ by {spread:.2f} %.\n\n"
    )
print(f"loss {loss:.2f} %, spread {spread:.2f} %")
# What turns without smonitor differ by cannot be blamed on it.
sys.exit(0 if loss <= max(most, spread) else 1)
PYTHON
}

: >"$report"
add "# smonitor on real cards" "" \
    "- $(date -u '+%Y-%m-%d %H:%M UTC'), Linux $(uname -r), $("$smonitor" --version)"
while IFS= read -r line; do
    add "- ${line%% (UUID*}"
done <"$work/cards"
add "" "# As it is" ""
# All parts are gone through, so that the report is whole.
code=0
run "every leaf of nvidia-smi" look idle || code=1

why=$(why_no_load)
if [[ -n $why ]]; then
    add "" "# Under load" "" "Skipped: $why."
    skip "under load" "$why"
else
    add "" "# Under load" ""
    run "every leaf under load" under_load || code=1
    run "throughput with and without smonitor" throughput || code=1
fi
((code == 0)) || fail "something does not agree; see $report"
