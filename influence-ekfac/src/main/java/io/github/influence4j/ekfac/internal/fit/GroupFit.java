package io.github.influence4j.ekfac.internal.fit;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.internal.eigen.EigenbasisStage;
import io.github.influence4j.ekfac.internal.eigen.EigenvalueStage;
import io.github.influence4j.ekfac.internal.eigen.KroneckerEigenvalues;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.factor.CovarianceStage;
import io.github.influence4j.ekfac.internal.factor.FactorMemory;
import io.github.influence4j.ekfac.internal.factor.FisherObjectives;
import io.github.influence4j.ekfac.internal.factor.LayerCovariance;
import io.github.influence4j.ekfac.internal.solve.LayerCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;

/**
 * Fits the layers of one group: covariances, their decomposition, eigenvalues. Owns what it makes until {@link #run} hands
 * it over; for one run.
 */
final class GroupFit<E> {

    private final MatrixBackend backend;
    private final FitOptions options;
    private final FisherObjectives objectives;
    private final CapturePass<E> pass;
    private final ExampleSource<E> data;
    private final ProgressListener progress;
    private final List<LayerCovariance> covariances = new ArrayList<>();
    private final List<LayerEigenbasis> bases = new ArrayList<>();
    private final List<BackendMatrix> eigenvalues = new ArrayList<>();

    GroupFit(
            MatrixBackend backend,
            FitOptions options,
            FisherObjectives objectives,
            CapturePass<E> pass,
            ExampleSource<E> data,
            ProgressListener progress) {
        this.backend = backend;
        this.options = options;
        this.objectives = objectives;
        this.pass = pass;
        this.data = data;
        this.progress = progress;
    }

    /** Returns the curvature of each layer of the pass, which the caller closes. */
    List<LayerCurvature> run(StageClock clock) {
        FactorMemory memory = new FactorMemory(backend.precision(), options.strategy(), options.blocks());
        List<LayerSpec> layers = pass.layers();
        try {
            if (options.strategy().usesEigenbasis()) {
                clock.time("covariances", memory.covarianceBytes(layers, true), this::accumulate);
                clock.time("eigendecomposition", memory.decompositionBytes(layers), this::decompose);
            }
            if (options.strategy().measuresEigenvalues()) {
                clock.time("eigenvalues", memory.eigenvalueBytes(layers, true), this::measure);
            } else if (options.strategy() == Strategy.KFAC) {
                multiplyEigenvalues();
            }
            return layerCurvatures();
        } catch (RuntimeException | Error e) {
            bases.forEach(LayerEigenbasis::close);
            eigenvalues.forEach(BackendMatrix::close);
            throw e;
        } finally {
            covariances.forEach(LayerCovariance::close);
        }
    }

    private void accumulate() {
        CovarianceStage.Options stage = new CovarianceStage.Options(
                options.batchSize(), objectives, options.blocks(), CovarianceStage.Basis.of(options.strategy()));
        covariances.addAll(CovarianceStage.fit(backend, pass, data, stage, progress));
    }

    private void decompose() {
        for (LayerCovariance covariance : covariances) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("eigendecomposition was interrupted after " + bases.size() + " of "
                        + covariances.size() + " layers");
            }
            bases.add(EigenbasisStage.decompose(backend, covariance));
            // covariances are the largest things there are: free them at once
            covariance.close();
            progress.progress("eigendecomposition", bases.size(), covariances.size());
        }
    }

    private void measure() {
        EigenvalueStage.Options stage =
                new EigenvalueStage.Options(options.batchSize(), objectives, options.rotation());
        List<Optional<LayerEigenbasis>> perLayer =
                IntStream.range(0, pass.layers().size()).mapToObj(this::basis).toList();
        eigenvalues.addAll(EigenvalueStage.fit(backend, pass, data, stage, perLayer, progress));
    }

    /** λ_S λ_Aᵀ, [o, i]. */
    private void multiplyEigenvalues() {
        for (int l = 0; l < bases.size(); l++) {
            double positions = covariances.get(l).positions();
            double scale = options.kfacScale() == FitOptions.KfacScale.PER_EXAMPLE ? positions / data.size() : 1;
            eigenvalues.add(KroneckerEigenvalues.of(backend, bases.get(l), scale));
        }
    }

    private Optional<LayerEigenbasis> basis(int layer) {
        return bases.isEmpty() ? Optional.empty() : Optional.of(bases.get(layer));
    }

    private List<LayerCurvature> layerCurvatures() {
        List<LayerCurvature> curvatures = new ArrayList<>();
        for (int l = 0; l < pass.layers().size(); l++) {
            LayerSpec layer = pass.layers().get(l);
            Optional<BackendMatrix> values = eigenvalues.isEmpty() ? Optional.empty() : Optional.of(eigenvalues.get(l));
            curvatures.add(LayerCurvature.of(layer, basis(l), values));
        }
        return curvatures;
    }
}
