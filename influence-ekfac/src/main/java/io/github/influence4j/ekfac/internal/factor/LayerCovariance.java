package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.LayerSpec;
import java.util.Optional;

/**
 * The covariances of one layer, as means over real positions: A = E[āāᵀ] and S = E[ggᵀ]; or, for the gradient basis, the
 * second moments of whole gradients as means over examples, A = E[GᵀG] and S = E[GGᵀ].
 *
 * @param layer the layer
 * @param activation A, [i, i], float64, symmetric; its diagonal blocks only where it was split; empty where another layer that
 *     reads the same input has it
 * @param gradient S, [o, o], float64, symmetric; likewise
 * @param positions number of real positions in the data set
 */
public record LayerCovariance(
        LayerSpec layer, Optional<BlockDiagonal> activation, BlockDiagonal gradient, long positions)
        implements AutoCloseable {
    @Override
    public void close() {
        activation.ifPresent(BlockDiagonal::close);
        gradient.close();
    }
}
