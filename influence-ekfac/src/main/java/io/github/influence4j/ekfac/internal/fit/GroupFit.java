package io.github.influence4j.ekfac.internal.fit;

import io.github.influence4j.api.GradientProvider;
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
import io.github.influence4j.ekfac.internal.factor.SharedInputs;
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
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Fits the layers of one group: covariances, their decomposition, bases of eigenspaces, eigenvalues. Owns what it makes until {@link #run} hands
 * it over; for one run.
 */
final class GroupFit<E> {

    private static final String EIGENSPACES = "eigenspaces";

    private final MatrixBackend backend;
    private final FitOptions options;
    private final Rotation rotation;
    private final FactorMemory memory;
    private final FitData<E> data;
    private final GradientProvider<E> model;
    private final double limit;
    private final int group;
    private final ProgressListener progress;
    private final List<LayerSpec> layers;
    /** For each layer the first of the group that reads its input, whose A and Q_A are its own too. */
    private final int[] sources;

    private final Map<LayerSpec, LayerEigenbasis> bases = new LinkedHashMap<>();
    private final Map<LayerSpec, Long> positions = new LinkedHashMap<>();
    private final List<BackendMatrix> eigenvalues = new ArrayList<>();
    private final List<EigenspaceChoice.Note> notes = new ArrayList<>();
    private List<LayerCovariance> covariances = List.of();

    /** Fits layers of a model, as far as its factors may take as many bytes as the limit beside those of other groups. */
    GroupFit(
            MatrixBackend backend,
            FitOptions options,
            Rotation rotation,
            FactorMemory memory,
            FitData<E> data,
            GradientProvider<E> model,
            List<LayerSpec> layers,
            double limit,
            int group,
            ProgressListener progress) {
        this.backend = backend;
        this.options = options;
        this.rotation = rotation;
        this.memory = memory;
        this.data = data;
        this.model = model;
        this.limit = limit;
        this.group = group;
        this.progress = progress;
        this.layers = layers;
        this.sources = memory.shared().sources(layers);
    }

    /** Returns the curvature of each layer, which the caller closes. */
    List<LayerCurvature> run(StageClock clock) {
        try (CapturePass<E> pass = CapturePass.scaling(backend, model, layers)) {
            if (options.strategy().usesEigenbasis()) {
                findBases();
                clock.time("covariances", memory.covarianceBytes(layers, true), () -> accumulate(pass));
                int atOnce = memory.decompositionsAtOnce(layers, backend.decompositionsAtOnce());
                clock.time("eigendecomposition", memory.decompositionBytes(layers, atOnce), () -> decompose(atOnce));
            }
            if (options.strategy() == Strategy.EKFAC) {
                // what is only divided by, as K-FAC's eigenvalues are, is the same in every basis of an eigenspace
                choose(clock);
            }
            if (options.strategy().measuresEigenvalues()) {
                clock.time("eigenvalues", memory.eigenvalueBytes(layers, true), () -> measure(pass));
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

    /** What became of covariances with equal eigenvalues. */
    List<EigenspaceChoice.Note> notes() {
        return notes;
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

    private void accumulate(CapturePass<E> pass) {
        if (bases.size() == layers.size()) {
            return;
        }
        CovarianceStage.Options sums = new CovarianceStage.Options(
                data.fisher().weight(),
                options.blocks(),
                CovarianceStage.Basis.of(options.strategy()),
                memory.shared(),
                options.float64Covariances());
        try (CovarianceStage stage = new CovarianceStage(backend, layers, sums)) {
            data.addUp("covariances-" + group, CovarianceStage.NAME, pass, stage, progress);
            covariances = stage.release();
        }
    }

    /** First the layers that own their input, then those that take from them; small ones several at a time. */
    private void decompose(int atOnce) {
        if (covariances.isEmpty()) {
            return;
        }
        List<LayerCovariance> inOrder =
                memory.decompositionOrder(layers).stream().map(covariances::get).toList();
        for (boolean own : new boolean[] {true, false}) {
            List<LayerCovariance> wave = inOrder.stream()
                    .filter(covariance -> ownInput(covariance.layer()) == own)
                    .toList();
            onOneCoreEach(
                    wave.stream()
                            .filter(covariance -> memory.onOneCore(covariance.layer()))
                            .toList(),
                    atOnce);
            inTurn(wave.stream()
                    .filter(covariance -> !memory.onOneCore(covariance.layer()))
                    .toList());
        }
    }

    private void inTurn(List<LayerCovariance> wave) {
        for (LayerCovariance covariance : wave) {
            requireNotInterrupted();
            decompose(covariance);
        }
    }

    private void onOneCoreEach(List<LayerCovariance> wave, int atOnce) {
        if (backend.decompositionsAtOnce() == 1) {
            inTurn(wave);
            return;
        }
        AtomicInteger next = new AtomicInteger();
        AtomicBoolean stopped = new AtomicBoolean();
        // two at least, of which one may have nothing to do: a task alone would have all cores
        backend.inParallel(Math.max(2, atOnce), task -> {
            if (task >= atOnce) {
                return;
            }
            try {
                for (int k = next.getAndIncrement(); k < wave.size() && !stopped.get(); k = next.getAndIncrement()) {
                    requireNotInterrupted();
                    decompose(wave.get(k));
                }
            } catch (RuntimeException | Error e) {
                stopped.set(true);
                throw e;
            }
        });
    }

    private synchronized void requireNotInterrupted() {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException(
                    "eigendecomposition was interrupted after " + bases.size() + " of " + layers.size() + " layers");
        }
    }

    private void decompose(LayerCovariance covariance) {
        LayerSpec layer = covariance.layer();
        if (basis(layer).isEmpty()) {
            LayerEigenbasis basis = source(layer)
                    .map(source -> EigenbasisStage.decompose(backend, covariance, source))
                    .orElseGet(() -> EigenbasisStage.decompose(backend, covariance));
            keep(layer, basis, covariance.positions());
        }
        // covariances are the largest things there are: free them at once
        covariance.close();
    }

    private synchronized void keep(LayerSpec layer, LayerEigenbasis basis, long realPositions) {
        bases.put(layer, basis);
        positions.put(layer, realPositions);
        data.kept()
                .ifPresent(keeper ->
                        keeper.keep(piece(layer), 1, KeptBasis.matrices(basis, ownInput(layer), realPositions)));
        progress.progress("eigendecomposition", bases.size(), layers.size());
    }

    /** One more pass, over the layers whose covariances have equal eigenvalues. */
    private void choose(StageClock clock) {
        EigenspaceChoice choice = new EigenspaceChoice(
                backend,
                layers.stream().map(layer -> basis(layer).orElseThrow()).toList());
        List<LayerSpec> asked = choice.layers();
        if (asked.isEmpty()) {
            return;
        }
        FactorMemory sums = new FactorMemory(backend.precision(), Strategy.GRADIENT_BASIS, options.blocks());
        double bytes = sums.covarianceBytes(asked, true) + LayerEigenbasis.heldBytes(bases.values());
        if (bytes > limit) {
            notes.addAll(choice.leave());
            return;
        }
        CovarianceStage.Options whole = new CovarianceStage.Options(
                data.fisher().weight(),
                options.blocks(),
                CovarianceStage.Basis.GRADIENTS,
                SharedInputs.none(),
                options.float64Covariances());
        clock.time(EIGENSPACES, bytes, () -> {
            try (CapturePass<E> pass = CapturePass.scaling(backend, model, asked);
                    CovarianceStage stage = new CovarianceStage(backend, asked, whole)) {
                data.addUp(EIGENSPACES + "-" + group, EIGENSPACES, pass, stage, progress);
                covariances = stage.release();
                notes.addAll(choice.choose(covariances));
                covariances.forEach(LayerCovariance::close);
            }
        });
    }

    private void measure(CapturePass<E> pass) {
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

    private synchronized Optional<LayerEigenbasis> basis(LayerSpec layer) {
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
