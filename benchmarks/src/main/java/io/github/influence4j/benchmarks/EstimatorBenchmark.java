package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Precision;
import io.github.influence4j.baselines.exact.ExactGaussNewton;
import io.github.influence4j.baselines.exact.ExactOptions;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.models.Activation;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpShape;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
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

/** EK-FAC against the exact damped Gauss-Newton matrix on a model that is small enough for it: fit and 10 queries. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 5, time = 2)
public class EstimatorBenchmark {

    private static final int QUERIES = 10;
    private static final int CLASSES = 3;
    private static final int FEATURES = 16;

    /** Number of training examples. */
    @Param({"100", "300"})
    public int examples;

    private MatrixBackend backend;
    private Mlp model;
    private ExampleSource<LabelledExample> train;
    private ExampleSource<LabelledExample> queries;
    private EstimatorFloors floors;

    /** Made by JMH. */
    @SuppressWarnings("NullAway.Init") // JMH calls prepare() first
    public EstimatorBenchmark() {}

    /** Makes a random network and data. */
    @Setup(Level.Trial)
    public void prepare() {
        backend = MatrixBackends.select(Precision.FLOAT64);
        MlpShape shape = MlpShape.of(Activation.TANH, Loss.SOFTMAX_CROSS_ENTROPY, FEATURES, 24, CLASSES);
        model = Mlp.create(backend, shape, 1);
        Random random = new Random(2);
        train = random(random, examples);
        queries = random(random, QUERIES);
        Floors measured = Floors.ofSquareProducts(backend, Device.CPU.sgemmOrder());
        floors = EstimatorFloors.of(measured, backend, model.layers(), examples, QUERIES, CLASSES);
    }

    private static ExampleSource<LabelledExample> random(Random random, int count) {
        List<LabelledExample> examples = new ArrayList<>();
        for (int k = 0; k < count; k++) {
            double[] features = random.doubles(FEATURES, -1, 1).toArray();
            examples.add(LabelledExample.classified(features, random.nextInt(CLASSES)));
        }
        return ExampleSource.of(examples);
    }

    /** EK-FAC with sampled labels. */
    @Benchmark
    public InfluenceScores ekfac(Rates rates) {
        rates.add(floors.ekfac());
        return scores(EigenbasisApproximator.<LabelledExample>ekfac(backend).fit(model, train));
    }

    /** The exact matrix of the whole model. */
    @Benchmark
    public InfluenceScores exact(Rates rates) {
        rates.add(floors.exact());
        return scores(ExactGaussNewton.on(backend).with(ExactOptions.defaults()).curvature(model, train));
    }

    private InfluenceScores scores(Curvature fitted) {
        try (Curvature curvature = fitted;
                IhvpSolver solver = curvature.solver(Damping.DEFAULT)) {
            return new InfluenceScorer<>(backend, model).pairwise(solver, queries, train);
        }
    }

    /** Frees the network. */
    @TearDown(Level.Trial)
    public void close() {
        model.close();
        backend.close();
    }
}
