package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.SelfInfluence;
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
import io.github.influence4j.ekfac.options.QueryRank;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * This library's five stages on a workload, each timed with its own file writing: the factors and scores that kronfluence
 * writes are written here too, in float32.
 */
final class EkfacPipeline implements AutoCloseable {

    private final MatrixBackend backend;
    private final Workload workload;
    private final WorkloadModel model;
    private final ExampleSource<Example> train;
    private final ExampleSource<Example> queries;
    private final List<LayerSpec> layers;
    private final FisherObjectives fisher =
            new FisherObjectives(List.of(new Objective.SampledLabels(/* the labels are drawn already */ 0)), 1);
    private final Path folder;

    /** A part of the work that may write files. */
    private interface Work<T> {
        T run() throws IOException;
    }

    /** Is told when a stage is done. */
    interface StageDone {
        void accept(Stage stage, double seconds);
    }

    EkfacPipeline(MatrixBackend backend, WorkloadData data, Path folder) {
        this.backend = backend;
        this.workload = data.workload();
        this.model = WorkloadModel.of(backend, data);
        this.train = data.train().source();
        this.queries = data.queries().source();
        this.layers = workload.layers();
        this.folder = folder;
    }

    Workload workload() {
        return workload;
    }

    /** Runs all stages once. */
    PipelineRun run() throws IOException {
        return run((stage, seconds) -> {});
    }

    /** Runs all stages once and tells when each is done. */
    PipelineRun run(StageDone done) throws IOException {
        Stages stages = new Stages(new EnumMap<>(Stage.class), done);
        List<AutoCloseable> owned = new ArrayList<>();
        try {
            List<LayerCovariance> covariances = stages.timed(Stage.COVARIANCE, this::covariances);
            owned.addAll(covariances);
            List<LayerEigenbasis> bases = stages.timed(Stage.EIGEN, () -> bases(covariances));
            List<LayerCurvature> curvatures = stages.timed(Stage.LAMBDA, () -> eigenvalues(bases));
            owned.addAll(curvatures);
            ScoreOptions whole =
                    ScoreOptions.defaults().withBatchSize(workload.batchSize()).withQueryBatchSize(workload.queries());
            double[] pairwise = stages.timed(Stage.PAIRWISE, () -> pairwise(Stage.PAIRWISE, curvatures, whole));
            if (workload.lowRank()) {
                ScoreOptions cut = whole.withRank(QueryRank.randomised(Workload.RANK, 1));
                stages.timed(Stage.PAIRWISE_LOW_RANK, () -> pairwise(Stage.PAIRWISE_LOW_RANK, curvatures, cut));
            }
            double[] self = stages.timed(Stage.SELF, () -> self(curvatures, whole));
            return new PipelineRun(stages.seconds(), pairwise, self);
        } finally {
            closeAll(owned);
        }
    }

    private record Stages(Map<Stage, Double> seconds, StageDone done) {

        <T> T timed(Stage stage, Work<T> work) throws IOException {
            long start = System.nanoTime();
            T result = work.run();
            double took = (System.nanoTime() - start) / 1e9;
            seconds.put(stage, took);
            done.accept(stage, took);
            return result;
        }
    }

    private static void closeAll(List<AutoCloseable> owned) {
        for (AutoCloseable one : owned) {
            try {
                one.close();
            } catch (Exception e) {
                throw new IllegalStateException("could not free a factor", e);
            }
        }
    }

    private List<LayerCovariance> covariances() throws IOException {
        try (CapturePass<Example> pass = new CapturePass<>(backend, model)) {
            List<LayerCovariance> covariances =
                    CovarianceStage.fit(backend, pass, train, workload.batchSize(), fisher, ProgressListener.silent());
            List<Matrix> activation = new ArrayList<>();
            List<Matrix> gradient = new ArrayList<>();
            for (LayerCovariance covariance : covariances) {
                activation.add(covariance.activation().orElseThrow());
                gradient.add(covariance.gradient());
            }
            write("activation_covariance", activation);
            write("gradient_covariance", gradient);
            return covariances;
        }
    }

    private List<LayerEigenbasis> bases(List<LayerCovariance> covariances) throws IOException {
        List<LayerEigenbasis> bases = new ArrayList<>();
        List<Matrix> activation = new ArrayList<>();
        List<Matrix> gradient = new ArrayList<>();
        List<Tensor> activationValues = new ArrayList<>();
        List<Tensor> gradientValues = new ArrayList<>();
        for (LayerCovariance covariance : covariances) {
            LayerEigenbasis basis = EigenbasisStage.decompose(backend, covariance);
            bases.add(basis);
            activation.add(basis.activationVectors());
            gradient.add(basis.gradientVectors());
            activationValues.add(Tensor.vector(basis.layer().name(), basis.activationValues()));
            gradientValues.add(Tensor.vector(basis.layer().name(), basis.gradientValues()));
        }
        write("activation_eigenvectors", activation);
        write("gradient_eigenvectors", gradient);
        Tensor.write(file("activation_eigenvalues"), activationValues);
        Tensor.write(file("gradient_eigenvalues"), gradientValues);
        return bases;
    }

    private List<LayerCurvature> eigenvalues(List<LayerEigenbasis> bases) throws IOException {
        try (CapturePass<Example> pass = new CapturePass<>(backend, model)) {
            List<BackendMatrix> lambdas = EigenvalueStage.fit(
                    backend,
                    pass,
                    train,
                    new EigenvalueStage.Options(workload.batchSize(), fisher, Rotation.CHEAPEST),
                    bases.stream().map(Optional::of).toList(),
                    ProgressListener.silent());
            write("lambda_matrix", lambdas);
            return curvatures(bases, lambdas);
        }
    }

    private List<LayerCurvature> curvatures(List<LayerEigenbasis> bases, List<BackendMatrix> lambdas) {
        List<LayerCurvature> curvatures = new ArrayList<>();
        for (int l = 0; l < layers.size(); l++) {
            curvatures.add(LayerCurvature.of(layers.get(l), Optional.of(bases.get(l)), Optional.of(lambdas.get(l))));
        }
        return curvatures;
    }

    private double[] pairwise(Stage stage, List<LayerCurvature> curvatures, ScoreOptions options) throws IOException {
        try (EigenbasisSolver solver = solver(curvatures)) {
            InfluenceScores scores = scorer(options).pairwise(solver, queries, train);
            Matrix matrix = scores.matrix();
            Tensor.write(file(stage.key() + "_scores"), List.of(Tensor.of("all_modules", matrix)));
            double[] values = new double[matrix.rows() * matrix.columns()];
            matrix.read(0, matrix.rows(), values, 0);
            return values;
        }
    }

    private double[] self(List<LayerCurvature> curvatures, ScoreOptions options) throws IOException {
        try (EigenbasisSolver solver = solver(curvatures)) {
            SelfInfluence scores = scorer(options).self(solver, train);
            Tensor.write(file("self_scores"), List.of(Tensor.vector("all_modules", scores.scores())));
            return scores.scores();
        }
    }

    private EigenbasisSolver solver(List<LayerCurvature> curvatures) {
        Map<String, Double> lambdas = new HashMap<>();
        for (LayerCurvature curvature : curvatures) {
            lambdas.put(curvature.layer().name(), Damping.DEFAULT.resolve(curvature.meanEigenvalue()));
        }
        Provenance provenance = Provenance.here(backend.description(), backend.precision(), Optional.empty());
        return EigenbasisSolver.of(backend, curvatures, new LayerDamping(lambdas), provenance);
    }

    private InfluenceScorer<Example> scorer(ScoreOptions options) {
        return new InfluenceScorer<>(backend, model, options, ProgressListener.silent());
    }

    private void write(String name, List<? extends Matrix> matrices) throws IOException {
        List<Tensor> tensors = new ArrayList<>();
        for (int l = 0; l < layers.size(); l++) {
            tensors.add(Tensor.of(layers.get(l).name(), matrices.get(l)));
        }
        Tensor.write(file(name), tensors);
    }

    private Path file(String name) {
        return folder.resolve(name + ".safetensors");
    }

    @Override
    public void close() {
        model.close();
    }
}
