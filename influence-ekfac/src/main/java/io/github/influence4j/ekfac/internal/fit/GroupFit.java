package io.github.influence4j.ekfac.internal.fit;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.internal.eigen.EigenbasisStage;
import io.github.influence4j.ekfac.internal.eigen.EigenvalueStage;
import io.github.influence4j.ekfac.internal.eigen.KroneckerEigenvalues;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.factor.CovarianceStage;
import io.github.influence4j.ekfac.internal.factor.FactorMemory;
import io.github.influence4j.ekfac.internal.factor.LayerCovariance;
import io.github.influence4j.ekfac.internal.solve.LayerCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/**
 * Fits the layers of one group: covariances, their decomposition, eigenvalues. Owns what it makes until {@link #run} hands
 * it over; for one run.
 */
final class GroupFit<E> {

    private final MatrixBackend backend;
    private final FitOptions options;
    private final Rotation rotation;
    private final FactorMemory memory;
    private final FitData<E> data;
    private final CapturePass<E> pass;
    private final int group;
    private final ProgressListener progress;
    private final List<LayerSpec> layers;
    /** For each layer the first of the group that reads its input, whose A and Q_A are its own too. */
    private final int[] sources;

    private final Map<LayerSpec, LayerEigenbasis> bases = new LinkedHashMap<>();
    private final Map<LayerSpec, Long> positions = new LinkedHashMap<>();
    private final List<BackendMatrix> eigenvalues = new ArrayList<>();
    private List<LayerCovariance> covariances = List.of();

    GroupFit(
            MatrixBackend backend,
            FitOptions options,
            Rotation rotation,
            FactorMemory memory,
            FitData<E> data,
            CapturePass<E> pass,
            int group,
            ProgressListener progress) {
        this.backend = backend;
        this.options = options;
        this.rotation = rotation;
        this.memory = memory;
        this.data = data;
        this.pass = pass;
        this.group = group;
        this.progress = progress;
        this.layers = pass.layers();
        this.sources = memory.shared().sources(layers);
    }

    /** Returns the curvature of each layer of the pass, which the caller closes. */
    List<LayerCurvature> run(StageClock clock) {
        try {
            if (options.strategy().usesEigenbasis()) {
                findBases();
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
            bases.values().forEach(LayerEigenbasis::close);
            eigenvalues.forEach(BackendMatrix::close);
            throw e;
        } finally {
            covariances.forEach(LayerCovariance::close);
        }
    }

    /** Real positions of the training set in layers with an eigenbasis, added up. */
    long positions() {
        return positions.values().stream().mapToLong(Long::longValue).sum();
    }

    private void findBases() {
        for (LayerSpec layer : layers) {
            // what a layer takes from another must be there
            Optional<KeptFit.Piece> found = ownInput(layer) || source(layer).isPresent()
                    ? data.kept().flatMap(keeper -> keeper.find(piece(layer)))
                    : Optional.empty();
            if (found.isPresent()) {
                try (KeptFit.Piece piece = found.get()) {
                    bases.put(layer, KeptBasis.restore(backend, layer, options.blocks(), source(layer), piece));
                    positions.put(layer, KeptBasis.positions(piece));
                }
            }
        }
    }

    /** The basis that a layer takes Q_A from, which is finished before it. */
    private Optional<LayerEigenbasis> source(LayerSpec layer) {
        return ownInput(layer) ? Optional.empty() : basis(layers.get(sources[layers.indexOf(layer)]));
    }

    private boolean ownInput(LayerSpec layer) {
        int l = layers.indexOf(layer);
        return sources[l] == l;
    }

    private String piece(LayerSpec layer) {
        return "basis-" + group + "-" + layers.indexOf(layer);
    }

    private void accumulate() {
        if (bases.size() == layers.size()) {
            return;
        }
        CovarianceStage.Options sums = new CovarianceStage.Options(
                data.fisher().weight(),
                options.blocks(),
                CovarianceStage.Basis.of(options.strategy()),
                memory.shared());
        try (CovarianceStage stage = new CovarianceStage(backend, layers, sums)) {
            data.addUp("covariances-" + group, CovarianceStage.NAME, pass, stage, progress);
            covariances = stage.release();
        }
    }

    private void decompose() {
        for (LayerCovariance covariance : covariances) {
            LayerSpec layer = covariance.layer();
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("eigendecomposition was interrupted after " + bases.size() + " of "
                        + layers.size() + " layers");
            }
            if (!bases.containsKey(layer)) {
                LayerEigenbasis basis = source(layer)
                        .map(source -> EigenbasisStage.decompose(backend, covariance, source))
                        .orElseGet(() -> EigenbasisStage.decompose(backend, covariance));
                bases.put(layer, basis);
                positions.put(layer, covariance.positions());
                data.kept()
                        .ifPresent(keeper -> keeper.keep(
                                piece(layer), 1, KeptBasis.matrices(basis, ownInput(layer), covariance.positions())));
                progress.progress("eigendecomposition", bases.size(), layers.size());
            }
            // covariances are the largest things there are: free them at once
            covariance.close();
        }
    }

    private void measure() {
        List<Optional<LayerEigenbasis>> perLayer =
                layers.stream().map(this::basis).toList();
        try (EigenvalueStage stage = new EigenvalueStage(backend, layers, perLayer, rotation)) {
            data.addUp("eigenvalues-" + group, EigenvalueStage.NAME, pass, stage, progress);
            eigenvalues.addAll(stage.release(data.size() * data.fisher().weight()));
        }
    }

    /** λ_S λ_Aᵀ, [o, i]. */
    private void multiplyEigenvalues() {
        for (LayerSpec layer : layers) {
            boolean perExample = options.kfacScale() == FitOptions.KfacScale.PER_EXAMPLE;
            double scale = perExample ? (double) positions.getOrDefault(layer, 0L) / data.size() : 1;
            eigenvalues.add(KroneckerEigenvalues.of(backend, basis(layer).orElseThrow(), scale));
        }
    }

    private Optional<LayerEigenbasis> basis(LayerSpec layer) {
        return Optional.ofNullable(bases.get(layer));
    }

    private List<LayerCurvature> layerCurvatures() {
        List<LayerCurvature> curvatures = new ArrayList<>();
        for (int l = 0; l < layers.size(); l++) {
            Optional<BackendMatrix> values = eigenvalues.isEmpty() ? Optional.empty() : Optional.of(eigenvalues.get(l));
            curvatures.add(LayerCurvature.of(layers.get(l), basis(layers.get(l)), values));
        }
        return curvatures;
    }
}
