package io.github.influence4j.ekfac;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.ekfac.RandomSequences.Sequence;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.factor.BlockDiagonal;
import io.github.influence4j.ekfac.internal.factor.FactorMemory;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.internal.solve.LayerCurvature;
import io.github.influence4j.ekfac.options.FisherLabels;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.testkit.Tolerances;
import java.util.List;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.LUDecomposition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Covariances in diagonal blocks against the whole computation in plain loops with Commons Math's decomposition. */
class SplitCovarianceTest {

    private static final ExampleSource<Sequence> TRAIN = RandomSequences.sequences(23, 100);
    private static final ExampleSource<Sequence> QUERIES = RandomSequences.sequences(4, 900);
    private static final RandomSequences MODEL = RandomSequences.mixed();
    private static final double LAMBDA = 0.3;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 50})
    void curvaturesAreThoseOfTheDenseComputation(int blocks) {
        List<double[][]> expected =
                MODEL.layers().stream().map(layer -> dense(layer, blocks, 0)).toList();
        for (MatrixBackend backend : TestBackends.float64()) {
            for (Rotation rotation : Rotation.values()) {
                FitOptions options = FitOptions.defaults().withBlocks(blocks);
                try (EigenbasisCurvature curvature = EigenbasisApproximator.<Sequence>of(backend, options)
                        .rotating(rotation)
                        .fit(MODEL, TRAIN)) {
                    for (int l = 0; l < expected.size(); l++) {
                        assertClose(
                                expected.get(l),
                                DenseFisher.matrix(curvature.layerCurvatures().get(l), 0),
                                Tolerances.EXACT_SOLVE,
                                MODEL.layers().get(l).name() + " in " + blocks + " blocks, " + rotation);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void scoresAreThoseOfTheDenseMatrix(int blocks) {
        try (EigenbasisCurvature curvature =
                        fit(TestBackends.EJML, FitOptions.defaults().withBlocks(blocks));
                EigenbasisSolver solver = curvature.solver(Damping.absolute(LAMBDA))) {
            double[][] actual = new InfluenceScorer<>(TestBackends.EJML, MODEL)
                    .pairwise(solver, QUERIES, TRAIN)
                    .matrix()
                    .toArray();
            assertClose(denseScores(blocks), actual, Tolerances.EXACT_SOLVE, blocks + " blocks");
        }
    }

    private static double[][] denseScores(int blocks) {
        double[][] scores = new double[(int) QUERIES.size()][(int) TRAIN.size()];
        for (LayerSpec layer : MODEL.layers()) {
            var inverse = new LUDecomposition(new Array2DRowRealMatrix(dense(layer, blocks, LAMBDA))).getSolver();
            List<double[]> queries = DenseFisher.gradients(MODEL, QUERIES, new Objective.Measurement(), layer);
            List<double[]> train = DenseFisher.gradients(MODEL, TRAIN, new Objective.TrainingLoss(), layer);
            for (int q = 0; q < scores.length; q++) {
                var solution = inverse.solve(new ArrayRealVector(queries.get(q)));
                for (int z = 0; z < scores[q].length; z++) {
                    scores[q][z] += solution.dotProduct(new ArrayRealVector(train.get(z)));
                }
            }
        }
        return scores;
    }

    private static double[][] dense(LayerSpec layer, int blocks, double lambda) {
        Objective labels = new Objective.SampledLabels(FisherLabels.DEFAULT_SEED);
        return DenseFisher.splitEkfac(MODEL, TRAIN, labels, layer, blocks, lambda);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void batchSizesDoNotMatter(int blocks) {
        FitOptions options = FitOptions.defaults().withBlocks(blocks);
        try (EigenbasisCurvature expected = fit(TestBackends.EJML, options);
                EigenbasisCurvature actual = fit(TestBackends.EJML, options.withBatchSize(4))) {
            for (int l = 0; l < MODEL.layers().size(); l++) {
                assertClose(
                        DenseFisher.matrix(expected.layerCurvatures().get(l), 0),
                        DenseFisher.matrix(actual.layerCurvatures().get(l), 0),
                        Tolerances.EXACT_SOLVE,
                        MODEL.layers().get(l).name());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void kfacTakesTheEigenvaluesOfTheBlocks(int blocks) {
        FitOptions options = FitOptions.defaults().withBlocks(blocks).withStrategy(Strategy.KFAC);
        try (EigenbasisCurvature curvature = fit(TestBackends.EJML, options)) {
            for (LayerCurvature layer : curvature.layerCurvatures()) {
                LayerEigenbasis basis = layer.basis().orElseThrow();
                assertEquals(blocks, basis.gradientVectors().blocks().size());
                double[][] values = layer.eigenvalues().orElseThrow().toArray();
                for (int o = 0; o < values.length; o++) {
                    for (int i = 0; i < values[o].length; i++) {
                        assertEquals(basis.gradientValues()[o] * basis.activationValues()[i], values[o][i]);
                    }
                }
            }
        }
    }

    /** (M² + P²)/O where O divides (paper, Appendix A). */
    @Test
    void memoryIsThatOfTheFormula() {
        LayerSpec layer = LayerSpec.tokens("mlp", 768, 3072).withoutBias();
        for (int blocks : new int[] {1, 2, 4, 16}) {
            FactorMemory memory = new FactorMemory(TestBackends.FAST_FLOAT32.precision(), Strategy.EKFAC, blocks);
            long numbers = (768L * 768 + 3072L * 3072) / blocks;
            assertEquals(numbers, memory.covarianceNumbers(layer));
            assertEquals(4.0 * numbers + 8.0 * 768 * 3072, memory.keptBytes(layer));
        }
        try (EigenbasisCurvature curvature =
                fit(TestBackends.EJML, FitOptions.defaults().withBlocks(2))) {
            for (LayerCurvature fitted : curvature.layerCurvatures()) {
                LayerEigenbasis basis = fitted.basis().orElseThrow();
                long held = held(basis.activationVectors()) + held(basis.gradientVectors());
                FactorMemory memory = new FactorMemory(TestBackends.EJML.precision(), Strategy.EKFAC, 2);
                assertEquals(memory.covarianceNumbers(fitted.layer()), held);
            }
        }
    }

    private static long held(BlockDiagonal matrix) {
        return matrix.blocks().stream()
                .mapToLong(block -> (long) block.rows() * block.columns())
                .sum();
    }

    private static EigenbasisCurvature fit(MatrixBackend backend, FitOptions options) {
        return EigenbasisApproximator.<Sequence>of(backend, options).fit(MODEL, TRAIN);
    }
}
