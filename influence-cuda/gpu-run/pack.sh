#!/usr/bin/env bash
# Packs all that a Linux machine with an NVIDIA driver, CUDA libraries and PyTorch, but without Java, needs to test and to
# measure this library: a Java runtime, jars, test classes, and kronfluence to compare with.
#
#   pack.sh OUTDIR KRONFLUENCE      KRONFLUENCE: source tree of kronfluence 1.0.1
#
# Writes OUTDIR/pack.tar.gz and OUTDIR/run.sh; on the machine: OUT=<folder for the report> bash run.sh
# Needs JAVA_HOME, a JDK 17 with its jmods. MVN_ARGS goes to Maven (-o, for instance).
set -euo pipefail

out=$(mkdir -p "$1" && cd "$1" && pwd)
kronfluence=$2
root=$(cd "$(dirname "$0")/../.." && pwd)

# What is built, with all that it stands on, and whose tests are taken along.
MODULES=benchmarks,influence-cuda
TESTS='linalg ekfac cuda'
# The jars that are taken along: no natives, and nothing of ND4J, which does not start there.
JARS='^(benchmarks|influence-|ejml-|jackson-(annotations|core|databind)-|jna-[0-9]|jspecify-|picocli-|slf4j-|commons-math3-|jqwik-)'
JAVA_MODULES=java.base,java.logging,java.management,java.naming,java.sql,java.xml,jdk.unsupported
JUNIT_CONSOLE=org.junit.platform:junit-platform-console-standalone:1.14.4

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pack=$work/gpu-run
mkdir -p "$pack/lib" "$pack/tests" "$pack/kronfluence"

cd "$root"
./mvnw -B -ntp -q ${MVN_ARGS:-} -DskipTests -Dspotless.check.skip -pl "$MODULES" -am \
    package dependency:copy-dependencies -DoutputDirectory="$work/all" -Dmdep.overWriteSnapshots=true
./mvnw -B -ntp -q ${MVN_ARGS:-} -N dependency:copy -Dartifact="$JUNIT_CONSOLE" -DoutputDirectory="$pack/lib"
for module in ${MODULES//,/ }; do
    cp "$module"/target/*.jar "$work/all"
done
for jar in "$work"/all/*.jar; do
    name=$(basename "$jar")
    if [[ $name =~ $JARS && ! $name =~ -(tests|sources|javadoc|linux-x86_64)\.jar$ ]]; then
        cp "$jar" "$pack/lib"
    fi
done
# folders, because some tests open fixtures by their paths
for module in $TESTS; do
    cp -r "influence-$module/target/test-classes" "$pack/tests/$module"
done

"$JAVA_HOME/bin/jlink" --add-modules "$JAVA_MODULES" --strip-debug --no-header-files --no-man-pages --compress=2 \
    --output "$pack/jre"

cp -r "$kronfluence/kronfluence" "$pack/kronfluence/kronfluence"
find "$pack" -name __pycache__ -prune -exec rm -r {} +

tar czf "$out/pack.tar.gz" -C "$work" gpu-run
cp influence-cuda/gpu-run/run.sh "$out"
du -h "$out/pack.tar.gz"
