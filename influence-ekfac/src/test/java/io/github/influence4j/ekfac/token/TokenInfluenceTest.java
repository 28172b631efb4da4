package io.github.influence4j.ekfac.token;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.decoder.DecoderTraining;
import io.github.influence4j.decoder.DecoderTrainingOptions;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.decoder.TrainedDecoder;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.testkit.GradientChecks;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TokenInfluenceTest {

    private static final DecoderShape SHAPE = DecoderShape.of(20, 9, 2, 8, 2);

    /** Claim 10 of the paper's claims: layers, positions and output tokens all add up to the score. */
    @ParameterizedTest
    @EnumSource(Precision.class)
    void decompositionsAddUp(Precision precision) {
        ExampleSource<TokenSequence> train = ExampleSource.of(sequences(60, 1));
        ExampleSource<TokenSequence> query =
                ExampleSource.of(List.of(TokenSequence.completion(new int[] {0, 3, 4}, new int[] {5, 6})));
        boolean exact = precision == Precision.FLOAT64;
        MatrixBackend backend = MatrixBackends.named(exact ? "ejml" : "openblas", precision);
        DecoderTrainingOptions training =
                DecoderTrainingOptions.defaults().withSteps(250).withWarmup(20).withBatchSize(16);
        try (Decoder start = Decoder.create(backend, SHAPE, 1);
                TrainedDecoder trained = DecoderTraining.train(start, train, training)) {
            Decoder model = trained.model();
            try (EigenbasisCurvature curvature =
                            EigenbasisApproximator.<TokenSequence>ekfac(backend).fit(model, train);
                    EigenbasisSolver solver = curvature.solver(Damping.relative(0.1))) {
                InfluenceScores scores = new InfluenceScorer<TokenSequence>(
                                backend,
                                model,
                                ScoreOptions.defaults().withPerLayer(true).withPerToken(true),
                                io.github.influence4j.api.ProgressListener.silent())
                        .pairwise(solver, query, train);
                LayerGradients gradient = GradientChecks.gradients(
                                model, query.batches(1).iterator().next(), new Objective.Measurement())
                        .get(0);
                ExampleBatch<TokenSequence> all = train.batches(60).iterator().next();
                try (TokenInfluence<TokenSequence> tokens = TokenInfluence.of(model, solver, gradient)) {
                    double[][] outputs = tokens.outputTokens(all);
                    double largest = 0;
                    for (int z = 0; z < 60; z++) {
                        largest = Math.max(largest, Math.abs(scores.score(0, z)));
                    }
                    for (int z = 0; z < 60; z++) {
                        double score = scores.score(0, z);
                        double sum = Arrays.stream(outputs[z]).sum();
                        int query0 = 0;
                        int example = z;
                        assertEquals(
                                score,
                                scores.layers().stream()
                                        .mapToDouble(
                                                layer -> scores.layer(layer).toArray()[query0][example])
                                        .sum(),
                                Tolerances.REORDERED_FLOAT32 * largest);
                        assertEquals(
                                score,
                                Arrays.stream(scores.tokens(0, z)).sum(),
                                Tolerances.REORDERED_FLOAT32 * largest);
                        double allowed = exact ? Tolerances.FINITE_DIFFERENCE : Tolerances.OUTPUT_TOKENS_FLOAT32_SCORE;
                        assertEquals(score, sum, allowed * largest, "sequence " + z);
                    }
                }
            }
        }
    }

    /** In float64 the central difference is exact enough to be compared with the gradient itself. */
    @Test
    void outputTokensSumToTheInnerProduct() {
        MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);
        ExampleBatch<TokenSequence> batch =
                ExampleSource.of(sequences(5, 2)).batches(5).iterator().next();
        try (Decoder model = Decoder.create(backend, SHAPE, 3)) {
            LayerGradients v = normal(model, 4);
            List<LayerGradients> gradients = GradientChecks.gradients(model, batch, new Objective.TrainingLoss());
            try (TokenInfluence<TokenSequence> tokens = TokenInfluence.along(model, v, 1e-4)) {
                double[][] outputs = tokens.outputTokens(batch);
                for (int z = 0; z < 5; z++) {
                    double expected = gradients.get(z).dot(v);
                    double scale = Math.sqrt(gradients.get(z).dot(gradients.get(z)) * v.dot(v));
                    assertEquals(expected, Arrays.stream(outputs[z]).sum(), Tolerances.FINITE_DIFFERENCE * scale);
                }
            }
        }
    }

    /** How a score changes when one token's embedding is made longer, with v held. */
    @Test
    void inputTokensAreDerivativesInTheEmbeddings() {
        MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);
        ExampleBatch<TokenSequence> batch =
                ExampleSource.of(sequences(3, 5)).batches(3).iterator().next();
        try (Decoder model = Decoder.create(backend, SHAPE, 6)) {
            LayerGradients v = normal(model, 7);
            double alpha = 1e-4 / Math.sqrt(v.dot(v));
            double[] step = Arrays.stream(v.toFlat()).map(x -> alpha * x).toArray();
            double[] back = Arrays.stream(step).map(x -> -x).toArray();
            try (TokenInfluence<TokenSequence> tokens = TokenInfluence.along(model, v, 1e-4);
                    Decoder up = model.at(LayerGradients.ofFlat(model.layers(), step));
                    Decoder down = model.at(LayerGradients.ofFlat(model.layers(), back))) {
                double[][] found = tokens.inputTokens(batch);
                for (int z = 0; z < 3; z++) {
                    double[][] above = up.embeddingGradients(batch, new Objective.TrainingLoss())[z];
                    double[][] below = down.embeddingGradients(batch, new Objective.TrainingLoss())[z];
                    double[][] e = model.embeddings(batch)[z];
                    assertEquals(e.length, found[z].length);
                    for (int t = 0; t < e.length; t++) {
                        double expected = 0;
                        for (int c = 0; c < e[t].length; c++) {
                            expected += (above[t][c] - below[t][c]) / (2 * alpha) * e[t][c];
                        }
                        assertEquals(expected, found[z][t], 1e-9 * Math.max(1, Math.abs(expected)));
                    }
                }
            }
        }
    }

    @Test
    void spuriousSequencesAreThoseOfOneToken() {
        assertEquals(1, TokenInfluence.concentration(new double[] {0, -3, 0}));
        assertEquals(0.5, TokenInfluence.concentration(new double[] {1, -1, 1, -1}));
        assertEquals(0, TokenInfluence.concentration(new double[3]));
        assertTrue(TokenInfluence.isSpurious(new double[] {10, 0.5, -0.5, 0.5}));
        assertFalse(TokenInfluence.isSpurious(new double[] {1, 1, 1}));
    }

    @Test
    void badDirectionsAreRefused() {
        MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);
        try (Decoder model = Decoder.create(backend, SHAPE, 8)) {
            LayerGradients v = normal(model, 9);
            LayerGradients zero = LayerGradients.ofFlat(model.layers(), new double[v.toFlat().length]);
            assertThrows(IllegalArgumentException.class, () -> TokenInfluence.along(model, zero, 1e-3));
            assertThrows(IllegalArgumentException.class, () -> TokenInfluence.along(model, v, 0));
            assertThrows(IllegalArgumentException.class, () -> TokenInfluence.along(model, v, Double.NaN));
        }
    }

    private static LayerGradients normal(Decoder model, long seed) {
        Random random = new Random(seed);
        double[] flat = model.weights().toFlat();
        Arrays.setAll(flat, k -> random.nextGaussian());
        return LayerGradients.ofFlat(model.layers(), flat);
    }

    /** Runs of successive tokens from a random start, of several lengths. */
    private static List<TokenSequence> sequences(int count, long seed) {
        Random random = new Random(seed);
        List<TokenSequence> sequences = new ArrayList<>();
        for (int k = 0; k < count; k++) {
            int[] tokens = new int[3 + random.nextInt(7)];
            int first = 1 + random.nextInt(19);
            for (int p = 1; p < tokens.length; p++) {
                tokens[p] = 1 + (first + p) % 19;
            }
            sequences.add(TokenSequence.of(tokens));
        }
        return sequences;
    }
}
