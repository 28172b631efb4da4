package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import java.util.List;

/**
 * How large a batch may be. One example is always taken.
 *
 * @param examples most examples, n
 * @param positions most rows of any layer, n·t
 */
public record BatchSize(int examples, int positions) {

    /** Uploaded captures, and as much again where they are rotated. */
    private static final long COPIES = 2;

    /**
     * Bounds the examples, and leaves the rows at their default.
     *
     * @param examples most examples
     * @return the bounds
     */
    public static BatchSize ofExamples(int examples) {
        return new BatchSize(examples, FitOptions.DEFAULT_BATCH_POSITIONS);
    }

    /**
     * Takes the bounds of training batches.
     *
     * @param options of scores
     * @return the bounds
     */
    public static BatchSize of(ScoreOptions options) {
        return new BatchSize(options.batchSize(), options.batchPositions());
    }

    /**
     * Lowers the bound on rows so that the captures of any of some layers fit, with what the model holds meanwhile.
     *
     * @param layers the layers
     * @param precision type of the uploaded captures
     * @param model {@link io.github.influence4j.api.GradientProvider#bytesPerPosition}
     * @param bytes most bytes of the captures of a layer, of what they are rotated into, and of what the model holds
     * @return the same or fewer rows, at least 1
     */
    public BatchSize within(List<LayerSpec> layers, Precision precision, long model, long bytes) {
        if (model < 0) {
            throw new IllegalArgumentException(
                    "the model says that a position takes " + model + " bytes; 0 says that it does not know");
        }
        long inputs = 1;
        long outputs = 1;
        for (LayerSpec layer : layers) {
            inputs = Math.max(inputs, layer.gradientColumns());
            outputs = Math.max(outputs, layer.outputs());
        }
        long rows = bytes / (model + COPIES * precision.bytes() * (inputs + outputs));
        return new BatchSize(examples, (int) Math.max(1, Math.min(positions, rows)));
    }

    /**
     * Says how many examples a batch has.
     *
     * @param longest t, the positions of an example in the layer where it has most
     * @return at least 1
     */
    public int examplesOf(int longest) {
        return Math.max(1, Math.min(examples, positions / longest));
    }
}
