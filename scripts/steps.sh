# Steps of a test script: each is announced, timed and summed up at the end. To be sourced; a script
# that has something to tidy defines `tidy`.
# shellcheck shell=bash

step="preparation"
step_began=0
summary=()

fail() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    exit 1
}

# Runs one step; nothing may wait for input.
run() {
    step=$1
    step_began=$SECONDS
    shift
    printf '\n== %s\n' "$step"
    "$@" </dev/null
    summary+=("$(printf '%4d s  %s' $((SECONDS - step_began)) "$step")")
}

skip() {
    printf '\n== %s: skipped: %s\n' "$1" "$2"
    summary+=("skipped  $1: $2")
}

# For `trap report EXIT`.
report() {
    local code=$?
    if declare -F tidy >/dev/null; then
        tidy
    fi
    printf '\n'
    if ((${#summary[@]} > 0)); then
        printf '%s\n' "${summary[@]}"
    fi
    if ((code == 0)); then
        printf 'all steps passed in %d s\n' "$SECONDS"
    else
        printf 'FAILED in step "%s" after %d s (exit code %d)\n' \
            "$step" $((SECONDS - step_began)) "$code"
    fi
}
