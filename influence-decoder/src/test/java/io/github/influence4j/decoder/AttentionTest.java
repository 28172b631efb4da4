package io.github.influence4j.decoder;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sequences shorter than a step of rows, as long, and longer, against plain loops over positions. */
class AttentionTest {

    private static final int HEADS = 4;
    private static final int KEY_HEADS = 2;
    private static final int WIDTH = 3;
    private static final int PROJECTIONS = (HEADS + 2 * KEY_HEADS) * WIDTH;
    private static final int[] LENGTHS = {2, 127, 128, 129, 300};

    private final MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);
    private final RowKernels<double[]> kernels = new DoubleKernels();
    private final RowBlocks<double[]> blocks = new RowBlocks<>(backend, kernels);
    private final DecoderShape shape =
            DecoderShape.of(5, 400, 1, HEADS * WIDTH, HEADS).withHeads(KEY_HEADS, WIDTH);
    private final SequenceRows rows = SequenceRows.of(shape, batch());
    private final Attention<double[]> attention = new Attention<>(backend, blocks, kernels, shape);
    private final double[][] projections = normal(rows.rows(), PROJECTIONS, 1);

    AttentionTest() {
        attention.load(rows);
    }

    @AfterEach
    void close() {
        blocks.close();
    }

    private static ExampleBatch<TokenSequence> batch() {
        List<TokenSequence> sequences = Arrays.stream(LENGTHS)
                .mapToObj(length -> new int[length])
                .map(tokens -> TokenSequence.labelled(tokens, tokens))
                .toList();
        return new ExampleBatch<>(sequences, new long[LENGTHS.length]);
    }

    private static double[][] normal(int rows, int columns, long seed) {
        Random random = new Random(seed);
        double[][] values = new double[rows][columns];
        for (double[] row : values) {
            Arrays.setAll(row, c -> random.nextGaussian());
        }
        return values;
    }

    /** What one sequence's head does to its positions. */
    private interface PlainHead {
        void run(int start, int length, int query, int key, int value, int output);
    }

    private void forHeads(PlainHead work) {
        assertEquals(LENGTHS.length, rows.sequences());
        for (int s = 0; s < rows.sequences(); s++) {
            assertEquals(LENGTHS[s], rows.sequenceLength(s));
            for (int h = 0; h < HEADS; h++) {
                int group = h / (HEADS / KEY_HEADS);
                work.run(
                        rows.sequenceStart(s),
                        rows.sequenceLength(s),
                        h * WIDTH,
                        (HEADS + group) * WIDTH,
                        (HEADS + KEY_HEADS + group) * WIDTH,
                        h * WIDTH);
            }
        }
    }

    /** Probabilities of position r. */
    private double[] probabilities(int start, int r, int window, int query, int key) {
        double[] p = new double[r + 1];
        double total = 0;
        for (int c = Math.max(0, r - (window - 1)); c <= r; c++) {
            double score = 0;
            for (int k = 0; k < WIDTH; k++) {
                score += projections[start + r][query + k] * projections[start + c][key + k];
            }
            p[c] = Math.exp(score / Math.sqrt(WIDTH));
            total += p[c];
        }
        for (int c = 0; c <= r; c++) {
            p[c] /= total;
        }
        return p;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 130, Integer.MAX_VALUE})
    void forwardIsPlain(int window) {
        double[][] expected = new double[rows.rows()][HEADS * WIDTH];
        forHeads((start, length, query, key, value, output) -> {
            for (int r = 0; r < length; r++) {
                double[] p = probabilities(start, r, window, query, key);
                for (int c = 0; c <= r; c++) {
                    for (int k = 0; k < WIDTH; k++) {
                        expected[start + r][output + k] += p[c] * projections[start + c][value + k];
                    }
                }
            }
        });
        try (BackendMatrix inputs = backend.copyOf(Matrix.of(projections), Precision.FLOAT64);
                BackendMatrix outputs = backend.zeros(rows.rows(), HEADS * WIDTH)) {
            attention.forward(window, inputs, outputs);
            MatrixAssert.assertClose(expected, outputs.toArray(), Tolerances.REORDERED_FLOAT64, "outputs");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 130, Integer.MAX_VALUE})
    void backwardIsPlain(int window) {
        double[][] down = normal(rows.rows(), HEADS * WIDTH, 2);
        double[][] expected = new double[rows.rows()][PROJECTIONS];
        forHeads((start, length, query, key, value, output) -> {
            for (int r = 0; r < length; r++) {
                double[] p = probabilities(start, r, window, query, key);
                double[] atP = new double[r + 1];
                double mean = 0;
                for (int c = 0; c <= r; c++) {
                    for (int k = 0; k < WIDTH; k++) {
                        expected[start + c][value + k] += p[c] * down[start + r][output + k];
                        atP[c] += down[start + r][output + k] * projections[start + c][value + k];
                    }
                    mean += p[c] * atP[c];
                }
                for (int c = 0; c <= r; c++) {
                    double atScore = p[c] * (atP[c] - mean) / Math.sqrt(WIDTH);
                    for (int k = 0; k < WIDTH; k++) {
                        expected[start + r][query + k] += atScore * projections[start + c][key + k];
                        expected[start + c][key + k] += atScore * projections[start + r][query + k];
                    }
                }
            }
        });
        MatrixAssert.assertClose(expected, gradients(window, down), Tolerances.REORDERED_FLOAT64, "gradients");
    }

    private double[][] gradients(int window, double[][] down) {
        try (BackendMatrix inputs = backend.copyOf(Matrix.of(projections), Precision.FLOAT64);
                BackendMatrix gradients = backend.copyOf(Matrix.of(down), Precision.FLOAT64);
                BackendMatrix result = backend.zeros(rows.rows(), PROJECTIONS)) {
            attention.backward(window, inputs, gradients, result);
            return result.toArray();
        }
    }

    /** ⟨u, J v⟩ = ⟨Jᵀ u, v⟩. */
    @ParameterizedTest
    @ValueSource(ints = {1, 5, 130, Integer.MAX_VALUE})
    void tangentsAreTheAdjoint(int window) {
        double[][] down = normal(rows.rows(), HEADS * WIDTH, 3);
        double[][] moves = normal(rows.rows(), PROJECTIONS, 4);
        try (BackendMatrix inputs = backend.copyOf(Matrix.of(projections), Precision.FLOAT64);
                BackendMatrix along = backend.copyOf(Matrix.of(moves), Precision.FLOAT64);
                BackendMatrix result = backend.zeros(rows.rows(), HEADS * WIDTH)) {
            attention.tangents(window, inputs, along, result);
            double[][] up = result.toArray();
            double size = dot(up, up) * dot(down, down);
            assertEquals(
                    dot(gradients(window, down), moves), dot(down, up), Tolerances.REORDERED_FLOAT64 * Math.sqrt(size));
        }
    }

    private static double dot(double[][] a, double[][] b) {
        double sum = 0;
        for (int r = 0; r < a.length; r++) {
            for (int c = 0; c < a[r].length; c++) {
                sum += a[r][c] * b[r][c];
            }
        }
        return sum;
    }
}
