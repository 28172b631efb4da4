package io.github.influence4j.baselines.pbrf;

import io.github.influence4j.api.LayerGradients;

/**
 * Where the weights go when one example gets more weight.
 *
 * <p>At a kink of the objective, as networks with ReLU have them, no gradient is small, however exactly the minimum was found. Where a
 * search stops getting lower, its residual is therefore the least norm of a convex combination of gradients at points no further from
 * the offset than the tolerance times its length: 0 is such a combination at a minimum (Clarke's condition).
 *
 * @param offset θˢ(ε) − θˢ
 * @param residual norm of the objective's gradient there, or the least norm of a combination of gradients very near, relative to the
 *     gradient's norm at θˢ
 * @param iterations steps taken
 * @param converged whether the residual is within the tolerance
 */
public record PbrfResponse(LayerGradients offset, double residual, int iterations, boolean converged) {}
