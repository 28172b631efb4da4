/** Estimators that follow training through its checkpoints instead of assuming that it has converged. */
@NullMarked
package io.github.influence4j.baselines.unrolled;

import org.jspecify.annotations.NullMarked;
