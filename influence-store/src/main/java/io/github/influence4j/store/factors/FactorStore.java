package io.github.influence4j.store.factors;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.Fingerprint;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.LayerCurvature;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.ShardFolder;
import io.github.influence4j.store.Checksum;
import io.github.influence4j.store.FolderLock;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Fitted factors in a folder, in kronfluence's layout: one safetensors file for eigenvectors, one for eigenvalues and so on,
 * with a tensor for each layer, and beside them {@code manifest.json} with layers, options, provenance and checksums.
 *
 * <p>Factors written here load in kronfluence, which ignores the manifest, but for those of layers that read the same input: they
 * have one tensor between them, unless they are written with {@link #saveForKronfluence}. Factors written there are read with {@link
 * #openKronfluence}. Λ is stored as kronfluence does, as a sum with the number of examples, so it comes back to the last
 * rounding. K-FAC's option {@code PER_EXAMPLE} is multiplied into the gradient covariance's eigenvalues.
 *
 * <p>Files are on the medium before the first of them gets its name, so a full disk leaves an older store as it was, and
 * checksums tell a half renamed one. Immutable; safe for use by several threads. Writers are kept apart by a {@link
 * FolderLock}.
 */
public final class FactorStore {

    private final ShardFolder folder;
    private final FactorManifest manifest;
    private final FactorFiles.Source source;

    FactorStore(ShardFolder folder, FactorManifest manifest, FactorFiles.Source source) {
        this.folder = folder;
        this.manifest = manifest;
        this.source = source;
    }

    /**
     * Writes a curvature, replacing an older one.
     *
     * @param folder where to; made if there is none
     * @param curvature what to write; not changed
     * @return the store
     * @throws IOException if the files cannot be written; an older store is then still there
     * @throws IllegalArgumentException if the curvature is not one that is diagonal in a basis of each layer
     * @throws IllegalStateException if somebody else is writing to the folder
     */
    public static FactorStore save(Path folder, Curvature curvature) throws IOException {
        try (FolderLock lock = FolderLock.acquire(folder)) {
            return save(folder, curvature, lock);
        }
    }

    /**
     * Writes a fitted curvature, replacing an older one.
     *
     * @param folder where to; made if there is none
     * @param fitted EK-FAC or one of its relatives; not changed
     * @return the store
     * @throws IOException if the files cannot be written; an older store is then still there
     * @throws IllegalArgumentException if the curvature is not one that is diagonal in a basis of each layer
     * @throws IllegalStateException if somebody else is writing to the folder
     */
    public static FactorStore save(Path folder, FittedCurvature<?> fitted) throws IOException {
        return save(folder, fitted.curvature());
    }

    /**
     * Writes a curvature, replacing an older one, for a caller that holds the folder's lock already.
     *
     * @param folder where to
     * @param curvature what to write; not changed
     * @param lock the lock of the folder
     * @return the store
     * @throws IOException if the files cannot be written; an older store is then still there
     * @throws IllegalArgumentException if the curvature is not one that is diagonal in a basis of each layer
     */
    public static FactorStore save(Path folder, Curvature curvature, FolderLock lock) throws IOException {
        return write(folder, EigenbasisCurvature.require(curvature), true, lock);
    }

    /**
     * Writes a fitted curvature for kronfluence, replacing an older one: layers that read the same input have their eigenvectors
     * in the files each, as kronfluence looks for them. Where no layers do, {@link #save} writes the same.
     *
     * @param folder where to; made if there is none
     * @param fitted EK-FAC or one of its relatives; not changed
     * @return the store
     * @throws IOException if the files cannot be written; an older store is then still there
     * @throws IllegalArgumentException if the curvature is not one that is diagonal in a basis of each layer
     * @throws IllegalStateException if somebody else is writing to the folder
     */
    public static FactorStore saveForKronfluence(Path folder, FittedCurvature<?> fitted) throws IOException {
        return saveForKronfluence(folder, fitted.curvature());
    }

    /**
     * Writes a curvature for kronfluence, replacing an older one.
     *
     * @param folder where to; made if there is none
     * @param curvature what to write; not changed
     * @return the store
     * @throws IOException if the files cannot be written; an older store is then still there
     * @throws IllegalArgumentException if the curvature is not one that is diagonal in a basis of each layer, or of the gradient
     *     basis, which kronfluence does not have
     * @throws IllegalStateException if somebody else is writing to the folder
     * @see #saveForKronfluence(Path, FittedCurvature)
     */
    public static FactorStore saveForKronfluence(Path folder, Curvature curvature) throws IOException {
        EigenbasisCurvature factors = EigenbasisCurvature.require(curvature);
        if (strategy(factors) == Strategy.GRADIENT_BASIS) {
            throw new IllegalArgumentException("kronfluence has no " + Strategy.GRADIENT_BASIS
                    + "; fit factors of EKFAC, KFAC, DIAGONAL or IDENTITY for it");
        }
        try (FolderLock lock = FolderLock.acquire(folder)) {
            return write(folder, factors, false, lock);
        }
    }

    private static FactorStore write(Path folder, EigenbasisCurvature curvature, boolean once, FolderLock lock)
            throws IOException {
        lock.requireHeld();
        try (FactorWriter writer = new FactorWriter(folder, curvature, strategy(curvature), once)) {
            writer.write();
        }
        return open(folder);
    }

    /** What the parts are made of tells the strategy; only those with an eigenbasis look alike. */
    private static Strategy strategy(EigenbasisCurvature curvature) {
        LayerCurvature first = curvature.layerCurvatures().get(0);
        if (first.eigenvalues().isEmpty()) {
            return Strategy.IDENTITY;
        }
        if (first.basis().isEmpty()) {
            return Strategy.DIAGONAL;
        }
        String said = curvature.provenance().options().getOrDefault("strategy", "");
        return Stream.of(Strategy.values())
                .filter(Strategy::usesEigenbasis)
                .filter(strategy -> said.equals(strategy.toString()))
                .findFirst()
                .orElse(Strategy.EKFAC);
    }

    /**
     * Opens what {@link #save} wrote. Reads the manifest only.
     *
     * @param folder the folder
     * @return the store
     * @throws IOException if the manifest cannot be read
     * @throws MalformedFileException if it is not one
     */
    public static FactorStore open(Path folder) throws IOException {
        ShardFolder files = new ShardFolder(folder);
        Path file = files.resolve(FactorManifest.FILE);
        FactorManifest manifest = FactorManifest.parse(file);
        return new FactorStore(files, manifest, () -> verified(files, manifest));
    }

    private static FactorFiles verified(ShardFolder folder, FactorManifest manifest) throws IOException {
        JoinedFiles files = new JoinedFiles(folder.path());
        try {
            for (String name : FactorTensors.of(manifest.strategy())) {
                SafetensorsFile file = folder.open(FactorTensors.file(name));
                files.put(name, List.of(file), JoinedFiles.Join.SUM, 1);
                Checksum expected = manifest.checksums().get(FactorTensors.file(name));
                if (expected == null) {
                    throw new MalformedFileException(file.path(), "is not in the manifest");
                }
                expected.verify(file);
            }
            return files;
        } catch (IOException | RuntimeException | Error e) {
            files.close();
            throw e;
        }
    }

    /**
     * Opens factors that kronfluence wrote, which say nothing about biases and positions and have no checksums.
     *
     * @param folder a folder {@code factors_…} of kronfluence's
     * @param layers the model's layers
     * @param backend for the provenance
     * @return the store
     * @throws IOException if the options cannot be read
     * @throws MalformedFileException if they are not what kronfluence writes
     * @see ForeignFactors#kronfluence
     */
    public static FactorStore openKronfluence(Path folder, List<LayerSpec> layers, MatrixBackend backend)
            throws IOException {
        return ForeignFactors.kronfluence(folder).store(layers, backend);
    }

    /**
     * Returns where the store's manifest is.
     *
     * @return the file, which factors of kronfluence's do not have
     */
    public Path manifestFile() {
        return folder.resolve(FactorManifest.FILE);
    }

    /**
     * Names the factors: by the checksums of their files and the strategy they are used with.
     *
     * @return hexadecimal digits, the same for copies of the files
     */
    public String fingerprint() {
        return Fingerprint.ofText(manifest.checksums() + " " + manifest.strategy());
    }

    /**
     * Returns what the store says about itself.
     *
     * @return the manifest
     */
    public FactorManifest manifest() {
        return manifest;
    }

    /**
     * Loads the factors and joins them with the model that they were fitted to.
     *
     * @param <E> the host's type of an example
     * @param backend where the factors will lie; must stay open as long as the result
     * @param model the model, at the same weights as at the fit; stays open while the result is in use
     * @return what {@link io.github.influence4j.ekfac.Ekfac#fit} gave, up to the rounding of a narrower working precision; the
     *     caller closes it
     * @throws IOException if the files cannot be read
     * @throws MalformedFileException if they are not those of the manifest, or hold numbers that factors cannot have
     * @throws IllegalArgumentException if the model has other layers, or says that it has other weights
     */
    public <E> FittedCurvature<E> load(MatrixBackend backend, GradientProvider<E> model) throws IOException {
        requireModel(model);
        return FittedCurvature.of(backend, model, load(backend), ProgressListener.silent());
    }

    /**
     * Checks that a model is the one that the factors were fitted to.
     *
     * @param model the model
     * @throws IllegalArgumentException if it has other layers, or says that it has other weights
     */
    public void requireModel(GradientProvider<?> model) {
        if (!model.layers().equals(manifest.layers())) {
            throw new IllegalArgumentException(
                    "the factors are of layers " + manifest.layers() + ", the model has " + model.layers());
        }
        Optional<String> fitted = manifest.provenance().model();
        Optional<String> found = model.fingerprint();
        if (fitted.isPresent() && found.isPresent() && !fitted.equals(found)) {
            throw new IllegalArgumentException("the factors were fitted to the weights " + fitted.get()
                    + ", the model has " + found.get() + "; fit again, or load the weights of the fit");
        }
    }

    /**
     * Loads the factors. Costs two passes over the files, one for the checksums, and the memory of the factors.
     *
     * @param backend where the factors will lie; must stay open as long as the curvature
     * @return the curvature, which the caller closes; it gives the scores of the one that was saved, up to the rounding of a
     *     narrower working precision
     * @throws IOException if the files cannot be read
     * @throws MalformedFileException if they are not those of the manifest, or hold numbers that factors cannot have
     */
    public Curvature load(MatrixBackend backend) throws IOException {
        return load(backend, manifest.layers());
    }

    /**
     * Loads the factors of some layers.
     *
     * @param backend where the factors will lie; must stay open as long as the curvature
     * @param layers some of the manifest's layers
     * @return the curvature of these layers, which the caller closes
     * @throws IOException if the files cannot be read
     * @throws MalformedFileException if they are not those of the manifest, or hold numbers that factors cannot have
     * @see #load(MatrixBackend)
     */
    public Curvature load(MatrixBackend backend, List<LayerSpec> layers) throws IOException {
        List<LayerCurvature> parts = new ArrayList<>();
        try (FactorFiles files = source.open()) {
            FactorReader reader = new FactorReader(backend, manifest, files);
            for (LayerSpec layer : layers) {
                parts.add(reader.read(layer));
            }
            files.checkUnchanged();
            return EigenbasisCurvature.of(backend, parts, manifest.provenance());
        } catch (IOException | RuntimeException | Error e) {
            parts.forEach(LayerCurvature::close);
            throw e;
        }
    }
}
