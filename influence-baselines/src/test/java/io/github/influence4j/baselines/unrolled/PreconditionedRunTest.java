package io.github.influence4j.baselines.unrolled;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Checkpoints;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.PerturbableModel;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.ejml.EjmlBackend;
import io.github.influence4j.models.Activation;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpShape;
import io.github.influence4j.testkit.GradientChecks;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.apache.commons.math3.stat.correlation.PearsonsCorrelation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** SOURCE for a run whose optimizer multiplies gradients, against the exact derivative through that run. */
class PreconditionedRunTest {

    private static final int EXAMPLES = 40;

    private final MatrixBackend backend = new EjmlBackend();
    private final ExampleSource<LabelledExample> train = examples(EXAMPLES, 1);
    private final ExampleSource<LabelledExample> queries = examples(6, 2);

    @AfterEach
    void close() {
        backend.close();
    }

    /** Features of very different sizes, which is what Adam evens out. */
    private static ExampleSource<LabelledExample> examples(int count, long seed) {
        Random random = new Random(seed);
        List<LabelledExample> examples = new ArrayList<>();
        for (int e = 0; e < count; e++) {
            double[] x = {random.nextGaussian(), 0.1 * random.nextGaussian()};
            examples.add(LabelledExample.classified(x, x[0] + 10 * x[1] + 0.7 * random.nextGaussian() > 0 ? 1 : 0));
        }
        return ExampleSource.of(examples);
    }

    private Mlp start() {
        return Mlp.create(backend, MlpShape.of(Activation.TANH, Loss.SOFTMAX_CROSS_ENTROPY, 2, 6, 3), 3);
    }

    private TrainingSchedule schedule() {
        return TrainingSchedule.shuffled(train, 10, 25, step -> 0.01, 7);
    }

    @Test
    void sourceIsNearTheDerivativeWithThePreconditionerOnly() {
        try (Mlp start = start();
                UnrolledRun<LabelledExample> run = ExactUnrolling.of(
                                UpdateRule.adam(0.9, 0.999, 1e-6, 0.01), schedule())
                        .fit(start, start.weights(), train)) {
            double[][] exact = run.damped(Damping.DEFAULT)
                    .pairwise(queries, train)
                    .matrix()
                    .toArray();
            Checkpoints<PerturbableModel<LabelledExample>> checkpoints = run.checkpoints(5, 2);
            try {
                double with = correlation(exact, scores(checkpoints));
                double without = correlation(exact, scores(plain(checkpoints)));
                assertTrue(with > 0.9, "with the preconditioner " + with);
                assertTrue(without < with - 0.1, "without " + without + ", with " + with);
            } finally {
                close(checkpoints);
            }
        }
    }

    private double[][] scores(Checkpoints<PerturbableModel<LabelledExample>> checkpoints) {
        try (UnrolledTraining<LabelledExample> source =
                Source.on(backend).withWeightDecay(0.01).fit(checkpoints, train)) {
            return source.damped(Damping.DEFAULT)
                    .pairwise(queries, train)
                    .matrix()
                    .toArray();
        }
    }

    private static Checkpoints<PerturbableModel<LabelledExample>> plain(
            Checkpoints<PerturbableModel<LabelledExample>> checkpoints) {
        List<Checkpoints.Segment<PerturbableModel<LabelledExample>>> segments = new ArrayList<>();
        for (Checkpoints.Segment<PerturbableModel<LabelledExample>> segment : checkpoints.segments()) {
            segments.add(new Checkpoints.Segment<>(segment.models(), segment.learningRateSum()));
        }
        return new Checkpoints<>(segments, checkpoints.trained());
    }

    /** The mean over the queries. */
    private static double correlation(double[][] exact, double[][] scores) {
        double sum = 0;
        for (int q = 0; q < exact.length; q++) {
            sum += new PearsonsCorrelation().correlation(exact[q], scores[q]);
        }
        return sum / exact.length;
    }

    private static void close(Checkpoints<PerturbableModel<LabelledExample>> checkpoints) {
        checkpoints.segments().forEach(segment -> segment.models().forEach(PerturbableModel::close));
        checkpoints.trained().close();
    }

    /** Layers that have more outputs than inputs, and fewer, with what their bias adds. */
    @Test
    void wholeGradientsAreThoseOfTheHostTimesTheFactors() {
        try (Mlp model = start()) {
            ExampleBatch<LabelledExample> batch = train.batches(7).iterator().next();
            Random random = new Random(4);
            double[] factors = model.weights().toFlat();
            Arrays.setAll(factors, k -> random.nextDouble());
            List<LayerGradients> expected = GradientChecks.gradients(model, batch, new Objective.TrainingLoss());
            GradientProvider<LabelledExample> whole = new WholeGradients<>(
                    model, Optional.of(LayerGradients.ofFlat(WholeGradients.folded(model.layers()), factors)));
            List<LayerGradients> actual = GradientChecks.gradients(whole, batch, new Objective.TrainingLoss());
            for (int e = 0; e < batch.size(); e++) {
                double[] flat = expected.get(e).toFlat();
                Arrays.setAll(flat, k -> flat[k] * factors[k]);
                MatrixAssert.assertClose(flat, actual.get(e).toFlat(), Tolerances.REORDERED_FLOAT64, "gradient " + e);
            }
            assertEquals(3, whole.positions(batch.examples().get(0)));
        }
    }

    @Test
    void segmentsHaveTheRunsLearningRates() {
        try (Mlp start = start();
                UnrolledRun<LabelledExample> run =
                        ExactUnrolling.of(UpdateRule.sgd(0.5, 0), schedule()).fit(start, train)) {
            Checkpoints<PerturbableModel<LabelledExample>> checkpoints = run.checkpoints(4, 3);
            try {
                assertEquals(4, checkpoints.segments().size());
                assertEquals(
                        100 * 0.01 / (1 - 0.5),
                        checkpoints.segments().stream()
                                .mapToDouble(Checkpoints.Segment::learningRateSum)
                                .sum(),
                        Tolerances.REORDERED_FLOAT64);
                assertTrue(checkpoints.segments().stream()
                        .allMatch(segment -> segment.models().size() == 3
                                && segment.preconditioner().isEmpty()));
            } finally {
                close(checkpoints);
            }
            assertThrows(IllegalArgumentException.class, () -> run.checkpoints(0, 1));
            assertThrows(IllegalArgumentException.class, () -> run.checkpoints(51, 2));
            // their product is 0 in 32 bits
            assertThrows(IllegalArgumentException.class, () -> run.checkpoints(1 << 16, 1 << 16));
        }
    }
}
