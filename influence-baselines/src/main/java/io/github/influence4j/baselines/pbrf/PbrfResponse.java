package io.github.influence4j.baselines.pbrf;

import io.github.influence4j.api.LayerGradients;

/**
 * Where the weights go when one example gets more weight.
 *
 * @param offset θˢ(ε) − θˢ
 * @param residual norm of the objective's gradient there, relative to its norm at θˢ
 * @param iterations steps taken
 * @param converged whether the residual is within the tolerance
 */
public record PbrfResponse(LayerGradients offset, double residual, int iterations, boolean converged) {}
