package io.github.influence4j.api;

import java.util.List;
import java.util.Optional;

/**
 * A model that hands over, for each tracked layer, the layer's inputs and the gradients of an objective at its outputs.
 *
 * <p>This is what a host application implements. What the numbers must obey:
 *
 * <ul>
 *   <li>the model is in evaluation mode (no dropout, no batch statistics), and the same example gives the same capture in
 *       every batch;
 *   <li>the objective is summed over the positions of an example, and examples are not averaged;
 *   <li>Σ_p g_p ā_pᵀ over an example's positions is the gradient of its objective in the layer's weights and bias;
 *   <li>sampled labels come from {@link Objective.SampledLabels}, so that they depend on seed, id and position only.
 * </ul>
 *
 * <p>Implementations need not be safe for use by several threads at once.
 *
 * @param <E> the host's type of an example
 */
public interface GradientProvider<E> {

    /**
     * Returns the tracked layers, always in the same order.
     *
     * @return the layers, with distinct names
     */
    List<LayerSpec> layers();

    /**
     * Runs the model on a batch and pushes one capture for each requested layer, in any order.
     *
     * @param batch the examples
     * @param objective what to take the gradient of
     * @param layers the layers that are wanted, some of {@link #layers()}
     * @param sink takes each capture; its memory may be reused when {@code accept} returns
     * @throws UnsupportedOperationException if the model does not offer the objective, which it must not take for another one
     */
    void capture(ExampleBatch<E> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink);

    /**
     * Says how many positions an example has in the layer where it has most, padding left out. Batches are cut by it, so that
     * long examples come in small batches.
     *
     * @param example an example
     * @return at least 1; a model that always says 1 and has layers with several positions is asked to capture one example
     *     before each pass, to see how many
     */
    default int positions(E example) {
        return 1;
    }

    /**
     * Says what a pass over a batch holds for each position of each example: hidden states that wait for the way back, for
     * instance, but not what is handed over as a capture. Batches are made small enough for it.
     *
     * @return bytes, on the host or on a card; 0 where they are few beside the captures of a layer, or the host does not know
     */
    default long bytesPerPosition() {
        return 0;
    }

    /**
     * Says which layers read the same input, such as the gate and the up projection of a gated MLP, or q, k and v: the layers of
     * one list have equal activations at every position of every example. The covariance of their inputs and its eigenvectors are
     * then computed and kept once, which changes no result. A fit compares the activations of its first batch and refuses layers
     * whose activations differ.
     *
     * @return names of layers, each in one list at most; the layers of a list have the same number of inputs, the same kind of
     *     positions, and all of them a bias or none. Empty where no layers do, or the host does not know
     */
    default List<List<String>> sharedInputs() {
        return List.of();
    }

    /**
     * Says which labels {@link Objective.SampledLabels} stands for where they were drawn beforehand, as in files: then the seed
     * that is asked for has no say, and the provenance of what is fitted holds this in its place.
     *
     * @return empty for a model that draws labels when it is asked
     */
    default Optional<String> sampledLabels() {
        return Optional.empty();
    }

    /**
     * Returns a name for the exact weights (a checksum, a checkpoint's name), which is kept in the provenance of results.
     *
     * @return empty where the host has none
     */
    default Optional<String> fingerprint() {
        return Optional.empty();
    }
}
