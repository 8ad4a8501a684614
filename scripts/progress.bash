# Sourced by the scripts: errors in the product's voice, and steps that are never silent for long.
# shellcheck shell=bash

# fail STATUS PROBLEM [HINT]: ends the script. 2 is wrong usage, 4 a missing requirement, 1 anything else.
fail() {
    printf '%s: %s\n' "${0##*/}" "$2" >&2
    if [[ -n ${3-} ]]; then printf 'hint: %s\n' "$3" >&2; fi
    exit "$1"
}

# usage: prints the comment at the top of the script, which is its manual.
usage() {
    sed -n '2,/^[^#]/ { s/^# \{0,1\}//p }' "$0"
}

# step LABEL LOG COMMAND...: runs COMMAND with its output in LOG, and says every few seconds (every minute where it is
# no terminal that reads along) how long it has been at it and what it wrote last. When it fails, the end of LOG is shown and its status returned. COMMAND gets no input and no
# descriptor but the log, so that a server it starts holds neither the terminal nor a lock of ours. $step_tail is how
# many lines are shown of a LOG that failed, 40 where it is not set.
step() {
    local label=$1 log=$2 status=0 pid
    local -i started=$SECONDS spoke=$SECONDS pause=60
    shift 2
    : >"$log"
    if [[ -t 1 ]]; then pause=3 && printf '%s …' "$label"; else printf '%s\n' "$label"; fi
    # A session of its own: nothing in it can ask the terminal, and be stopped for it. On Ctrl-C we end it; a command in
    # the background would ignore that signal, and all it starts too.
    env --default-signal=INT,QUIT setsid "$@" >"$log" 2>&1 </dev/null 9>&- &
    pid=$!
    trap 'printf "\n"; end "$pid"; exit 130' INT
    trap 'end "$pid"; exit 143' TERM
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.1
        if ((SECONDS - spoke >= pause)); then
            spoke=$SECONDS
            heartbeat "$label" $((SECONDS - started)) "$log"
        fi
    done
    wait "$pid" || status=$?
    trap - INT TERM
    if ((status == 0)); then
        if [[ -t 1 ]]; then printf '\r\033[K'; fi
        printf '%s: done, %d s\n' "$label" $((SECONDS - started))
        return 0
    fi
    if [[ -t 1 ]]; then printf '\r\033[K'; fi
    printf '%s: failed with status %d after %d s; all it says is in %s\n' \
        "$label" "$status" $((SECONDS - started)) "$log" >&2
    tail -n "${step_tail-40}" "$log" | printable | sed 's/^/    /' >&2
    return "$status"
}

# end PID: ends the process and all it has started, also in other groups ('swift test' runs the tests in one).
end() {
    local -a processes
    mapfile -t processes < <(cat /proc/[0-9]*/stat 2>/dev/null | sed 's/(.*)/-/' | awk -v first="$1" '
        { parent[$1] = $4 }
        END {
            print first
            for (p in parent) for (q = p; q in parent && q > 1; q = parent[q]) if (parent[q] == first) { print p; break }
        }')
    kill -TERM "${processes[@]}" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

heartbeat() {
    local last width
    last=$(tail -n 1 "$3" | printable | tail -n 1)
    if [[ -t 1 ]]; then
        width=$(($(tput cols 2>/dev/null || echo 80) - ${#1} - 12))
        printf '\r\033[K%s … %d s  %s' "$1" "$2" "${last:0:width > 0 ? width : 0}"
    else
        printf '%s: %d s  %s\n' "$1" "$2" "${last:0:100}"
    fi
}

# Output of other programs, without what a terminal would obey.
printable() {
    tr '\r' '\n' | tr -d '\000-\010\013-\037\177'
}
