/** The backend for processors: OpenBLAS through JavaCPP, found by {@link io.github.influence4j.linalg.MatrixBackends}. */
@NullMarked
package io.github.influence4j.openblas;

import org.jspecify.annotations.NullMarked;
