/**
 * Matrices in native memory, and what works on them: the pool of memory, the rules for threads, the kernels for host memory. Here for
 * {@code influence-nd4j} too; no part of what users may rely on.
 */
@NullMarked
package io.github.influence4j.openblas.internal;

import org.jspecify.annotations.NullMarked;
