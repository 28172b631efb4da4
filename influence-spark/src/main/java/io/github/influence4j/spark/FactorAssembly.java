package io.github.influence4j.spark;

import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.internal.eigen.KroneckerEigenvalues;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.fit.EigenspaceChoice;
import io.github.influence4j.ekfac.internal.fit.FitNotes;
import io.github.influence4j.ekfac.internal.fit.KeptBasis;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.LayerCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.store.FolderLock;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.internal.StoredPiece;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Puts the pieces of a fit together into the files of the factor store, the manifest last. Reads and writes row by row, so that it takes
 * little memory however large the factors are.
 *
 * @param <E> the host's type of an example
 * @param units the fit, and where its pieces are
 * @param examples N
 * @param partitions in how many parts the sums were taken
 * @param chosen units whose eigenvectors were chosen by gradients
 * @param notes what became of covariances with equal eigenvalues
 * @param seconds how long each stage took
 */
record FactorAssembly<E>(
        FitUnits<E> units,
        long examples,
        int partitions,
        Set<Integer> chosen,
        List<FitUnits.Note> notes,
        Map<String, Double> seconds)
        implements Serializable {

    /** Writes the factors. */
    void write(Path target) throws IOException {
        units.folder().requireSeen();
        FitOptions options = units.settings().options();
        List<SafetensorsFile> files = new ArrayList<>();
        List<LayerCurvature> parts = new ArrayList<>();
        try (var loan = units.model().borrow()) {
            GradientProvider<E> model = units.model().in(loan);
            units.plan().requireSame(model);
            MatrixBackend backend = ExecutorJvm.backend(units.model().precision());
            Map<Integer, LayerEigenbasis> bases =
                    options.strategy().usesEigenbasis() ? bases(model.layers(), files) : Map.of();
            for (int l = 0; l < model.layers().size(); l++) {
                Optional<LayerEigenbasis> basis = Optional.ofNullable(bases.get(l));
                parts.add(LayerCurvature.of(model.layers().get(l), basis, eigenvalues(backend, l, basis, files)));
            }
            try (FolderLock lock = TaskLock.acquire(target)) {
                if (units.folder().isFinished()) {
                    // by an attempt that was taken for lost, or was the faster of two; the user may read it by now
                    return;
                }
                FactorStore.save(
                        target, EigenbasisCurvature.of(backend, parts, provenance(backend, model, parts)), lock);
                units.folder().finish();
            }
        } finally {
            parts.forEach(LayerCurvature::close);
            for (SafetensorsFile file : files) {
                file.close();
            }
        }
    }

    /** In the files, by the index of the layer; layers that read the same input have the same Q_A. */
    private Map<Integer, LayerEigenbasis> bases(List<LayerSpec> layers, List<SafetensorsFile> files)
            throws IOException {
        Map<Integer, LayerEigenbasis> bases = new HashMap<>();
        for (List<Integer> unit :
                units.plan().groups().stream().flatMap(List::stream).toList()) {
            int first = unit.get(0);
            for (int layer : unit) {
                SafetensorsFile file = units.folder().open(FitUnits.basis(layer, chosen.contains(first)));
                files.add(file);
                bases.put(
                        layer,
                        KeptBasis.restore(
                                layers.get(layer),
                                units.settings().blocks(),
                                Optional.ofNullable(bases.get(first)),
                                new StoredPiece(1, file),
                                StoredMatrix::new));
            }
        }
        return bases;
    }

    private Optional<BackendMatrix> eigenvalues(
            MatrixBackend backend, int layer, Optional<LayerEigenbasis> basis, List<SafetensorsFile> files)
            throws IOException {
        Strategy strategy = units.settings().strategy();
        if (strategy.measuresEigenvalues()) {
            SafetensorsFile file = units.folder().open(FitUnits.eigenvalues(layer));
            files.add(file);
            return Optional.of(new StoredMatrix(file.matrix(FitUnits.EIGENVALUES)));
        }
        if (strategy == Strategy.KFAC) {
            boolean perExample = units.settings().kfacScale() == FitOptions.KfacScale.PER_EXAMPLE;
            double scale = perExample ? (double) positions(layer) / examples : 1;
            return Optional.of(KroneckerEigenvalues.of(backend, basis.orElseThrow(), scale));
        }
        return Optional.empty();
    }

    private long positions(int layer) throws IOException {
        try (StoredPiece piece = new StoredPiece(1, units.folder().open(FitUnits.basis(layer, false)))) {
            return KeptBasis.positions(piece);
        }
    }

    private Provenance provenance(MatrixBackend backend, GradientProvider<E> model, List<LayerCurvature> parts) {
        FitOptions options = units.settings().options();
        String labels = units.settings().sampled()
                ? model.sampledLabels().orElse(options.labels().toString())
                : options.labels().toString();
        Provenance made = FitNotes.provenance(backend, options, model.fingerprint(), labels, examples)
                .withCount("layer groups", units.plan().groups().size())
                .withCount("partitions", partitions);
        for (Map.Entry<String, Double> stage : seconds.entrySet()) {
            made = made.withDuration(stage.getKey(), Duration.ofMillis(Math.round(1000 * stage.getValue())));
        }
        return FitNotes.add(
                made,
                parts,
                notes.stream()
                        .map(note -> new EigenspaceChoice.Note(note.covariance(), note.decided()))
                        .toList());
    }
}
