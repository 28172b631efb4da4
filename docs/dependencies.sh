#!/usr/bin/env bash
# Writes docs/dependencies.md: for each artifact, what a project gets that imports the BOM and depends on that artifact alone.
# Needs the artifacts in a local repository: ./mvnw -DskipTests install, or the same with -Dmaven.repo.local=DIR and REPO=DIR here.
set -euo pipefail
cd "$(dirname "$0")/.."
repo=${REPO:-$HOME/.m2/repository}
version=$(sed -n 's:.*<version>\(.*-SNAPSHOT\|[0-9.]*\)</version>.*:\1:p' pom.xml | head -1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
page=docs/dependencies.md
{
  echo '# What each artifact pulls in'
  echo
  echo 'Jars at run time in a project that imports the BOM and depends on that artifact alone: number and megabytes of other'
  echo "people's jars, without native libraries, which the user chooses. Made by \`docs/dependencies.sh\`."
  echo
  echo '| artifact | jars | MB |'
  echo '|---|---|---|'
} > "$work/page"
: > "$work/trees"
for module in $(sed -n 's:.*<module>\(.*influence-[a-z0-9]*\)</module>.*:\1:p' pom.xml | grep -v bom); do
  artifact=$(basename "$module")
  cat > "$work/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>consumer</groupId><artifactId>consumer</artifactId><version>1</version>
<dependencyManagement><dependencies><dependency><groupId>io.github.influence4j</groupId><artifactId>influence-bom</artifactId>
<version>$version</version><type>pom</type><scope>import</scope></dependency></dependencies></dependencyManagement>
<dependencies><dependency><groupId>io.github.influence4j</groupId><artifactId>$artifact</artifactId><version>$version</version>
</dependency></dependencies></project>
POM
  ./mvnw -q -B -Dmaven.repo.local="$repo" -f "$work/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.11.0:resolve \
    org.apache.maven.plugins:maven-dependency-plugin:3.11.0:tree -DincludeScope=runtime \
    -Dscope=runtime -DoutputFile="$work/tree" >&2
  jars=0
  bytes=0
  while IFS=: read -r group name _ rest; do
    v=$(echo "$rest" | sed 's/:\(compile\|runtime\).*//; s/.*://')
    size=$(stat -c %s "$repo/${group//.//}/$name/$v/$name-$v.jar")
    jars=$((jars + 1))
    bytes=$((bytes + size))
  done < <(sed 's/^[-+|\\ ]*//' "$work/tree" | grep -v '^consumer:\|^io.github.influence4j:' | grep -v -E ':jar:(linux|macosx|windows)')
  printf '| `%s` | %d | %s |\n' "$artifact" "$jars" "$(awk "BEGIN { printf \"%.1f\", $bytes / 1e6 }")" >> "$work/page"
  {
    echo
    echo '```'
    tail -n +2 "$work/tree" | sed -E 's/^...//; s/[a-zA-Z0-9_.-]+:([a-zA-Z0-9_.-]+):jar:/\1 /; s/:(compile|runtime).*//'
    echo '```'
  } >> "$work/trees"
done
{
  cat "$work/page"
  echo
  echo 'Native libraries (linux-x86_64): OpenBLAS 19.7 MB, JavaCPP 0.05, ND4J for the CPU 90.8, MKL 159.5; PyTorch for the CPU 111.6, with pytorch-engine'
  echo '0.1 and pytorch-jni 3.4. `influence-api` and `influence-ekfac` depend on nothing of DL4J, DJL or ONNX Runtime. The tests of'
  echo '`influence-adapter-support` use ONNX Runtime and MiniLM (quantised, 23 MB); neither is published with it.'
  cat "$work/trees"
} > "$page"
