#!/usr/bin/env bash
# Tests and measures on the machine that pack.sh packed for; needs no network. Every part has a time limit and is followed by
# the next, whatever became of it. Everything is written to $OUT/report.txt too, and a summary comes last.
#
#   OUT=<folder> bash run.sh [PART...]      all parts by default; names of parts are in the list below
#
# BACKEND names the matrix backend (default: cuda), DEVICE where kronfluence computes (default: cuda), WORKLOAD what is
# compared (default: gpt2-gpu); EFFICIENCY, COMPARISON and JAVA_FLAGS are more options of StageEfficiency, PeerComparison
# and Java, RUNS how often each side is timed (default: 3).
set -uo pipefail

OUT=${OUT:?must name a folder}
BACKEND=${BACKEND:-cuda}
DEVICE=${DEVICE:-cuda}
WORKLOAD=${WORKLOAD:-gpt2-gpu}
DIR=${DIR:-/tmp/gpu-run}
here=$(cd "$(dirname "$0")" && pwd)
report=$OUT/report.txt
summary=()
failed=0
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
    [[ $status == 0 ]] || failed=1
    summary+=("$(printf '%-14s %4d s  %s' "$name" $((SECONDS - start)) \
        "$([[ $status == 0 ]] && echo ok || { [[ $status == 124 ]] && echo 'out of time' || echo "failed ($status)"; })")")
}

# java_with MODULES ARGUMENTS...: sets command; modules are those whose tests are on the class path
java_with() {
    local path="" module
    for module in $1; do
        path+="$DIR/tests/$module:"
    done
    shift
    # the JDK's thread that waits for a process has a stack too small for libraries with much thread-local memory
    command=("$DIR/jre/bin/java" -Xmx24g -Djdk.lang.processReaperUseDefaultStackSize=true ${JAVA_FLAGS:-}
        -Dinfluence.backend="$BACKEND" -cp "$path$DIR/lib/*" "$@")
}

# tests NAME SECONDS MODULES SELECTOR...: runs tests on the backend; selectors are those of JUnit's console launcher
tests() {
    local name=$1 limit=$2 modules=$3
    shift 3
    java_with "$modules" -Dinfluence.test.backend="$BACKEND" -Dinfluence.test.card \
        org.junit.platform.console.ConsoleLauncher execute --disable-banner --disable-ansi-colors \
        --details=tree --details-theme=ascii --config jqwik.database="$DIR/jqwik" "$@"
    part "$name" "$limit" "${command[@]}"
}

mkdir -p "$OUT"
: >"$report"
pack=$(sha256sum "$here/pack.tar.gz" | cut -d ' ' -f 1)
if [[ $(cat "$DIR/pack" 2>/dev/null) != "$pack" ]]; then
    rm -rf "$DIR" && mkdir -p "$DIR" && tar xzf "$here/pack.tar.gz" -C "$DIR" --strip-components=1 || exit 1
    echo "$pack" >"$DIR/pack"
fi
echo "pack $pack" | tee -a "$report"
unset OPENBLAS_CORETYPE JAVA_TOOL_OPTIONS
# where CUDA's libraries came with PyTorch only
if ! compgen -G '/usr/local/cuda*/lib64/libcublas.so.*' >/dev/null && ! ldconfig -p | grep -q libcublas.so; then
    folders=$(python3 -c 'import glob, sysconfig; print(":".join(glob.glob(sysconfig.get_path("purelib") + "/nvidia/*/lib")))')
    JAVA_FLAGS="${folders:+-Dinfluence.cuda.path=$folders }${JAVA_FLAGS:-}"
fi

part machine 20 bash -c 'nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader; nproc; free -g | head -2'

ours=io.github.influence4j
tests conformance 90 "linalg" -p $ours.linalg.conformance
tests card 60 "cuda ekfac" -c $ours.cuda.CudaBackendTest -c $ours.cuda.OnCardTest
tests estimators 120 "ekfac" -p $ours.ekfac.parity -c $ours.ekfac.factor.HeldCaptureTest -c $ours.ekfac.DenseOracleTest \
    -c $ours.ekfac.InvariancePropertiesTest -c $ours.ekfac.RotationPathsTest -c $ours.ekfac.ScoreIdentitiesTest

for backend in ejml "$BACKEND"; do
    java_with "" $ours.examples.Examples quickstart --backend "$backend" --out "$DIR/quickstart-$backend"
    part quickstart 60 "${command[@]}"
done
part agreement 20 python3 "$here/same_results.py" "$DIR/quickstart-ejml/results.json" \
    "$DIR/quickstart-$BACKEND/results.json" 1e-4

java_with "" $ours.benchmarks.StageEfficiency --device "$DEVICE" ${EFFICIENCY:-}
part efficiency 60 "${command[@]}"

comparison=$DIR/comparison
java_with "" $ours.benchmarks.PeerComparison --workloads "$WORKLOAD" --kronfluence "$DIR/kronfluence" \
    --python python3 --device "$DEVICE" --threads "$(nproc)" --runs "${RUNS:-3}" --no-efficiency --out "$comparison" ${COMPARISON:-}
part comparison 180 "${command[@]}"
cp "$comparison"/results.json "$comparison"/table.md "$OUT" 2>/dev/null

printf '\n=== summary\n' | tee -a "$report"
printf '%s\n' "${summary[@]}" | tee -a "$report"
exit $failed
