/**
 * Solvers of (G+λI)x = v that only ever multiply with G: conjugate gradients, LiSSA, and iterations preconditioned by
 * EK-FAC.
 *
 * <p>All take a {@link io.github.influence4j.api.CurvatureProduct}, solve for all right-hand sides together, count what they
 * do, and keep their own sums in float64.
 */
@NullMarked
package io.github.influence4j.baselines.iterative;

import org.jspecify.annotations.NullMarked;
