package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.LayerSpec;

/**
 * The covariances of one layer, as means over real positions: A = E[āāᵀ] and S = E[ggᵀ]; or, for the gradient basis, the
 * second moments of whole gradients as means over examples, A = E[GᵀG] and S = E[GGᵀ].
 *
 * @param layer the layer
 * @param activation A, [i, i], float64, symmetric; its diagonal blocks only where it was split
 * @param gradient S, [o, o], float64, symmetric; likewise
 * @param positions number of real positions in the data set
 */
public record LayerCovariance(LayerSpec layer, BlockDiagonal activation, BlockDiagonal gradient, long positions)
        implements AutoCloseable {
    @Override
    public void close() {
        activation.close();
        gradient.close();
    }
}
