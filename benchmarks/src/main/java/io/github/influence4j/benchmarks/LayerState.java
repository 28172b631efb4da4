package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.benchmarks.Floors.Least;
import io.github.influence4j.ekfac.internal.eigen.EigenbasisStage;
import io.github.influence4j.ekfac.internal.eigen.EigenvalueStage;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.factor.CovarianceStage;
import io.github.influence4j.ekfac.internal.factor.FisherObjectives;
import io.github.influence4j.ekfac.internal.factor.LayerCovariance;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.internal.solve.LayerCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.QueryRank;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.plan.DataShape;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** One layer with random captures in memory, and everything that the stages make of it. */
@State(Scope.Benchmark)
public class LayerState {

    static final int QUERIES = 16;
    static final ScoreOptions CUT = ScoreOptions.defaults().withRank(QueryRank.randomised(Workload.RANK, 1));
    private static final int ROWS = 4096;
    private static final int ROWS_PER_BATCH = 1024;

    /** Inputs, outputs and positions of the layer. */
    @Param({"784-256-1", "512-128-64"})
    public String layer = "";

    MatrixBackend backend;
    LayerSpec spec;
    int positions;
    int examples;
    CapturePass<Integer> pass;
    ExampleSource<Integer> data;
    LayerCovariance covariance;
    LayerEigenbasis basis;
    EigenbasisSolver solver;

    Least wholeQueries;
    Least cutQueries;

    private Map<String, Least> least = Map.of();
    private StoredCaptures captures;
    private LayerCurvature curvature;
    private int batchSize;
    private final FisherObjectives fisher = new FisherObjectives(List.of(new Objective.TrainingLoss()), 1);

    /** Made by JMH. */
    @SuppressWarnings("NullAway.Init") // JMH calls prepare() first
    public LayerState() {}

    /** Makes captures, fits the curvature, and measures the rates that floors are made of. */
    @Setup(Level.Trial)
    public void prepare() {
        String[] numbers = layer.split("-", -1);
        int inputs = Integer.parseInt(numbers[0]);
        int outputs = Integer.parseInt(numbers[1]);
        positions = Integer.parseInt(numbers[2]);
        spec = positions == 1 ? LayerSpec.dense("layer", inputs, outputs) : LayerSpec.tokens("layer", inputs, outputs);
        examples = ROWS / positions;
        batchSize = ROWS_PER_BATCH / positions;
        backend = MatrixBackends.select(Precision.FLOAT32);
        captures = new StoredCaptures(List.of(spec), positions, examples);
        data = captures.source(examples);
        pass = new CapturePass<>(backend, captures);
        covariance = covariances();
        basis = EigenbasisStage.decompose(backend, covariance);
        curvature = LayerCurvature.of(spec, Optional.of(basis), Optional.of(eigenvalues()));
        LayerDamping damping =
                LayerDamping.of(List.of(spec), one -> Damping.DEFAULT.resolve(curvature.meanEigenvalue()));
        solver = EigenbasisSolver.of(
                backend,
                List.of(curvature),
                damping,
                Provenance.here(backend.description(), backend.precision(), Optional.empty()));
        Floors rates = Floors.ofSquareProducts(backend, Device.CPU.sgemmOrder());
        least = stages(rates, ScoreOptions.defaults());
        wholeQueries = pairwise(least);
        cutQueries = pairwise(stages(rates, CUT));
    }

    LayerCovariance covariances() {
        return CovarianceStage.fit(backend, pass, data, batchSize, fisher, ProgressListener.silent())
                .get(0);
    }

    BackendMatrix eigenvalues() {
        return EigenvalueStage.fit(
                        backend,
                        pass,
                        data,
                        new EigenvalueStage.Options(batchSize, fisher, Rotation.CHEAPEST),
                        List.of(Optional.of(basis)),
                        ProgressListener.silent())
                .get(0);
    }

    ExampleSource<Integer> queries() {
        return captures.source(QUERIES);
    }

    InfluenceScorer<Integer> scorer(ScoreOptions options) {
        return new InfluenceScorer<>(backend, captures, options.withBatchSize(batchSize), ProgressListener.silent());
    }

    private Map<String, Least> stages(Floors rates, ScoreOptions options) {
        DataShape shape = DataShape.of(examples, QUERIES).withPositions(positions);
        FitOptions fit = FitOptions.defaults().withBatchSize(batchSize);
        return rates.ofCaptures(backend, List.of(spec), shape, fit, options.withBatchSize(batchSize));
    }

    private static Least pairwise(Map<String, Least> stages) {
        return Floors.at(stages, Floors.QUERIES).plus(Floors.at(stages, Floors.SCORING));
    }

    /** What a stage must do, one of {@link Floors}'s. */
    Least least(String stage) {
        return Floors.at(least, stage);
    }

    /** Frees everything. */
    @TearDown(Level.Trial)
    public void close() {
        solver.close();
        curvature.close();
        covariance.close();
        pass.close();
        backend.close();
    }
}
