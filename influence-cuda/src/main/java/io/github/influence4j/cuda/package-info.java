/**
 * A {@link io.github.influence4j.linalg.MatrixBackend} on NVIDIA cards: cuBLAS, cuSOLVER and a few kernels of its own, bound by
 * name to the CUDA 11.2 to 13 that the user has installed.
 */
@NullMarked
package io.github.influence4j.cuda;

import org.jspecify.annotations.NullMarked;
