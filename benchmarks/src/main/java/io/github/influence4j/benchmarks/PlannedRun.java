package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.benchmarks.Examples.Example;
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
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.openblas.internal.MatrixMemory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Runs the stages that a plan speaks of, under its names, and notes time and memory of each. The memory of the model, whose
 * buffers stay, is not counted, as a plan does not count it.
 */
final class PlannedRun implements AutoCloseable {

    private final MatrixBackend backend;
    private final WorkloadModel model;
    private final HostCaptures<Example> captures;
    private final ExampleSource<Example> train;
    private final ExampleSource<Example> queries;
    private final List<LayerSpec> layers;
    private final FitOptions fit;
    private final FisherObjectives fisher = new FisherObjectives(List.of(new Objective.SampledLabels(0)), 1);
    private final ResidentMemory resident = new ResidentMemory();
    private final Map<String, Measured> stages = new LinkedHashMap<>();
    private long openBefore;
    private long residentBefore;

    /**
     * What a stage took.
     *
     * @param seconds wall time
     * @param backendBytes most bytes of open matrices and LAPACK's workspace
     * @param heapBytes Java heap that the result takes
     * @param residentBytes growth of RssAnon at its peak, for comparison: it lags, and the JVM's own memory is in it
     */
    record Measured(double seconds, long backendBytes, long heapBytes, long residentBytes) {}

    PlannedRun(MatrixBackend backend, WorkloadData data, FitOptions fit) {
        this.backend = backend;
        this.model = WorkloadModel.of(backend, data);
        this.captures = new HostCaptures<>(model);
        this.train = data.train().source();
        this.queries = data.queries().source();
        this.layers = data.workload().layers();
        this.fit = fit;
    }

    /** Runs everything once: the fit, then for each of the options the scores, their stages suffixed by the key. */
    Map<String, Measured> run(Map<String, ScoreOptions> scores) {
        stages.clear();
        openBefore = MatrixMemory.inUse();
        residentBefore = ResidentMemory.now();
        List<LayerCurvature> curvatures = fitted();
        LayerDamping damping = LayerDamping.of(
                layers,
                layer -> Damping.DEFAULT.resolve(
                        curvatures.get(layers.indexOf(layer)).meanEigenvalue()));
        Provenance provenance = Provenance.here(backend.description(), backend.precision(), Optional.empty());
        try (EigenbasisSolver solver = EigenbasisSolver.of(backend, curvatures, damping, provenance)) {
            scores.forEach((suffix, options) -> {
                pairwise(solver, suffix, options);
                InfluenceScorer<Example> scorer =
                        new InfluenceScorer<>(backend, captures, options, ProgressListener.silent());
                stage("self-influence" + suffix, () -> scorer.self(solver, train));
            });
        } finally {
            curvatures.forEach(LayerCurvature::close);
        }
        return Map.copyOf(stages);
    }

    private List<LayerCurvature> fitted() {
        List<LayerCovariance> covariances = new ArrayList<>();
        List<LayerEigenbasis> bases = new ArrayList<>();
        List<BackendMatrix> values = new ArrayList<>();
        try (CapturePass<Example> pass = new CapturePass<>(backend, captures)) {
            stage("covariances", () -> {
                covariances.addAll(
                        CovarianceStage.fit(backend, pass, train, fit.batchSize(), fisher, ProgressListener.silent()));
                return covariances;
            });
            stage("eigendecomposition", () -> {
                covariances.forEach(covariance -> {
                    bases.add(EigenbasisStage.decompose(backend, covariance));
                    covariance.close();
                });
                return bases;
            });
            stage("eigenvalues", () -> {
                values.addAll(EigenvalueStage.fit(
                        backend,
                        pass,
                        train,
                        new EigenvalueStage.Options(fit.batchSize(), fisher, Rotation.CHEAPEST),
                        bases.stream().map(Optional::of).toList(),
                        ProgressListener.silent()));
                return values;
            });
        }
        List<LayerCurvature> curvatures = new ArrayList<>();
        for (int l = 0; l < layers.size(); l++) {
            curvatures.add(LayerCurvature.of(layers.get(l), Optional.of(bases.get(l)), Optional.of(values.get(l))));
        }
        return curvatures;
    }

    /** Scoring begins when the queries are ready, which the progress tells. */
    private void pairwise(EigenbasisSolver solver, String suffix, ScoreOptions options) {
        long[] start = {System.nanoTime()};
        takePeaks();
        ProgressListener watch = (stage, done, total) -> {
            if (stage.equals("queries") && done == total) {
                stages.put("query preparation" + suffix, measured(start[0]));
                start[0] = System.nanoTime();
            }
        };
        long heapBefore = JavaHeap.inUse();
        start[0] = System.nanoTime();
        Object scores = new InfluenceScorer<>(backend, captures, options, watch).pairwise(solver, queries, train);
        Measured scoring = measured(start[0]);
        long heap = JavaHeap.inUse() - heapBefore;
        stages.put("scoring" + suffix, with(scoring, heap, scores));
    }

    private void stage(String name, Supplier<?> work) {
        long heapBefore = JavaHeap.inUse();
        takePeaks();
        long start = System.nanoTime();
        Object result = work.get();
        Measured measured = measured(start);
        stages.put(name, with(measured, JavaHeap.inUse() - heapBefore, result));
    }

    /** The result is named so that it is reachable while the heap is measured. */
    private static Measured with(Measured measured, long heap, Object result) {
        return new Measured(
                measured.seconds(),
                measured.backendBytes(),
                result instanceof List<?> ? 0 : heap,
                measured.residentBytes());
    }

    private Measured measured(long start) {
        double seconds = (System.nanoTime() - start) / 1e9;
        return new Measured(seconds, MatrixMemory.takePeak() - openBefore, 0, resident.takePeak() - residentBefore);
    }

    private void takePeaks() {
        MatrixMemory.takePeak();
        resident.takePeak();
    }

    @Override
    public void close() {
        resident.close();
        model.close();
    }
}
