package io.github.influence4j.baselines.unrolled;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.Checkpoints;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.ejml.EjmlBackend;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.DiagonalMatrix;
import org.apache.commons.math3.linear.EigenDecomposition;
import org.apache.commons.math3.linear.LUDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.linear.RealVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** SOURCE on linear regression, where EK-FAC is the exact curvature, against dense formulas and against training itself. */
class SourceTest {

    private static final int FEATURES = 4;
    private static final FitOptions OPTIONS = FitOptions.defaults().withBatchSize(7);

    private final MatrixBackend backend = new EjmlBackend();
    private final ExampleSource<Row> train = rows(12, 1);
    private final ExampleSource<Row> queries = rows(3, 2);

    /** Features and a target. */
    record Row(double[] features, double target) {}

    private static ExampleSource<Row> rows(int count, long seed) {
        Random random = new Random(seed);
        List<Row> rows = new ArrayList<>();
        for (int r = 0; r < count; r++) {
            double[] x = random.doubles(FEATURES, -1, 1).toArray();
            x[0] *= 2;
            rows.add(new Row(x, x[0] - x[1] + random.nextGaussian()));
        }
        return ExampleSource.of(rows);
    }

    /**
     * ½(w·Tx − y)², whose curvature is E[Tx(Tx)ᵀ]. Sampled gradients are 1 or −1, so that their square is what it is on
     * average.
     */
    private record Linear(double[] weights, double[][] transform) implements GradientProvider<Row> {

        static final LayerSpec LAYER = LayerSpec.dense("linear", FEATURES, 1).withoutBias();

        static Linear plain(double... weights) {
            double[][] identity = new double[FEATURES][FEATURES];
            for (int k = 0; k < FEATURES; k++) {
                identity[k][k] = 1;
            }
            return new Linear(weights, identity);
        }

        static Linear random(long seed) {
            Random random = new Random(seed);
            double[][] transform = new double[FEATURES][];
            for (int k = 0; k < FEATURES; k++) {
                transform[k] = random.doubles(FEATURES, -1, 1).toArray();
            }
            return new Linear(random.doubles(FEATURES, -1, 1).toArray(), transform);
        }

        double[] inputs(Row row) {
            return new Array2DRowRealMatrix(transform).operate(row.features());
        }

        double error(Row row) {
            double[] x = inputs(row);
            double sum = -row.target();
            for (int k = 0; k < FEATURES; k++) {
                sum += weights[k] * x[k];
            }
            return sum;
        }

        RealVector gradient(Row row) {
            return new ArrayRealVector(inputs(row)).mapMultiply(error(row));
        }

        @Override
        public List<LayerSpec> layers() {
            return List.of(LAYER);
        }

        @Override
        public void capture(ExampleBatch<Row> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
            double[][] a = new double[batch.size()][];
            double[][] g = new double[batch.size()][1];
            for (int e = 0; e < a.length; e++) {
                Row row = batch.examples().get(e);
                a[e] = inputs(row);
                g[e][0] = objective instanceof Objective.SampledLabels labels
                        ? Math.signum(labels.uniform(batch.ids()[e], 0, 0) - 0.5)
                        : error(row);
            }
            sink.accept(LayerCapture.of(LAYER, Matrix.of(a), Matrix.of(g)));
        }
    }

    private static RealMatrix curvature(List<Linear> models, List<Row> rows, double decay) {
        RealMatrix sum = new Array2DRowRealMatrix(FEATURES, FEATURES);
        for (Linear model : models) {
            for (Row row : rows) {
                RealVector x = new ArrayRealVector(model.inputs(row));
                sum = sum.add(x.outerProduct(x).scalarMultiply(1.0 / (models.size() * rows.size())));
            }
        }
        for (int k = 0; k < FEATURES; k++) {
            sum.addToEntry(k, k, decay);
        }
        return sum;
    }

    private static RealMatrix function(RealMatrix symmetric, DoubleUnaryOperator function) {
        EigenDecomposition eigen = new EigenDecomposition(symmetric);
        double[] values = eigen.getRealEigenvalues();
        for (int k = 0; k < values.length; k++) {
            values[k] = function.applyAsDouble(values[k]);
        }
        return eigen.getV().multiply(new DiagonalMatrix(values)).multiply(eigen.getVT());
    }

    /** Segments whose curvatures do not commute, with one and two checkpoints, without and with what an optimizer multiplies. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void isTheFormulaInDenseAlgebra(boolean preconditioned) {
        List<List<Linear>> models = List.of(
                List.of(Linear.random(3)), List.of(Linear.random(4), Linear.random(5)), List.of(Linear.random(6)));
        double[] sums = {0.7, 2.5, 0.3};
        double decay = 0.05;
        Linear trained = Linear.random(7);
        Random random = new Random(8);
        List<Checkpoints.Segment<Linear>> segments = new ArrayList<>();
        List<RealMatrix> roots = new ArrayList<>();
        for (int s = 0; s < sums.length; s++) {
            double[] factors = random.doubles(FEATURES, 0.2, 3).toArray();
            segments.add(new Checkpoints.Segment<>(
                    models.get(s),
                    sums[s],
                    preconditioned ? Optional.of(LayerGradients.ofFlat(trained.layers(), factors)) : Optional.empty()));
            roots.add(new DiagonalMatrix(Arrays.stream(factors)
                    .map(f -> preconditioned ? Math.sqrt(f) : 1)
                    .toArray()));
        }
        List<Row> rows = all(train);
        double[][] expected = new double[(int) queries.size()][rows.size()];
        for (int q = 0; q < expected.length; q++) {
            RealVector carried = trained.gradient(all(queries).get(q));
            for (int s = sums.length - 1; s >= 0; s--) {
                double total = sums[s];
                RealMatrix root = roots.get(s);
                RealMatrix curvature =
                        root.multiply(curvature(models.get(s), rows, 0)).multiply(root);
                for (int k = 0; k < FEATURES; k++) {
                    curvature.addToEntry(k, k, decay);
                }
                RealVector response = root.operate(function(curvature, sigma -> (1 - Math.exp(-total * sigma)) / sigma)
                        .operate(root.operate(carried)));
                for (int z = 0; z < rows.size(); z++) {
                    for (Linear model : models.get(s)) {
                        expected[q][z] += response.dotProduct(model.gradient(rows.get(z)))
                                / models.get(s).size();
                    }
                }
                carried = new LUDecomposition(root)
                        .getSolver()
                        .solve(function(curvature, sigma -> Math.exp(-total * sigma))
                                .operate(root.operate(carried)));
            }
        }
        try (UnrolledTraining<Row> source = Source.on(backend)
                .with(OPTIONS)
                .withWeightDecay(decay)
                .fit(new Checkpoints<>(segments, trained), train)) {
            assertEquals(3, source.curvatures().size());
            assertEquals(trained.layers(), source.layers());
            InfluenceScores scores = source.damped(Damping.DEFAULT).pairwise(queries, train);
            MatrixAssert.assertClose(
                    expected, scores.matrix().toArray(), Tolerances.EXACT_SOLVE, "scores of three segments");
            assertEquals(
                    preconditioned ? "SOURCE on GRADIENT_BASIS" : "SOURCE on EKFAC",
                    scores.provenance().options().get("strategy"));
        }
    }

    /** Gradient descent repeated with a little more weight on each example. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void predictsWhatTrainingDoes(boolean preconditioned) {
        double[] factors = preconditioned ? new double[] {0.3, 1, 1.5, 0.8} : new double[] {1, 1, 1, 1};
        double rate = 0.005;
        int segments = 20;
        int stepsPerSegment = 20;
        double epsilon = 1e-4;
        List<Row> rows = all(train);
        double[][] expected = new double[(int) queries.size()][rows.size()];
        for (int z = 0; z < rows.size(); z++) {
            List<Linear> up = descend(rows, rate, factors, segments * stepsPerSegment, z, epsilon);
            List<Linear> down = descend(rows, rate, factors, segments * stepsPerSegment, z, -epsilon);
            for (int q = 0; q < expected.length; q++) {
                double more = up.get(up.size() - 1).error(all(queries).get(q));
                double less = down.get(down.size() - 1).error(all(queries).get(q));
                expected[q][z] = -(more * more - less * less) / 2 / (2 * epsilon);
            }
        }
        List<Linear> path = descend(rows, rate, factors, segments * stepsPerSegment, 0, 0);
        List<Checkpoints.Segment<Linear>> cut = new ArrayList<>();
        for (int s = 0; s < segments; s++) {
            Linear middle = path.get(s * stepsPerSegment + stepsPerSegment / 2);
            cut.add(new Checkpoints.Segment<>(
                    List.of(middle),
                    rate * stepsPerSegment,
                    preconditioned ? Optional.of(LayerGradients.ofFlat(middle.layers(), factors)) : Optional.empty()));
        }
        try (UnrolledTraining<Row> source =
                Source.on(backend).with(OPTIONS).fit(new Checkpoints<>(cut, path.get(path.size() - 1)), train)) {
            MatrixAssert.assertClose(
                    expected,
                    source.damped(Damping.DEFAULT)
                            .pairwise(queries, train)
                            .matrix()
                            .toArray(),
                    Tolerances.UNROLLED_TRAINING,
                    "change of the queries' losses");
        }
    }

    private static List<Linear> descend(
            List<Row> rows, double rate, double[] factors, int steps, int heavier, double epsilon) {
        Linear model = Linear.plain(new double[FEATURES]);
        List<Linear> path = new ArrayList<>(List.of(model));
        for (int step = 0; step < steps; step++) {
            RealVector gradient = model.gradient(rows.get(heavier)).mapMultiply(epsilon);
            for (Row row : rows) {
                gradient = gradient.add(model.gradient(row).mapMultiply(1.0 / rows.size()));
            }
            model = Linear.plain(new ArrayRealVector(model.weights())
                    .subtract(gradient.ebeMultiply(new ArrayRealVector(factors)).mapMultiply(rate))
                    .toArray());
            path.add(model);
        }
        return path;
    }

    @Test
    void endlessTrainingIsInfluenceWithoutDamping() {
        Linear trained = Linear.random(8);
        Checkpoints<Linear> checkpoints =
                new Checkpoints<>(List.of(new Checkpoints.Segment<>(List.of(trained), 1e9)), trained);
        try (UnrolledTraining<Row> source = Source.on(backend).with(OPTIONS).fit(checkpoints, train);
                EigenbasisCurvature ekfac =
                        EigenbasisApproximator.<Row>of(backend, OPTIONS).fit(trained, train);
                EigenbasisSolver solver = ekfac.solver(LayerDamping.of(trained.layers(), layer -> 0))) {
            MatrixAssert.assertClose(
                    new InfluenceScorer<>(backend, trained)
                            .pairwise(solver, queries, train)
                            .matrix()
                            .toArray(),
                    source.damped(Damping.DEFAULT)
                            .pairwise(queries, train)
                            .matrix()
                            .toArray(),
                    Tolerances.EXACT_SOLVE,
                    "scores");
        }
    }

    @Test
    void nonsenseIsRefused() {
        Linear model = Linear.random(1);
        refused(() -> new Checkpoints.Segment<>(List.of(), 1), "a checkpoint or more");
        refused(() -> new Checkpoints.Segment<>(List.of(model), 0), "0.0");
        refused(() -> new Checkpoints.Segment<>(List.of(model), Double.NaN), "NaN");
        refused(() -> preconditioned(model, -1), "at least 0", "-1");
        refused(() -> preconditioned(model, Double.POSITIVE_INFINITY), "Infinity");
        Checkpoints<Linear> half = new Checkpoints<>(
                List.of(preconditioned(model, 1), new Checkpoints.Segment<>(List.of(model), 1)), model);
        refused(() -> Source.on(backend).fit(half, train), "all of them");
        Checkpoints<Linear> whole = new Checkpoints<>(List.of(preconditioned(model, 1)), model);
        refused(
                () -> Source.on(backend)
                        .with(OPTIONS.withStrategy(Strategy.KFAC))
                        .fit(whole, train),
                "KFAC");
        refused(() -> new Checkpoints<>(List.of(), model), "a segment or more");
        GradientProvider<Row> other = new GradientProvider<>() {
            @Override
            public List<LayerSpec> layers() {
                return List.of(LayerSpec.dense("other", 1, 1));
            }

            @Override
            public void capture(
                    ExampleBatch<Row> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {}
        };
        Checkpoints.Segment<GradientProvider<Row>> segment = new Checkpoints.Segment<>(List.of(model, other), 1);
        refused(() -> new Checkpoints<GradientProvider<Row>>(List.of(segment), model), "segment 0", "other", "linear");
        Checkpoints<Linear> checkpoints =
                new Checkpoints<>(List.of(new Checkpoints.Segment<>(List.of(model), 1)), model);
        refused(
                () -> Source.on(backend)
                        .with(OPTIONS.withStrategy(Strategy.IDENTITY))
                        .fit(checkpoints, train),
                "IDENTITY");
    }

    private static Checkpoints.Segment<Linear> preconditioned(Linear model, double factor) {
        return new Checkpoints.Segment<>(
                List.of(model), 1, Optional.of(LayerGradients.ofFlat(model.layers(), new double[] {1, 1, factor, 1})));
    }

    private static void refused(org.junit.jupiter.api.function.Executable call, String... parts) {
        IllegalArgumentException error = assertThrows(IllegalArgumentException.class, call);
        for (String part : parts) {
            assertTrue(error.toString().contains(part), error::toString);
        }
    }

    private static List<Row> all(ExampleSource<Row> source) {
        return source.batches(100).iterator().next().examples();
    }
}
