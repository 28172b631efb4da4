package io.github.influence4j.decoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.testkit.GradientChecks;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class PerturbedDecoderTest {

    private final MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);
    private final DecoderShape shape = Sequences.shapes().findFirst().orElseThrow();

    @Test
    void offsetIsAdded() {
        ExampleBatch<TokenSequence> batch = Sequences.batch(shape, 3, 1);
        try (Decoder model = Sequences.random(backend, shape, 2)) {
            LayerGradients offset = Sequences.normal(model, 3);
            double[] before = model.losses(batch);
            try (Decoder moved = model.at(offset);
                    Decoder back = moved.at(scaled(offset, -1))) {
                double[] sum = model.weights().toFlat();
                double[] by = offset.toFlat();
                Arrays.setAll(sum, k -> sum[k] + by[k]);
                MatrixAssert.assertClose(sum, moved.weights().toFlat(), Tolerances.REORDERED_FLOAT64, "weights");
                MatrixAssert.assertClose(before, back.losses(batch), Tolerances.REORDERED_FLOAT64, "losses");
                assertTrue(Math.abs(moved.losses(batch)[0] - before[0]) > 1e-3);
            }
        }
    }

    private static LayerGradients scaled(LayerGradients vector, double factor) {
        return LayerGradients.ofFlat(
                vector.layers(),
                Arrays.stream(vector.toFlat()).map(x -> factor * x).toArray());
    }

    @Test
    void objectivesByPosition() {
        ExampleBatch<TokenSequence> batch = Sequences.batch(shape, 6, 4);
        try (Decoder model = Sequences.random(backend, shape, 5)) {
            double[][] all = model.positionObjectives(batch, new Objective.TrainingLoss());
            double[][] completions = model.positionObjectives(batch, new Objective.Measurement());
            for (int e = 0; e < batch.size(); e++) {
                TokenSequence sequence = batch.examples().get(e);
                for (int p = 0; p < sequence.predictions(); p++) {
                    int[] prefix = Arrays.copyOf(sequence.tokens(), p + 1);
                    double expected = -Math.log(model.nextToken(prefix)[sequence.tokens()[p + 1]]);
                    double counted = p + 1 < sequence.prompt() ? 0 : expected;
                    assertEquals(counted, all[e][p], Tolerances.EXACT_SOLVE);
                    assertEquals(counted, completions[e][p], Tolerances.EXACT_SOLVE);
                }
            }
            assertEquals(Loss.SOFTMAX_CROSS_ENTROPY, model.outputLoss());
            assertThrows(
                    UnsupportedOperationException.class,
                    () -> model.positionObjectives(batch, new Objective.SampledLabels(1)));
        }
    }

    /** Jᵀu with u = p − e_target is the gradient of the training loss, where it counts. */
    @Test
    void transposedJacobian() {
        ExampleBatch<TokenSequence> batch = Sequences.batch(shape, 4, 6);
        try (Decoder model = Sequences.random(backend, shape, 7)) {
            double[][][] u = model.positionOutputs(batch);
            for (int e = 0; e < u.length; e++) {
                int[] tokens = batch.examples().get(e).tokens();
                int prompt = batch.examples().get(e).prompt();
                for (int p = 0; p < u[e].length; p++) {
                    if (p + 1 < prompt) {
                        u[e][p] = new double[u[e][p].length];
                        continue;
                    }
                    u[e][p] = model.nextToken(Arrays.copyOf(tokens, p + 1));
                    u[e][p][tokens[p + 1]] -= 1;
                }
            }
            double[] sum = new double[model.weights().toFlat().length];
            for (LayerGradients g : GradientChecks.gradients(model, batch, new Objective.TrainingLoss())) {
                double[] flat = g.toFlat();
                Arrays.setAll(sum, k -> sum[k] + flat[k]);
            }
            MatrixAssert.assertClose(
                    sum, model.transposedJacobianProduct(batch, u).toFlat(), Tolerances.REORDERED_FLOAT64, "Jᵀu");
            assertThrows(
                    IllegalArgumentException.class, () -> model.transposedJacobianProduct(batch, new double[1][][]));
            u[1] = new double[9][];
            assertTrue(assertThrows(IllegalArgumentException.class, () -> model.transposedJacobianProduct(batch, u))
                    .toString()
                    .contains("example 1007: output gradients of 9 positions"));
        }
    }

    /** Where all tokens differ, the gradient at an input is that of a row of the embedding, which is checked elsewhere. */
    @Test
    void embeddingGradients() {
        TokenSequence sequence = TokenSequence.of(3, 0, 4, 1, 2);
        ExampleBatch<TokenSequence> batch = new ExampleBatch<>(List.of(sequence), new long[] {5});
        try (Decoder model = Sequences.random(backend, shape, 8);
                TrainingPass<double[]> pass =
                        new TrainingPass<>(backend, model.parameterMatrices(), new DoubleKernels(), 1)) {
            pass.run(batch);
            // the embedding comes first among the parameters
            BackendMatrix embedding = pass.gradients().get(0).view(0, 1, 0, shape.vocabulary() * shape.width());
            double[][] table =
                    embedding.reshape(shape.vocabulary(), shape.width()).toArray();
            double[][] weights = model.parameterMatrices().matrix("embedding").toArray();
            double[][] found = model.embeddingGradients(batch, new Objective.TrainingLoss())[0];
            double[][] embedded = model.embeddings(batch)[0];
            for (int p = 0; p < 4; p++) {
                double[] expected = table[sequence.tokens()[p]].clone();
                Arrays.setAll(expected, c -> expected[c] * 4); // the mean over four predictions
                MatrixAssert.assertClose(expected, found[p], Tolerances.REORDERED_FLOAT64, "position " + p);
                MatrixAssert.assertClose(weights[sequence.tokens()[p]], embedded[p], 0, "embedding " + p);
            }
        }
    }
}
