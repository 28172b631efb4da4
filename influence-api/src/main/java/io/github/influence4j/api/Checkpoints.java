package io.github.influence4j.api;

import java.util.List;
import java.util.Optional;

/**
 * A training run as its checkpoints: what estimators that unroll training need.
 *
 * <p>The run is cut into segments in which gradients and curvature are taken as constant. The models belong to whoever made
 * them.
 *
 * @param <P> what each checkpoint can do
 * @param segments the segments, from the first to the last
 * @param trained the model at the end, whose behaviour is to be explained
 */
public record Checkpoints<P extends GradientProvider<?>>(List<Segment<P>> segments, P trained) {

    /**
     * A stretch of training.
     *
     * @param <P> what each checkpoint can do
     * @param models one checkpoint or more from this stretch
     * @param learningRateSum ηK, the sum of the learning rates of its steps; with momentum β of SGD each counts 1/(1−β) times
     * @param preconditioner what its steps multiply gradients with, element by element, on average: 1/(√v̂ + ε) of Adam, where v̂ is
     *     above 0; empty where they multiply with nothing but the learning rate
     */
    public record Segment<P extends GradientProvider<?>>(
            List<P> models, double learningRateSum, Optional<LayerGradients> preconditioner) {

        /**
         * Copies the list.
         *
         * @param models one checkpoint or more
         * @param learningRateSum ηK
         * @param preconditioner of the layers of the models, or empty
         * @throws IllegalArgumentException if there is no checkpoint, the sum is not positive and finite, or a factor of the
         *     preconditioner is negative, infinite or NaN, or it is of other layers
         */
        public Segment {
            models = List.copyOf(models);
            if (models.isEmpty()) {
                throw new IllegalArgumentException("a segment of training needs a checkpoint or more");
            }
            if (!(learningRateSum > 0) || learningRateSum == Double.POSITIVE_INFINITY) {
                throw new IllegalArgumentException(
                        "the sum of a segment's learning rates must be positive and finite, found " + learningRateSum);
            }
            if (preconditioner.isPresent()) {
                preconditioner.get().requireLayers(models.get(0).layers());
                for (double factor : preconditioner.get().toFlat()) {
                    if (!(factor >= 0 && factor < Double.POSITIVE_INFINITY)) {
                        throw new IllegalArgumentException(
                                "the factors of a segment's preconditioner must be finite and at least 0, found "
                                        + factor);
                    }
                }
            }
        }

        /**
         * Makes a stretch of plain gradient descent.
         *
         * @param models one checkpoint or more
         * @param learningRateSum ηK
         * @throws IllegalArgumentException if there is no checkpoint, or the sum is not positive and finite
         */
        public Segment(List<P> models, double learningRateSum) {
            this(models, learningRateSum, Optional.empty());
        }
    }

    /**
     * Copies the list and checks that all checkpoints have the same layers.
     *
     * @param segments the segments, from the first to the last
     * @param trained the model at the end
     * @throws IllegalArgumentException if there is no segment, or a checkpoint has other layers than the trained model
     */
    public Checkpoints {
        segments = List.copyOf(segments);
        if (segments.isEmpty()) {
            throw new IllegalArgumentException("a training run needs a segment or more");
        }
        for (int s = 0; s < segments.size(); s++) {
            for (P model : segments.get(s).models()) {
                if (!model.layers().equals(trained.layers())) {
                    throw new IllegalArgumentException("a checkpoint of segment " + s + " has layers " + model.layers()
                            + ", the trained model " + trained.layers());
                }
            }
        }
    }
}
