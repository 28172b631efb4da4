package io.github.influence4j.benchmarks;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Precision;
import io.github.influence4j.baselines.exact.ExactCurvature;
import io.github.influence4j.baselines.exact.ExactGaussNewton;
import io.github.influence4j.baselines.exact.ExactOptions;
import io.github.influence4j.baselines.iterative.Astra;
import io.github.influence4j.baselines.iterative.AstraOptions;
import io.github.influence4j.baselines.iterative.ConjugateGradient;
import io.github.influence4j.baselines.iterative.ConjugateGradientOptions;
import io.github.influence4j.baselines.iterative.IterativeSolver;
import io.github.influence4j.baselines.iterative.Lissa;
import io.github.influence4j.baselines.iterative.LissaOptions;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.models.Activation;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpShape;
import io.github.influence4j.models.MlpTraining;
import io.github.influence4j.models.TrainingOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Scores of the same queries by EK-FAC, by the exact solver and by iterative ones, whatever each has to fit included: one trained
 * network, one damping for all, everything in float64, so {@code ofFloor} goes by the rate of products in float64.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 1, time = 2)
@Measurement(iterations = 3, time = 2)
public class SolverBenchmark {

    private static final int FEATURES = 8;

    /** Number of training examples. */
    @Param("500")
    public int examples;

    /** Units of each of the two hidden layers. */
    @Param("64")
    public int hidden;

    /** Number of queries. */
    @Param("10")
    public int queries;

    /** λ of every layer. */
    @Param("0.01")
    public double lambda;

    private MatrixBackend backend;
    private Mlp model;
    private ExampleSource<LabelledExample> train;
    private ExampleSource<LabelledExample> asked;
    private LayerDamping damping;
    private Floors measured;
    private EstimatorFloors floors;

    /** Made by JMH. */
    @SuppressWarnings("NullAway.Init") // JMH calls prepare() first
    public SolverBenchmark() {}

    /** What iterative solvers took, added up over all measured calls, as JMH adds events up; divide by {@code solves}. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.EVENTS)
    public static class Work {

        /** Calls. */
        public long solves;

        /** Products of one example's Gauss-Newton matrix with one vector. */
        public long exampleProducts;

        /** Made by JMH. */
        public Work() {}

        /** Starts anew. */
        @Setup(Level.Iteration)
        public void reset() {
            exampleProducts = 0;
            solves = 0;
        }

        void add(IterativeSolver solver) {
            exampleProducts += solver.report().exampleProducts();
            solves++;
        }
    }

    /** Trains a network on Friedman's first function. */
    @Setup(Level.Trial)
    public void prepare() {
        backend = MatrixBackends.select(Precision.FLOAT64);
        Random random = new Random(1);
        train = friedman(random, examples);
        asked = friedman(random, queries);
        MlpShape shape = MlpShape.of(Activation.TANH, Loss.SQUARED_ERROR, FEATURES, hidden, hidden, 1);
        TrainingOptions options =
                TrainingOptions.sgd().withLearningRate(0.03).withBatchSize(128).withEpochs(60);
        try (Mlp start = Mlp.create(backend, shape, 1)) {
            model = MlpTraining.train(start, train, options).model();
        }
        damping = LayerDamping.of(model.layers(), layer -> lambda);
        measured = Floors.ofSquareProducts(backend, Device.CPU.sgemmOrder());
        floors = EstimatorFloors.of(measured, backend, model.layers(), examples, queries, 1);
    }

    private static ExampleSource<LabelledExample> friedman(Random random, int count) {
        List<LabelledExample> examples = new ArrayList<>();
        for (int k = 0; k < count; k++) {
            double[] x = random.doubles(FEATURES).toArray();
            double y = 10 * Math.sin(Math.PI * x[0] * x[1])
                    + 20 * (x[2] - 0.5) * (x[2] - 0.5)
                    + 10 * x[3]
                    + 5 * x[4]
                    + random.nextGaussian();
            for (int f = 0; f < FEATURES; f++) {
                x[f] = (x[f] - 0.5) * Math.sqrt(12);
            }
            examples.add(LabelledExample.regression(x, (y - 14.4) / 5));
        }
        return ExampleSource.of(examples);
    }

    /** EK-FAC: fit, precondition, score. */
    @Benchmark
    public InfluenceScores ekfac(Rates rates) {
        rates.add(floors.ekfac());
        try (EigenbasisCurvature curvature = fitEkfac()) {
            return scores(curvature.solver(damping));
        }
    }

    /** The exact matrix in its dual form. */
    @Benchmark
    public InfluenceScores exact(Rates rates) {
        rates.add(floors.exact());
        try (ExactCurvature curvature =
                ExactGaussNewton.on(backend).with(ExactOptions.defaults()).curvature(model, train)) {
            return scores(curvature.solver(damping));
        }
    }

    /** Conjugate gradients to a residual of 1e-3, which is more than scores need. */
    @Benchmark
    public InfluenceScores conjugateGradient(Work work, Rates rates) {
        ConjugateGradientOptions options =
                ConjugateGradientOptions.defaults().withTolerance(1e-3).withBatchSize(1024);
        return scores(
                ConjugateGradient.on(backend)
                        .with(options)
                        .curvature(model, train)
                        .solver(damping),
                work,
                rates);
    }

    /** LiSSA with as many steps as examples, batches of 32, and the search for its scale. */
    @Benchmark
    public InfluenceScores lissa(Work work, Rates rates) {
        return scores(
                Lissa.on(backend)
                        .with(LissaOptions.defaults())
                        .curvature(model, train)
                        .solver(damping),
                work,
                rates);
    }

    /** 200 steps with batches of 256 from the EK-FAC solution, its fit and the search for the step size. */
    @Benchmark
    public InfluenceScores astra(Work work, Rates rates) {
        rates.add(floors.ekfacSolved());
        try (EigenbasisCurvature curvature = fitEkfac()) {
            return scores(
                    Astra.on(backend, curvature)
                            .with(AstraOptions.defaults())
                            .curvature(model, train)
                            .solver(damping),
                    work,
                    rates);
        }
    }

    private EigenbasisCurvature fitEkfac() {
        return EigenbasisApproximator.<LabelledExample>ekfac(backend).fit(model, train);
    }

    private InfluenceScores scores(IterativeSolver solver, Work work, Rates rates) {
        InfluenceScores scores = scores(solver);
        work.add(solver);
        rates.add(measured.products(solver.report().flops()).plus(floors.scoring()));
        return scores;
    }

    private InfluenceScores scores(IhvpSolver made) {
        try (IhvpSolver solver = made) {
            return new InfluenceScorer<>(backend, model).pairwise(solver, asked, train);
        }
    }

    /** Frees the network. */
    @TearDown(Level.Trial)
    public void close() {
        model.close();
        backend.close();
    }
}
