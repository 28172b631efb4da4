package io.github.influence4j.decoder;

import io.github.influence4j.api.Checkpoints;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Looks at a training as it goes: models from the middle of each stretch of the run, the summed learning rates, and what Adam multiplied
 * gradients with.
 */
final class RunSegments implements KeptTraining {

    private final Decoder start;
    private final DecoderTrainingOptions options;
    private final int segments;
    private final int perSegment;
    private final List<Decoder> models = new ArrayList<>();
    private final double[] rates;
    private final double[][] factors;

    RunSegments(Decoder start, DecoderTrainingOptions options, int segments, int perSegment) {
        if (segments < 1 || perSegment < 1) {
            throw new IllegalArgumentException(
                    "segments and checkpoints of each must be positive, found " + segments + " and " + perSegment);
        }
        if (options.steps() < (long) segments * perSegment) {
            throw new IllegalArgumentException("training takes " + options.steps() + " steps, too few for "
                    + (long) segments * perSegment + " checkpoints");
        }
        this.start = start;
        this.options = options;
        this.segments = segments;
        this.perSegment = perSegment;
        this.rates = new double[segments];
        this.factors = new double[segments][];
    }

    /** The models so far, for whoever has to close them where training fails. */
    List<Decoder> models() {
        return models;
    }

    List<Checkpoints.Segment<Decoder>> cut() {
        List<LayerSpec> layers = start.layers();
        List<Checkpoints.Segment<Decoder>> cut = new ArrayList<>();
        for (int s = 0; s < segments; s++) {
            double[] mean = factors[s];
            for (int k = 0; k < mean.length; k++) {
                mean[k] /= rates[s];
            }
            cut.add(new Checkpoints.Segment<>(
                    models.subList(s * perSegment, (s + 1) * perSegment),
                    rates[s],
                    Optional.of(LayerGradients.ofFlat(layers, mean))));
        }
        return cut;
    }

    /** {@inheritDoc} A run begins at its start. */
    @Override
    public Optional<State> last() {
        return Optional.empty();
    }

    /** {@inheritDoc} Every step counts. */
    @Override
    public boolean isDue(int steps) {
        return true;
    }

    @Override
    public void keep(int steps, Map<String, Matrix> matrices) {
        int segment = (int) ((steps - 1L) * segments / options.steps());
        double rate = options.rate(steps - 1);
        rates[segment] += rate;
        double correction = 1 - Math.pow(options.optimizer().beta2(), steps);
        double[] square = AdamState.squares(matrices, start.layers());
        if (factors[segment] == null) {
            factors[segment] = new double[square.length];
        }
        double[] sum = factors[segment];
        for (int k = 0; k < sum.length; k++) {
            // weights that had no gradient yet were not moved
            sum[k] += square[k] > 0
                    ? rate
                            / (Math.sqrt(square[k] / correction)
                                    + options.optimizer().epsilon())
                    : 0;
        }
        // the middle of part c lies after (c + ½)/copies of the steps
        int copies = segments * perSegment;
        if (models.size() < copies
                && steps == Math.max(1, Math.round((models.size() + 0.5) * options.steps() / copies))) {
            Decoder model = start.copy();
            models.add(model);
            AdamState.copyWeights(matrices, model);
        }
    }
}
