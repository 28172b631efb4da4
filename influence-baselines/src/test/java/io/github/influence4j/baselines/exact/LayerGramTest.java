package io.github.influence4j.baselines.exact;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.factor.UploadedCapture;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.ejml.EjmlBackend;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The two ways to form BBᵀ, in tiles of all sizes, against rows of B in plain loops. */
class LayerGramTest {

    private static final int OUTPUTS = 3;
    private static final int INPUTS = 4;

    private final MatrixBackend backend = new EjmlBackend();

    @ParameterizedTest
    @CsvSource({"7, 1, 1", "7, 3, 1", "5, 1, 4", "5, 2, 4", "1, 1, 1", "1, 3, 2"})
    void bothWaysGiveTheProductOfTheGradients(int examples, int columns, int positions) {
        Random random = new Random(17);
        double[][] a = ExactCase.gaussian(random, examples * positions, INPUTS);
        List<double[][]> g = new ArrayList<>();
        LayerSpec spec = LayerSpec.tokens("layer", INPUTS, OUTPUTS).withoutBias();
        try (CapturedLayer layer =
                new CapturedLayer(backend, spec, examples, columns, new MemoryEstimate("a test", Long.MAX_VALUE))) {
            for (int c = 0; c < columns; c++) {
                g.add(ExactCase.gaussian(random, examples * positions, OUTPUTS));
                layer.append(0, c, capture(spec, examples, positions, a, g.get(c)));
            }
            double[][] expected = gram(rows(examples, positions, a, g), 2.5);
            for (int tile : new int[] {1, 24, 100, 1 << 20}) {
                check(new PositionGram(backend, tile), layer, expected, "by positions, tiles of " + tile);
                check(new GradientGram(backend, tile), layer, expected, "by gradients, tiles of " + tile);
            }
        }
    }

    private UploadedCapture capture(LayerSpec layer, int examples, int positions, double[][] a, double[][] g) {
        return new UploadedCapture(
                layer,
                0,
                examples,
                positions,
                positions,
                examples * positions,
                backend.copyOf(Matrix.of(a), Precision.FLOAT64),
                backend.copyOf(Matrix.of(g), Precision.FLOAT64),
                0,
                0);
    }

    private void check(LayerGram way, CapturedLayer layer, double[][] expected, String what) {
        int order = expected.length;
        double[][] start = new double[order][order];
        for (double[] row : start) {
            Arrays.fill(row, 1);
        }
        try (BackendMatrix gram = backend.copyOf(Matrix.of(start), Precision.FLOAT64)) {
            way.add(2.5, layer, gram);
            backend.mirrorUpper(gram);
            MatrixAssert.assertClose(Matrix.of(expected), gram, Tolerances.REORDERED_FLOAT64, what);
        }
    }

    private static double[][] rows(int examples, int positions, double[][] a, List<double[][]> g) {
        double[][] rows = new double[examples * g.size()][OUTPUTS * INPUTS];
        for (int c = 0; c < g.size(); c++) {
            for (int e = 0; e < examples; e++) {
                for (int p = e * positions; p < (e + 1) * positions; p++) {
                    for (int k = 0; k < OUTPUTS * INPUTS; k++) {
                        rows[c * examples + e][k] += g.get(c)[p][k / INPUTS] * a[p][k % INPUTS];
                    }
                }
            }
        }
        return rows;
    }

    /** 1 + factor · BBᵀ, elementwise. */
    private static double[][] gram(double[][] rows, double factor) {
        double[][] gram = new double[rows.length][rows.length];
        for (int r = 0; r < rows.length; r++) {
            for (int c = 0; c < rows.length; c++) {
                gram[r][c] = 1;
                for (int k = 0; k < rows[r].length; k++) {
                    gram[r][c] += factor * rows[r][k] * rows[c][k];
                }
            }
        }
        return gram;
    }

    @Test
    void theCheaperWayDependsOnPositions() {
        LayerGram positions = new PositionGram(backend, LayerGram.TILE);
        LayerGram gradients = new GradientGram(backend, LayerGram.TILE);
        assertTrue(positions.flops(1_000, 10, 1, 65, 64) < gradients.flops(1_000, 10, 1, 65, 64), "one position");
        assertTrue(positions.flops(1_000, 10, 64, 65, 64) > gradients.flops(1_000, 10, 64, 65, 64), "64 positions");
    }

    @Test
    void shorterBatchesArePaddedToTheLongest() {
        LayerSpec spec = LayerSpec.tokens("layer", INPUTS, OUTPUTS).withoutBias();
        Random random = new Random(18);
        double[][] shortA = ExactCase.gaussian(random, 2, INPUTS);
        double[][] shortG = ExactCase.gaussian(random, 2, OUTPUTS);
        double[][] longA = ExactCase.gaussian(random, 3, INPUTS);
        double[][] longG = ExactCase.gaussian(random, 3, OUTPUTS);
        try (CapturedLayer layer =
                new CapturedLayer(backend, spec, 2, 1, new MemoryEstimate("a test", Long.MAX_VALUE))) {
            layer.append(0, 0, capture(spec, 1, 2, shortA, shortG));
            layer.append(1, 0, capture(spec, 1, 3, longA, longG));
            assertEquals(3, layer.positions());
            double[][] expected = {shortA[0], shortA[1], new double[INPUTS], longA[0], longA[1], longA[2]};
            MatrixAssert.assertClose(Matrix.of(expected), layer.activations(0, 2), 0, "activations");
            double[][] gradients = {shortG[0], shortG[1], new double[OUTPUTS], longG[0], longG[1], longG[2]};
            MatrixAssert.assertClose(Matrix.of(gradients), layer.outputGradients(0, 0, 2), 0, "output gradients");
        }
    }
}
