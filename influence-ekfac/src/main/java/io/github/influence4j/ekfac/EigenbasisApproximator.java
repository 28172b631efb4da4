package io.github.influence4j.ekfac;

import io.github.influence4j.api.CurvatureApproximator;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.OutputHessianRoots;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.eigen.EigenbasisStage;
import io.github.influence4j.ekfac.eigen.EigenvalueStage;
import io.github.influence4j.ekfac.eigen.KroneckerEigenvalues;
import io.github.influence4j.ekfac.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.factor.CapturePass;
import io.github.influence4j.ekfac.factor.CovarianceStage;
import io.github.influence4j.ekfac.factor.FactorMemory;
import io.github.influence4j.ekfac.factor.FisherObjectives;
import io.github.influence4j.ekfac.factor.LayerCovariance;
import io.github.influence4j.ekfac.solve.LayerCurvature;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Fits a layer-wise curvature that is diagonal in a known basis: EK-FAC, K-FAC, the Fisher's diagonal, or the identity.
 *
 * <p>EK-FAC takes two passes over the data (covariances, then eigenvalues in their eigenbasis) and one eigendecomposition
 * of each covariance in between; K-FAC saves the second pass, the diagonal the first, the identity both. Per layer and
 * example with t positions the passes cost t(i² + o²) and 2t(i² + o²) + 2t·i·o flops beside the model's own, the
 * decompositions about 9(i³ + o³). Memory is that of the factors (see {@link FactorMemory}) and one batch of one layer.
 *
 * <p>Source: Grosse et al. 2023, section 2.3 and Eq. 14-21 and 26. Immutable; may be used for any number of fits.
 *
 * @param <E> the host's type of an example
 * @param <P> what the model must be able to do
 */
public final class EigenbasisApproximator<E, P extends GradientProvider<E>> implements CurvatureApproximator<E, P> {

    private final MatrixBackend backend;
    private final FitOptions options;
    private final Function<P, FisherObjectives> fisher;
    private final String labels;

    private EigenbasisApproximator(
            MatrixBackend backend, FitOptions options, Function<P, FisherObjectives> fisher, String labels) {
        this.backend = backend;
        this.options = options;
        this.fisher = fisher;
        this.labels = labels;
    }

    /**
     * Prepares EK-FAC with the defaults.
     *
     * @param <E> the host's type of an example
     * @param backend computes and holds the factors; must stay open as long as the curvatures
     * @return an approximator
     */
    public static <E> EigenbasisApproximator<E, GradientProvider<E>> ekfac(MatrixBackend backend) {
        return of(backend, FitOptions.defaults());
    }

    /**
     * Prepares any of the strategies.
     *
     * @param <E> the host's type of an example
     * @param backend computes and holds the factors; must stay open as long as the curvatures
     * @param options strategy, labels, batch size
     * @return an approximator
     */
    public static <E> EigenbasisApproximator<E, GradientProvider<E>> of(MatrixBackend backend, FitOptions options) {
        FisherObjectives objectives;
        if (options.labels() instanceof FisherLabels.Sampled sampled) {
            objectives = new FisherObjectives(
                    LongStream.range(0, sampled.draws())
                            .mapToObj(draw -> new Objective.SampledLabels(sampled.seed() + draw))
                            .toList(),
                    sampled.draws());
        } else {
            objectives = new FisherObjectives(List.of(new Objective.TrainingLoss()), 1);
        }
        return new EigenbasisApproximator<>(
                backend, options, model -> objectives, options.labels().toString());
    }

    /**
     * Prepares any of the strategies on the exact Gauss-Newton matrix instead of sampled labels: every batch is captured
     * once for each column of the output Hessian's root. The labels of the options are ignored.
     *
     * @param <E> the host's type of an example
     * @param backend computes and holds the factors; must stay open as long as the curvatures
     * @param options strategy and batch size
     * @return an approximator for models that offer the roots
     */
    public static <E> EigenbasisApproximator<E, OutputHessianRoots<E>> exactFisher(
            MatrixBackend backend, FitOptions options) {
        return new EigenbasisApproximator<>(
                backend,
                options,
                model -> new FisherObjectives(
                        IntStream.range(0, model.outputHessianColumns())
                                .mapToObj(Objective.OutputHessianRoot::new)
                                .toList(),
                        1),
                "exact output Hessian");
    }

    @Override
    public EigenbasisCurvature fit(P model, ExampleSource<E> data) {
        return fit(model, data, ProgressListener.silent());
    }

    @Override
    public EigenbasisCurvature fit(P model, ExampleSource<E> data, ProgressListener progress) {
        try (CapturePass<E> pass = new CapturePass<>(backend, model)) {
            boolean eigenbasis = options.strategy().usesEigenbasis();
            FactorMemory.require(
                    pass.layers(), backend, eigenbasis, options.memoryLimit().orElseGet(backend::availableMemory));
            return new Fit(pass, model, data, progress).run();
        }
    }

    /** One run: owns what it makes until the curvature takes it. */
    private final class Fit {
        private final CapturePass<E> pass;
        private final P model;
        private final ExampleSource<E> data;
        private final ProgressListener progress;
        private final List<LayerCovariance> covariances = new ArrayList<>();
        private final List<LayerEigenbasis> bases = new ArrayList<>();
        private Provenance provenance;

        Fit(CapturePass<E> pass, P model, ExampleSource<E> data, ProgressListener progress) {
            this.pass = pass;
            this.model = model;
            this.data = data;
            this.progress = progress;
            this.provenance = Provenance.here(backend.description(), backend.precision(), model.fingerprint())
                    .withOption("strategy", options.strategy().toString())
                    .withOption("labels", labels)
                    .withOption("batch size", Integer.toString(options.batchSize()))
                    .withOption("blocks", Integer.toString(options.blocks()))
                    .withOption("K-FAC scale", options.kfacScale().toString())
                    .withCount("examples", data.size());
        }

        EigenbasisCurvature run() {
            FisherObjectives objectives = fisher.apply(model);
            try {
                if (options.strategy().usesEigenbasis()) {
                    timed(
                            "covariances",
                            () -> covariances.addAll(CovarianceStage.fit(
                                    backend,
                                    pass,
                                    data,
                                    new CovarianceStage.Options(options.batchSize(), objectives, options.blocks()),
                                    progress)));
                    timed("eigendecomposition", this::decompose);
                }
                List<BackendMatrix> eigenvalues = new ArrayList<>();
                if (options.strategy().measuresEigenvalues()) {
                    timed("eigenvalues", () -> eigenvalues.addAll(measure(objectives)));
                }
                return new EigenbasisCurvature(backend, layerCurvatures(eigenvalues), provenance);
            } catch (RuntimeException | Error e) {
                bases.forEach(LayerEigenbasis::close);
                throw e;
            } finally {
                covariances.forEach(LayerCovariance::close);
            }
        }

        private void decompose() {
            for (LayerCovariance covariance : covariances) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new CancellationException("eigendecomposition was interrupted after " + bases.size() + " of "
                            + covariances.size() + " layers");
                }
                bases.add(EigenbasisStage.decompose(backend, covariance));
                // one layer's covariances are the largest things there are: free them at once
                covariance.close();
                progress.progress("eigendecomposition", bases.size(), covariances.size());
            }
        }

        private List<BackendMatrix> measure(FisherObjectives objectives) {
            return EigenvalueStage.fit(
                    backend,
                    pass,
                    data,
                    new EigenvalueStage.Options(options.batchSize(), objectives, options.rotation()),
                    IntStream.range(0, pass.layers().size())
                            .mapToObj(this::basis)
                            .toList(),
                    progress);
        }

        private Optional<LayerEigenbasis> basis(int layer) {
            return bases.isEmpty() ? Optional.empty() : Optional.of(bases.get(layer));
        }

        private List<LayerCurvature> layerCurvatures(List<BackendMatrix> eigenvalues) {
            List<LayerCurvature> curvatures = new ArrayList<>();
            for (int l = 0; l < pass.layers().size(); l++) {
                LayerSpec layer = pass.layers().get(l);
                Optional<BackendMatrix> values =
                        switch (options.strategy()) {
                            case IDENTITY -> Optional.empty();
                            case DIAGONAL, EKFAC -> Optional.of(eigenvalues.get(l));
                            case KFAC ->
                                Optional.of(kroneckerEigenvalues(
                                        bases.get(l), covariances.get(l).positions()));
                        };
                curvatures.add(LayerCurvature.of(layer, basis(l), values));
            }
            return curvatures;
        }

        /** λ_S λ_Aᵀ, [o, i]. */
        private BackendMatrix kroneckerEigenvalues(LayerEigenbasis basis, long positions) {
            double scale =
                    options.kfacScale() == FitOptions.KfacScale.PER_EXAMPLE ? (double) positions / data.size() : 1;
            return KroneckerEigenvalues.of(backend, basis, scale);
        }

        private void timed(String stage, Runnable work) {
            long start = System.nanoTime();
            work.run();
            provenance = provenance.withDuration(stage, Duration.ofNanos(System.nanoTime() - start));
        }
    }
}
