#!/bin/sh
# The gate for any CI: measures a session, judges it by a baseline, and keeps it there unless it is worse.
#
#   check.sh [WORD…]           the words go to `isobench run`: -w redis -t docker --samples 20
#
#   ISOBENCH=./bench           the command (isobench)
#   ISOBENCH_BASELINE=DIR      a baseline's folder, which comes back with each run (baseline); git:REF:PATH is only read
#   ISOBENCH_KEEP=0            judge only
#   ISOBENCH_SESSION=SESSION   judge this one, its name or folder; measure none
#   ISOBENCH_STRICT=1          what is inconclusive is red as well
#   ISOBENCH_OUT=DIR           for results/, report.html, check.md and check.xml, which is JUnit (isobench-out)
#
# Exit codes are isobench's: 0 fine; 1 regression; 2 bad input; 3 inconclusive (strict); 4 a cell failed, or
# something is missing or incomparable; 5 harness error; 130 interrupted. Of several 5 comes before 1, 4 and 3.
# The first session of a class of host, which nothing can judge, starts its baseline and exits 0 (docs/ci/README.md).
set -eu

isobench=${ISOBENCH:-isobench}
baseline=${ISOBENCH_BASELINE:-baseline}
keep=${ISOBENCH_KEEP:-1}
session=${ISOBENCH_SESSION:-}
out=${ISOBENCH_OUT:-isobench-out}

say() { printf 'check.sh: %s\n' "$*" >&2; }
die() { say "$*"; exit 2; }

# --- where the baseline is: told before anything is measured ------------------------------------------

case $baseline in
    git:*)
        keep=0
        git cat-file -e "${baseline#git:}" 2>/dev/null || die "this clone has no $baseline: fetch its branch first" ;;
    *)
        [ "$keep" = 0 ] || mkdir -p "$baseline"
        [ -e "$baseline" ] || die "there is no $baseline: fetch it first, or let ISOBENCH_KEEP=1 start it" ;;
esac
mkdir -p "$out"
rm -f "$out/check.md" "$out/check.xml"

# --- measure ------------------------------------------------------------------------------------------

measured=0
if [ -z "$session" ]; then
    "$isobench" run --results "$out/results" --no-report "$@" >"$out/run.txt" || measured=$?
    cat "$out/run.txt"
    session=$(sed -n 's/^session: //p' "$out/run.txt")
    # 4: some cells failed and the others are kept, so those are judged.
    case $measured in 0 | 4) ;; *) exit "$measured" ;; esac
    [ -n "$session" ] || exit 5
    "$isobench" report "$session" -o "$out/report.html" >/dev/null || say 'no report could be written'
fi

# --- judge --------------------------------------------------------------------------------------------

set -- check "$session" --baseline "$baseline" --results "$out/results"
[ "${ISOBENCH_STRICT:-0}" = 0 ] || set -- "$@" --strict
code=0
"$isobench" "$@" --also markdown="$out/check.md" --also junit="$out/check.xml" 2>"$out/check.err" || code=$?
cat "$out/check.err" >&2
if [ ! -s "$out/check.md" ]; then
    # Set in by four spaces it is code to its end, whatever is in it.
    { printf '### isobench: could not judge, exit code %s\n\n' "$code"; sed 's/^/    /' "$out/check.err"; } >"$out/check.md"
fi
rm -f "$out/check.err"

# --- keep it: never one that is worse, or the next ones would be judged by it -------------------------

kept=''
case $keep,$code in
    1,[034])
        if kept=$("$isobench" baseline add "$session" --dir "$baseline" --results "$out/results"); then
            echo "kept: $kept"
        elif [ $code != 4 ]; then
            exit 5
        fi ;;
esac
if [ $code = 4 ] && [ -n "$kept" ] && [ "$(find "${kept%/*}" -name '*.baseline.json' | wc -l)" = 1 ]; then
    first='the first session of this class of host: nothing to judge it by yet, it starts the baseline'
    say "$first"
    printf '### isobench: %s\n' "$first" >"$out/check.md"
    exit "$measured"
fi

case $code in 0 | 3) [ "$measured" = 0 ] || code=$measured ;; esac
exit "$code"
