package io.github.influence4j.ekfac;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.RandomSequences.Sequence;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.internal.solve.LayerCurvature;
import io.github.influence4j.ekfac.options.FisherLabels;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.LUDecomposition;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Curvatures and scores against matrices written out in full and solved by Commons Math. */
class DenseOracleTest {

    private static final ExampleSource<Sequence> TRAIN = RandomSequences.sequences(23, 100);
    private static final ExampleSource<Sequence> QUERIES = RandomSequences.sequences(4, 900);
    private static final double LAMBDA = 0.3;

    private final MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void scoresAreThoseOfTheDenseMatrixForSharedLayersToo(int uses) {
        RandomSequences model = new RandomSequences(RandomSequences.mixed().layers(), uses);
        for (Strategy strategy : List.of(Strategy.DIAGONAL, Strategy.KFAC, Strategy.EKFAC, Strategy.GRADIENT_BASIS)) {
            try (EigenbasisCurvature curvature = fit(model, strategy, 7);
                    EigenbasisSolver solver = curvature.solver(Damping.absolute(LAMBDA))) {
                InfluenceScores scores = new InfluenceScorer<>(backend, model).pairwise(solver, QUERIES, TRAIN);
                assertClose(
                        denseScores(model, curvature),
                        scores.matrix().toArray(),
                        Tolerances.EXACT_SOLVE,
                        strategy + " with " + uses + " uses");
            }
        }
    }

    /** By layer and token at once; over layers these add up to the parts of tokens, over tokens to those of layers. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void partsByLayerAndTokenAreThoseOfTheDenseMatrix(int uses) {
        RandomSequences model = new RandomSequences(RandomSequences.mixed().layers(), uses);
        ScoreOptions options = ScoreOptions.defaults().withPerLayer(true).withPerToken(true);
        try (EigenbasisCurvature curvature = fit(model, Strategy.EKFAC, 7);
                EigenbasisSolver solver = curvature.solver(Damping.absolute(LAMBDA))) {
            // batches of 5, so that examples are padded to the longest beside them
            InfluenceScores scores = new InfluenceScorer<>(
                            backend, model, options.withBatchSize(5), ProgressListener.silent())
                    .pairwise(solver, QUERIES, TRAIN);
            assertEquals(List.of("first", "second"), scores.tokenLayers());
            for (int q = 0; q < QUERIES.size(); q++) {
                for (int z = 0; z < TRAIN.size(); z++) {
                    double[] sum = new double[scores.tokens(q, z).length];
                    for (LayerCurvature layer : curvature.layerCurvatures().subList(0, 2)) {
                        String name = layer.layer().name();
                        double[] parts = scores.tokens(name, q, z);
                        double[] dense = denseTokens(model, layer, q, z);
                        assertClose(
                                Arrays.copyOf(dense, parts.length), parts, Tolerances.EXACT_SOLVE, name + " of " + z);
                        double[] whole = new double[1];
                        for (int t = 0; t < parts.length; t++) {
                            sum[t] += parts[t];
                            whole[0] += parts[t];
                        }
                        double[] ofLayer = {scores.layer(name).toArray()[q][z]};
                        assertClose(ofLayer, whole, Tolerances.REORDERED_FLOAT64, "tokens of " + name);
                    }
                    assertClose(scores.tokens(q, z), sum, Tolerances.REORDERED_FLOAT64, "layers of " + z);
                }
            }
        }
    }

    private static double[] denseTokens(RandomSequences model, LayerCurvature layer, int query, int train) {
        var solver = new LUDecomposition(new Array2DRowRealMatrix(DenseFisher.matrix(layer, LAMBDA))).getSolver();
        var solution = solver.solve(
                new ArrayRealVector(DenseFisher.gradients(model, QUERIES, new Objective.Measurement(), layer.layer())
                        .get(query)));
        return Arrays.stream(DenseFisher.tokenGradients(model, TRAIN, new Objective.TrainingLoss(), layer.layer())
                        .get(train))
                .mapToDouble(token -> solution.dotProduct(new ArrayRealVector(token)))
                .toArray();
    }

    private static double[][] denseScores(RandomSequences model, EigenbasisCurvature curvature) {
        double[][] scores = new double[(int) QUERIES.size()][(int) TRAIN.size()];
        for (LayerCurvature layer : curvature.layerCurvatures()) {
            var solver = new LUDecomposition(new Array2DRowRealMatrix(DenseFisher.matrix(layer, LAMBDA))).getSolver();
            List<double[]> queries = DenseFisher.gradients(model, QUERIES, new Objective.Measurement(), layer.layer());
            List<double[]> train = DenseFisher.gradients(model, TRAIN, new Objective.TrainingLoss(), layer.layer());
            for (int q = 0; q < scores.length; q++) {
                var solution = solver.solve(new ArrayRealVector(queries.get(q)));
                for (int z = 0; z < scores[q].length; z++) {
                    scores[q][z] += solution.dotProduct(new ArrayRealVector(train.get(z)));
                }
            }
        }
        return scores;
    }

    /** Λ is the Fisher's diagonal in the eigenbasis, so no other diagonal in it comes closer (method notes, section 2). */
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void ekfacIsAtLeastAsCloseToTheExplicitFisherAsKfac(int draws) {
        RandomSequences model = RandomSequences.mixed();
        FisherLabels labels = new FisherLabels.Sampled(5, draws);
        FitOptions options = FitOptions.defaults().withLabels(labels);
        try (EigenbasisCurvature ekfac = fit(model, options);
                EigenbasisCurvature kfac = fit(model, options.withStrategy(Strategy.KFAC));
                EigenbasisCurvature scaled = fit(
                        model, options.withStrategy(Strategy.KFAC).withKfacScale(FitOptions.KfacScale.PER_EXAMPLE))) {
            for (int l = 0; l < model.layers().size(); l++) {
                List<double[]> gradients = new ArrayList<>();
                for (int draw = 0; draw < draws; draw++) {
                    gradients.addAll(DenseFisher.gradients(
                            model,
                            TRAIN,
                            new Objective.SampledLabels(5, draw),
                            model.layers().get(l)));
                }
                double[][] fisher = DenseFisher.fisher(gradients, gradients.size());
                double ekfacError = DenseFisher.distance(fisher, matrix(ekfac, l));
                for (EigenbasisCurvature other : List.of(kfac, scaled)) {
                    double error = DenseFisher.distance(fisher, matrix(other, l));
                    assertTrue(
                            ekfacError <= error * (1 + Tolerances.REORDERED_FLOAT64),
                            model.layers().get(l).name() + ": EK-FAC " + ekfacError + ", K-FAC " + error);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Strategy.class,
            names = {"DIAGONAL", "EKFAC", "GRADIENT_BASIS"})
    void eigenvaluesAreTheFishersDiagonalInTheBasis(Strategy strategy) {
        RandomSequences model = RandomSequences.mixed();
        try (EigenbasisCurvature curvature = fit(model, strategy, 5)) {
            for (LayerCurvature layer : curvature.layerCurvatures()) {
                double[][] fisher = DenseFisher.fisher(
                        DenseFisher.gradients(
                                model, TRAIN, new Objective.SampledLabels(FisherLabels.DEFAULT_SEED), layer.layer()),
                        (double) TRAIN.size());
                double fisherTrace = 0;
                double[][] fitted = DenseFisher.matrix(layer, 0);
                double fittedTrace = 0;
                for (int d = 0; d < fisher.length; d++) {
                    fisherTrace += fisher[d][d];
                    fittedTrace += fitted[d][d];
                    if (strategy == Strategy.DIAGONAL) {
                        assertClose(
                                new double[] {fisher[d][d]},
                                new double[] {fitted[d][d]},
                                Tolerances.REORDERED_FLOAT64,
                                "diagonal");
                    }
                }
                assertClose(
                        new double[] {fisherTrace},
                        new double[] {fittedTrace},
                        Tolerances.REORDERED_FLOAT64,
                        "trace of " + layer.layer().name());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Rotation.class)
    void everyWayOfRotatingGivesTheSameEigenvalues(Rotation rotation) {
        RandomSequences model = RandomSequences.mixed();
        try (EigenbasisCurvature expected = fit(model, FitOptions.defaults());
                EigenbasisCurvature forced = EigenbasisApproximator.<Sequence>of(backend, FitOptions.defaults())
                        .rotating(rotation)
                        .fit(model, TRAIN)) {
            for (int l = 0; l < model.layers().size(); l++) {
                assertClose(
                        matrix(expected, l),
                        matrix(forced, l),
                        Tolerances.REORDERED_FLOAT64,
                        rotation + ", layer " + l);
            }
        }
    }

    private static double[][] matrix(EigenbasisCurvature curvature, int layer) {
        return DenseFisher.matrix(curvature.layerCurvatures().get(layer), 0);
    }

    private EigenbasisCurvature fit(RandomSequences model, Strategy strategy, int batchSize) {
        return fit(model, FitOptions.defaults().withStrategy(strategy).withBatchSize(batchSize));
    }

    private EigenbasisCurvature fit(RandomSequences model, FitOptions options) {
        EigenbasisApproximator<Sequence, GradientProvider<Sequence>> approximator =
                EigenbasisApproximator.of(backend, options);
        return approximator.fit(model, TRAIN);
    }
}
