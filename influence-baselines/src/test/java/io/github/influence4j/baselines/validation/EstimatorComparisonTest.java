package io.github.influence4j.baselines.validation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.baselines.exact.ExactGaussNewton;
import io.github.influence4j.baselines.pbrf.PbrfOptions;
import io.github.influence4j.baselines.pbrf.ProximalBregman;
import io.github.influence4j.baselines.retraining.Removal;
import io.github.influence4j.baselines.retraining.RemovalCurves;
import io.github.influence4j.baselines.retraining.RemovalOptions;
import io.github.influence4j.baselines.retraining.Retraining;
import io.github.influence4j.baselines.retraining.RetrainingOptions;
import io.github.influence4j.baselines.retraining.TrainingSubsets;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.models.Activation;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpShape;
import io.github.influence4j.models.MlpTrainer;
import io.github.influence4j.models.TrainingOptions;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Estimators beside each other on a small trained network. */
class EstimatorComparisonTest {

    private final MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);

    private static ExampleSource<LabelledExample> data(int count, long seed) {
        Random random = new Random(seed);
        List<LabelledExample> examples = new ArrayList<>();
        for (int e = 0; e < count; e++) {
            double[] x = random.doubles(4, -1.5, 1.5).toArray();
            examples.add(LabelledExample.regression(x, Math.sin(2 * x[0]) + x[1] * x[2] + 0.2 * random.nextGaussian()));
        }
        return ExampleSource.of(examples);
    }

    @Test
    void exactSolutionFollowsTheResponsesAndTheDotProductLess() {
        ExampleSource<LabelledExample> train = data(60, 1);
        ExampleSource<LabelledExample> queries = data(4, 2);
        MlpTrainer trainer = new MlpTrainer(
                backend,
                MlpShape.of(Activation.TANH, Loss.SQUARED_ERROR, 4, 8, 1),
                TrainingOptions.sgd().withEpochs(60));
        try (Mlp model = trainer.train(train, 3);
                EstimatorComparison<LabelledExample> comparison = EstimatorComparison.of(queries, train);
                FittedCurvature<LabelledExample> exact =
                        ExactGaussNewton.on(backend).fit(model, train)) {
            LayerDamping damping = exact.resolve(Damping.absolute(0.02));
            ProximalBregman<LabelledExample> bregman =
                    new ProximalBregman<>(model, train, exact.damped(damping).solver(), PbrfOptions.defaults());
            PbrfTruth truth = PbrfTruth.of(bregman, model, train, queries, 1e-4, ProgressListener.silent());
            assertEquals(60, truth.converged());
            comparison.add("exact", () -> ExactGaussNewton.on(backend).fit(model, train));
            comparison.add(
                    "dot", () -> Ekfac.on(backend).with(Strategy.IDENTITY).fit(model, train));
            comparison.add(new Diverging());
            comparison.against(truth.trainIds(), truth.changes());
            List<ComparisonTable.Row> entries =
                    comparison.run(damping, ProgressListener.silent()).rows();
            Agreement best = entries.get(0).agreement().orElseThrow();
            Agreement plain = entries.get(1).agreement().orElseThrow();
            assertTrue(best.pearson() >= Tolerances.EXACT_AGAINST_RESPONSES, "Pearson " + best.pearson());
            assertTrue(plain.pearson() < best.pearson() && plain.spearman() < best.spearman());
            assertTrue(entries.get(0).lds().isEmpty()
                    && entries.get(0).solveFlops().isEmpty());
            ComparisonTable againstExact = comparison
                    .against("the exact solution", () -> ExactGaussNewton.on(backend)
                            .fit(model, train))
                    .run(Damping.absolute(0.02));
            assertEquals(4, againstExact.rows().size());
            assertEquals(1, againstExact.rows().get(0).agreement().orElseThrow().pearson(), 1e-12);
            assertEquals(1, againstExact.rows().get(1).agreement().orElseThrow().pearson(), 1e-12);
            String table = againstExact.toString();
            assertTrue(table.contains("the exact solution     1.000     1.000"), table);
            assertTrue(table.contains("diverging           failed: it diverged"), table);
            assertTrue(entries.get(0).fitMillis() > 0 && entries.get(0).perQueryMillis() > 0);
            assertEquals("it diverged", entries.get(2).failure().orElseThrow());
            assertTrue(entries.get(2).agreement().isEmpty());
            Agreement self = Agreement.of(
                    entries.get(0).scores().orElseThrow(),
                    entries.get(0).scores().orElseThrow());
            assertEquals(1, self.pearson(), 1e-12);
            assertThrows(
                    IllegalArgumentException.class,
                    () -> Agreement.of(entries.get(0).scores().orElseThrow(), new long[] {1000, 1}, new double[4][2]));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> Agreement.of(entries.get(0).scores().orElseThrow(), new long[] {0, 1}, new double[3][2]));
        }
    }

    @Test
    void trainsAgainForTheTruthInOneCall() throws IOException {
        ExampleSource<LabelledExample> train = data(30, 1);
        ExampleSource<LabelledExample> queries = data(3, 2);
        MlpTrainer trainer = new MlpTrainer(
                backend,
                MlpShape.of(Activation.TANH, Loss.SQUARED_ERROR, 4, 4, 1),
                TrainingOptions.sgd().withEpochs(20));
        TrainingSubsets subsets = TrainingSubsets.random(LongStream.range(0, 30).toArray(), 6, 0.5, 1);
        Retraining<LabelledExample> retraining = new Retraining<>(trainer, RetrainingOptions.of(1));
        Removal<LabelledExample> removal = new Removal<>(trainer, RemovalOptions.of(List.of(2)));
        try (Mlp model = trainer.train(train, 3);
                EstimatorComparison<LabelledExample> comparison = EstimatorComparison.of(queries, train)) {
            ComparisonTable table = comparison
                    .add("EK-FAC", () -> Ekfac.on(backend).fit(model, train))
                    .add(new Diverging())
                    .withRetraining(retraining, subsets)
                    .withRemoval(removal)
                    .run(Damping.DEFAULT);
            ComparisonTable.Row row = table.rows().get(0);
            InfluenceScores scores = row.scores().orElseThrow();
            double[] lds = retraining
                    .run(train, queries, subsets, ProgressListener.silent())
                    .linearDatamodellingScores(scores);
            assertEquals(Arrays.stream(lds).average().orElseThrow(), row.lds().orElseThrow(), 1e-12);
            double squares = Arrays.stream(lds)
                    .map(one -> Math.pow(one - row.lds().orElseThrow(), 2))
                    .sum();
            assertEquals(Math.sqrt(squares / 2 / 3), row.ldsError().orElseThrow(), 1e-12);
            assertTrue(table.rows().get(1).ldsError().isEmpty());
            RemovalCurves alone =
                    removal.run(train, queries, Map.of("EK-FAC", Removal.ranked(scores, 2)), ProgressListener.silent());
            RemovalCurves found = table.removal().orElseThrow();
            assertArrayEquals(
                    alone.point("EK-FAC", 2).rises(), found.point("EK-FAC", 2).rises());
            assertTrue(table.toString().contains("| 2 | EK-FAC | 2 |"), table::toString);
        }
    }

    private static final class Diverging implements Estimator {
        @Override
        public String name() {
            return "diverging";
        }

        @Override
        public Estimate estimate(LayerDamping damping) {
            throw new NumericalException("it diverged");
        }

        @Override
        public void close() {}
    }
}
