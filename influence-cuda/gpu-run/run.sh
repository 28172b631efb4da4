#!/usr/bin/env bash
# Tests and measures on the machine that pack.sh packed for; needs no network. Every part has a time limit and is followed by
# the next, whatever became of it. Everything is written to $OUT/report.txt too, and a summary comes last.
#
#   OUT=<folder> bash run.sh [PART...]      all parts by default; names of parts are in the list below
#
# BACKEND names the matrix backend (default: cuda), DEVICE where kronfluence computes (default: cuda), WORKLOAD what is
# compared (default: gpt2-gpu), EXTRA more options of StageEfficiency.
set -uo pipefail

OUT=${OUT:?must name a folder}
BACKEND=${BACKEND:-cuda}
DEVICE=${DEVICE:-cuda}
WORKLOAD=${WORKLOAD:-gpt2-gpu}
DIR=${DIR:-/tmp/gpu-run}
here=$(cd "$(dirname "$0")" && pwd)
report=$OUT/report.txt
summary=()
wanted=" $* "

# part NAME SECONDS COMMAND...
part() {
    local name=$1 limit=$2 start=$SECONDS status
    shift 2
    if [[ $wanted != "  " && $wanted != *" $name "* ]]; then
        return
    fi
    printf '\n=== %s\n' "$name" | tee -a "$report"
    timeout -k 5 "$limit" "$@" 2>&1 | tee -a "$report"
    status=${PIPESTATUS[0]}
    summary+=("$(printf '%-14s %4d s  %s' "$name" $((SECONDS - start)) \
        "$([[ $status == 0 ]] && echo ok || { [[ $status == 124 ]] && echo 'out of time' || echo "failed ($status)"; })")")
}

# java_with TESTS ARGUMENTS...: modules whose tests are on the class path, first to last
java_with() {
    local path="" module
    for module in $1; do
        path+="$DIR/tests/$module:"
    done
    shift
    command=("$DIR/jre/bin/java" -Xmx24g -Dinfluence.backend="$BACKEND" -cp "$path$DIR/lib/*" "$@")
}

# tests NAME SECONDS MODULES CLASS...: runs test classes on the backend
tests() {
    local name=$1 limit=$2 modules=$3 class classes=()
    shift 3
    for class in "$@"; do
        classes+=(--select-class "io.github.influence4j.$class")
    done
    java_with "$modules" -Dinfluence.test.backend="$BACKEND" org.junit.platform.console.ConsoleLauncher execute \
        --disable-banner --disable-ansi-colors --details=summary \
        --config jqwik.database="$DIR/jqwik" "${classes[@]}"
    part "$name" "$limit" "${command[@]}"
}

mkdir -p "$OUT"
: >"$report"
if [[ ! -d $DIR ]]; then
    mkdir -p "$DIR" && tar xzf "$here/pack.tar.gz" -C "$DIR" --strip-components=1 || exit 1
fi
unset OPENBLAS_CORETYPE JAVA_TOOL_OPTIONS
python3 -c 'import einops, opt_einsum' 2>/dev/null || export PYTHONPATH=$DIR/python${PYTHONPATH:+:$PYTHONPATH}

part machine 20 bash -c 'nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader; nproc; free -g | head -2'

tests linalg 60 "linalg" linalg.ProductsTest linalg.ElementwiseTest linalg.DecompositionsTest linalg.MatricesTest
tests parity 90 "ekfac" ekfac.parity.ParityTest

java_with "" io.github.influence4j.benchmarks.StageEfficiency --device "$DEVICE" ${EXTRA:-}
part efficiency 60 "${command[@]}"

comparison=$DIR/comparison
java_with "" io.github.influence4j.benchmarks.PeerComparison --workloads "$WORKLOAD" --kronfluence "$DIR/kronfluence" \
    --python python3 --device "$DEVICE" --threads "$(nproc)" --runs 1 --no-efficiency --out "$comparison"
part comparison 180 "${command[@]}"
cp "$comparison"/results.json "$comparison"/table.md "$OUT" 2>/dev/null

printf '\n=== summary\n' | tee -a "$report"
printf '%s\n' "${summary[@]}" | tee -a "$report"
