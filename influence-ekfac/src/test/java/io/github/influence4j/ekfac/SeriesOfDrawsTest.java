package io.github.influence4j.ekfac;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Objective;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.options.FisherLabels;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.ejml.EjmlBackend;
import io.github.influence4j.models.Activation;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpShape;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The labels of a fit with several draws. */
class SeriesOfDrawsTest {

    private static final int DRAWS = 10;

    private final MatrixBackend backend = new EjmlBackend();

    @Test
    void fitsWithNeighbouringSeedsShareNoDraw() {
        Set<Double> all = new LinkedHashSet<>();
        for (long seed : new long[] {1, 2, 3}) {
            for (Objective.SampledLabels labels : drawnByAFit(seed)) {
                assertTrue(all.add(labels.uniform(5, 0, 0)), () -> "a draw of another seed comes again: " + labels);
            }
        }
        assertEquals(3 * DRAWS, all.size());
    }

    @Test
    void aFitWithOneDrawIsTheFirstOfTheSeries() {
        assertEquals(new Objective.SampledLabels(1), drawnByAFit(1).iterator().next());
    }

    private Set<Objective.SampledLabels> drawnByAFit(long seed) {
        Set<Objective.SampledLabels> drawn = new LinkedHashSet<>();
        FitOptions options = FitOptions.defaults().withLabels(new FisherLabels.Sampled(seed, DRAWS));
        MlpShape shape = MlpShape.of(Activation.TANH, Loss.SOFTMAX_CROSS_ENTROPY, 2, 3);
        ExampleSource<LabelledExample> data = ExampleSource.of(List.of(
                LabelledExample.classified(new double[] {1, 0}, 0),
                LabelledExample.classified(new double[] {0, 1}, 2)));
        try (Mlp model = Mlp.create(backend, shape, 1)) {
            RecordedObjectives<LabelledExample> recorded = new RecordedObjectives<>(model, objective -> {
                if (objective instanceof Objective.SampledLabels labels) {
                    drawn.add(labels);
                }
            });
            EigenbasisApproximator.<LabelledExample>of(backend, options)
                    .fit(recorded, data)
                    .close();
        }
        return drawn;
    }
}
