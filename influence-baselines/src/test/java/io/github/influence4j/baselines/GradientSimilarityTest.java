package io.github.influence4j.baselines;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.FittedEstimator;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.Scoring;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.linalg.ejml.EjmlBackend;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Dot products and cosines against gradients in plain loops. */
class GradientSimilarityTest {

    private static final int TOKENS = 3;
    private static final LayerSpec TOKEN = LayerSpec.tokens("token", 2, 3);
    private static final LayerSpec HEAD = LayerSpec.dense("head", 3, 2).withoutBias();

    private final EjmlBackend backend = new EjmlBackend();
    private final RandomCaptures model = new RandomCaptures();
    private final ExampleSource<Integer> train =
            ExampleSource.of(List.of(0, 1, 2, 3, 4), new long[] {10, 11, 12, 13, 14});
    private final ExampleSource<Integer> queries = ExampleSource.of(List.of(3, 7, 1), new long[] {3, 7, 1});
    private final ScoreOptions parts =
            ScoreOptions.defaults().withPerLayer(true).withPerToken(true).withBatchSize(2);

    /**
     * A model whose captures are random numbers of the example, other ones for a measurement; example 4 has the gradient 0.
     */
    private static final class RandomCaptures implements GradientProvider<Integer> {
        @Override
        public List<LayerSpec> layers() {
            return List.of(TOKEN, HEAD);
        }

        @Override
        public void capture(
                ExampleBatch<Integer> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
            sink.accept(capture(TOKEN, TOKENS, batch, objective));
            sink.accept(capture(HEAD, 1, batch, objective));
        }

        private static LayerCapture capture(
                LayerSpec layer, int positions, ExampleBatch<Integer> batch, Objective objective) {
            double[][] a = new double[batch.size() * positions][layer.inputs()];
            double[][] g = new double[batch.size() * positions][layer.outputs()];
            for (int e = 0; e < batch.size(); e++) {
                int example = batch.examples().get(e);
                Random random = new Random(31L * example + (objective instanceof Objective.Measurement ? 7 : 0));
                for (int p = e * positions; p < (e + 1) * positions; p++) {
                    for (int i = 0; i < layer.inputs(); i++) {
                        a[p][i] = random.nextGaussian();
                    }
                    for (int o = 0; o < layer.outputs(); o++) {
                        g[p][o] = example == 4 ? 0 : random.nextGaussian();
                    }
                }
            }
            return LayerCapture.of(layer, batch.size(), positions, Matrix.of(a), Matrix.of(g));
        }

        /** The whole gradient of an example, summed in plain loops. */
        double[] gradient(int example, Objective objective) {
            double[] gradient = new double[(int) (TOKEN.parameters() + HEAD.parameters())];
            ExampleBatch<Integer> one = new ExampleBatch<>(List.of(example), new long[] {example});
            capture(one, objective, layers(), capture -> {
                int i = capture.layer().gradientColumns();
                int start = capture.layer().equals(TOKEN) ? 0 : (int) TOKEN.parameters();
                double[][] a = capture.activations().toArray();
                double[][] g = capture.outputGradients().toArray();
                for (int p = 0; p < a.length; p++) {
                    for (int k = 0; k < capture.layer().parameters(); k++) {
                        double input = k % i < a[p].length ? a[p][k % i] : 1;
                        gradient[start + k] += g[p][k / i] * input;
                    }
                }
            });
            return gradient;
        }
    }

    private double[][] expected(boolean cosine) {
        int[] asked = {3, 7, 1};
        double[][] expected = new double[asked.length][5];
        for (int q = 0; q < asked.length; q++) {
            double[] query = model.gradient(asked[q], new Objective.Measurement());
            for (int z = 0; z < 5; z++) {
                double[] example = model.gradient(z, new Objective.TrainingLoss());
                double norms = Math.sqrt(dot(query, query) * dot(example, example));
                expected[q][z] = dot(query, example) / (!cosine ? 1 : norms == 0 ? 1 : norms);
            }
        }
        return expected;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int k = 0; k < a.length; k++) {
            sum += a[k] * b[k];
        }
        return sum;
    }

    private Scoring<Integer> dots(MatrixBackend used, GradientProvider<Integer> host) {
        return GradientDotProduct.on(used).fit(host, train).damped(Damping.DEFAULT);
    }

    private InfluenceScores cosines(
            GradientCosine cosine,
            GradientProvider<Integer> host,
            ExampleSource<Integer> asked,
            ExampleSource<Integer> scored) {
        try (FittedEstimator<Integer> fitted = cosine.fit(host, train)) {
            Scoring<Integer> scoring = fitted.damped(Damping.DEFAULT);
            assertThrows(UnsupportedOperationException.class, () -> scoring.selfInfluence(scored));
            return scoring.pairwise(asked, scored);
        }
    }

    @Test
    void dotProductsAreThoseOfTheGradients() {
        InfluenceScores scores = dots(backend, model).pairwise(queries, train);
        MatrixAssert.assertClose(
                Matrix.of(expected(false)), scores.matrix(), Tolerances.REORDERED_FLOAT64, "dot products");
    }

    /** The model with all gradients multiplied, as a host has it whose loss is a mean over very many, or was not scaled back. */
    private record Scaled(GradientProvider<Integer> model, double factor) implements GradientProvider<Integer> {
        @Override
        public List<LayerSpec> layers() {
            return model.layers();
        }

        @Override
        public void capture(
                ExampleBatch<Integer> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
            model.capture(batch, objective, layers, capture -> {
                double[][] g = capture.outputGradients().toArray();
                for (double[] row : g) {
                    Arrays.setAll(row, o -> row[o] * factor);
                }
                sink.accept(LayerCapture.of(
                        capture.layer(), capture.examples(), capture.positions(), capture.activations(), Matrix.of(g)));
            });
        }
    }

    /** Cosines do not depend on scales; squares of float32 gradients left its range at 1e-22 and 1e19. */
    @Test
    void cosinesKeepAtEveryScaleOfFloat32() {
        Matrix expected = Matrix.of(expected(true));
        try (MatrixBackend single = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            for (double factor : new double[] {1e-30, 1e-24, 1e-22, 1, 1e19, 1e30}) {
                InfluenceScores scores = cosines(GradientCosine.on(single), new Scaled(model, factor), queries, train);
                MatrixAssert.assertClose(expected, scores.matrix(), Tolerances.REORDERED_FLOAT32, "scale " + factor);
            }
        }
    }

    @Test
    void squaredNormsAreThoseOfTheGradients() {
        double[] norms = new double[5];
        for (int z = 0; z < 5; z++) {
            double[] gradient = model.gradient(z, new Objective.TrainingLoss());
            norms[z] = dot(gradient, gradient);
        }
        MatrixAssert.assertClose(
                norms,
                dots(backend, model).selfInfluence(train).scores(),
                Tolerances.REORDERED_FLOAT64,
                "squared norms");
    }

    @Test
    void cosinesAreThoseOfTheGradientsAndZeroForZeroGradients() {
        InfluenceScores scores = cosines(GradientCosine.on(backend), model, queries, train);
        MatrixAssert.assertClose(Matrix.of(expected(true)), scores.matrix(), Tolerances.REORDERED_FLOAT64, "cosines");
        assertEquals(0, scores.score(0, 4), "cosine with a gradient of 0");
        assertEquals(10, scores.trainIds()[0]);
        assertEquals(7, scores.queryIds()[1]);
        assertEquals("gradient cosine", scores.provenance().options().get("strategy"));
    }

    @Test
    void aGradientHasCosineOneWithItself() {
        GradientProvider<Integer> sameObjective = new GradientProvider<>() {
            @Override
            public List<LayerSpec> layers() {
                return model.layers();
            }

            @Override
            public void capture(
                    ExampleBatch<Integer> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
                model.capture(batch, new Objective.TrainingLoss(), layers, sink);
            }
        };
        InfluenceScores scores = cosines(GradientCosine.on(backend), sameObjective, train, train);
        for (int z = 0; z < 4; z++) {
            assertEquals(1, scores.score(z, z), Tolerances.REORDERED_FLOAT64);
            for (int other = 0; other < 4; other++) {
                assertTrue(Math.abs(scores.score(z, other)) <= 1 + Tolerances.REORDERED_FLOAT64);
            }
        }
    }

    @Test
    void partsSumToTheCosine() {
        InfluenceScores scores = cosines(GradientCosine.on(backend).with(parts), model, queries, train);
        MatrixAssert.assertClose(Matrix.of(expected(true)), scores.matrix(), Tolerances.REORDERED_FLOAT64, "cosines");
        double[][] token = scores.layer("token").toArray();
        double[][] head = scores.layer("head").toArray();
        for (int q = 0; q < token.length; q++) {
            for (int z = 0; z < token[q].length; z++) {
                assertEquals(scores.score(q, z), token[q][z] + head[q][z], Tolerances.REORDERED_FLOAT64, "layers");
                double[] tokens = scores.tokens(q, z);
                assertEquals(TOKENS, tokens.length);
                double sum = 0;
                for (double part : tokens) {
                    sum += part;
                }
                assertEquals(token[q][z], sum, Tolerances.REORDERED_FLOAT64, "tokens");
            }
        }
    }
}
