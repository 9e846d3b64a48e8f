#!/usr/bin/env bash
# What 200 viewers notice when the server fails: the scenarios of tests/it/stays_up against a release
# build, and the same deaths where a shell loop starts the program again instead of a manager.
#
#   bash scripts/bench/stays_up.sh [RUNS]
#
# Prints a table for each run. Fails if a connection is refused or somebody is not live again within
# 5 s. About two minutes a run; a panic and a deadlock need a debug build and are left to the suite.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

runs=${1:-1}
said=$(mktemp)
trap 'rm -f "$said"' EXIT

cargo build --locked --release
SMONITOR_TEST_PROGRAM=$(realpath "${CARGO_TARGET_DIR:-target}/release/smonitor")
export SMONITOR_TEST_PROGRAM SMONITOR_TEST_PROMISE_SECONDS=5

for ((run = 1; run <= runs; run++)); do
    code=0
    cargo test --locked --test it stays_up:: -- --include-ignored --nocapture --test-threads=1 \
        >"$said" 2>&1 || code=$?
    printf '\n| what happens | back | refused | cut | slowest | median | longest answer | oldest as fresh |\n'
    printf -- '|---|--:|--:|--:|--:|--:|--:|--:|\n'
    # The harness of the tests may have begun the line.
    sed -n 's/^.*\(| [A-Za-z][^|]* | [0-9]*\/[0-9]* |.* s |\).*$/\1/p' "$said"
    if ((code != 0)); then
        cat "$said" >&2
        exit "$code"
    fi
    grep -o 'skipped stays_up.*\|skipped a_worker.*' "$said" || true
done
