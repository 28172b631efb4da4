#!/bin/sh
# Makes kernels.ptx of kernels.cu. Needs CUDA's nvcc and ptxas, 11.0 to 13.x; the library itself needs neither.
#
# The text is for compute capability 7.5 and PTX 6.4, which drivers since CUDA 11 compile for any newer card. nvcc writes its own
# version of PTX at the top, which older drivers refuse, so it is lowered; ptxas then proves that nothing newer is used.
set -eu
cd "$(dirname "$0")"
target=../resources/io/github/influence4j/cuda/kernels.ptx
nvcc -ptx -arch=compute_75 -O3 -o kernels.tmp.ptx kernels.cu
{
    echo "// sha256 of kernels.cu: $(sha256sum kernels.cu | cut -d ' ' -f 1)"
    sed -e '/^\/\//d' -e '/^$/d' -e 's/^\.version .*/.version 6.4/' kernels.tmp.ptx
} > "$target"
rm kernels.tmp.ptx
for card in sm_75 sm_80 sm_90; do
    ptxas -arch=$card -o /dev/null "$target"
done
