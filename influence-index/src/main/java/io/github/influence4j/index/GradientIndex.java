package io.github.influence4j.index;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.index.internal.file.IndexHeader;
import io.github.influence4j.index.internal.file.IndexManifest;
import io.github.influence4j.index.internal.file.IndexSection;
import io.github.influence4j.index.internal.file.SignShard;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.safetensors.ShardFolder;
import io.github.influence4j.store.FolderLock;
import io.github.influence4j.store.factors.FactorStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The gradients of a training set as {@link IndexBuild} kept them, to be asked any number of times without another pass over it.
 *
 * <p>Untrusted, as all files: sizes, names, checksums and numbers are checked. Safe for use by several threads. Whoever opens it
 * closes it.
 */
public final class GradientIndex implements AutoCloseable {

    private final Path folder;
    private final IndexManifest manifest;
    private final Map<IndexSection, List<SignShard>> shards = new EnumMap<>(IndexSection.class);

    private GradientIndex(Path folder, IndexManifest manifest) {
        this.folder = folder;
        this.manifest = manifest;
    }

    /**
     * Opens an index. Reads its manifest and the heads of its shards only; {@link #verify} reads all.
     *
     * @param folder the folder
     * @return the index
     * @throws IOException if it cannot be read
     * @throws io.github.influence4j.safetensors.MalformedFileException if it is not an index, or a shard is not one of it
     * @throws IllegalStateException if it is unfinished
     */
    public static GradientIndex open(Path folder) throws IOException {
        IndexManifest manifest = IndexManifest.read(folder);
        if (manifest.adding().isPresent()) {
            throw new IllegalStateException(folder + " is unfinished: "
                    + manifest.adding().get().data() + " are being added; take that up again first, or abandon it");
        }
        IndexHeader header = manifest.header();
        GradientIndex index = new GradientIndex(folder, manifest);
        try {
            for (IndexSection section : header.sections()) {
                List<SignShard> opened = new ArrayList<>();
                index.shards.put(section, opened);
                for (IndexManifest.Shard shard : manifest.shards()) {
                    opened.add(SignShard.open(folder, section, shard, header, header.shape(section)));
                }
            }
            return index;
        } catch (IOException | RuntimeException | Error e) {
            index.close();
            throw e;
        }
    }

    /**
     * Gives up what is being added to an index after a run that was ended, because the data have changed for instance: the index is
     * then as it was before.
     *
     * @param folder the index
     * @throws IOException if it cannot be read or written
     * @throws IllegalStateException if nothing is being added, somebody is writing to it, or the index was never finished: then there
     *     is nothing before, and the folder can go
     */
    public static void abandon(Path folder) throws IOException {
        if (!IndexManifest.exists(folder)) {
            throw new IllegalStateException(folder + " holds no index");
        }
        try (FolderLock lock = FolderLock.acquire(folder)) {
            lock.requireHeld();
            IndexManifest manifest = IndexManifest.read(folder);
            IndexManifest.Adding adding = manifest.adding()
                    .orElseThrow(() -> new IllegalStateException(folder + " is finished: nothing is being added"));
            if (adding.after() == 0) {
                throw new IllegalStateException(
                        folder + " was never finished: delete the folder, or finish the build with resume");
            }
            manifest.before().write(folder);
            for (IndexManifest.Shard shard :
                    manifest.shards().subList(adding.after(), manifest.shards().size())) {
                for (IndexManifest.StoredFile file : shard.files().values()) {
                    Files.deleteIfExists(new ShardFolder(folder).resolve(file.name()));
                }
            }
        }
    }

    /**
     * Reads all of the index and compares checksums.
     *
     * @throws IOException if it cannot be read
     * @throws io.github.influence4j.safetensors.MalformedFileException if a byte is not what was written
     */
    public void verify() throws IOException {
        for (Map.Entry<IndexSection, List<SignShard>> section : shards.entrySet()) {
            for (int s = 0; s < section.getValue().size(); s++) {
                section.getValue().get(s).verify(manifest.shards().get(s).file(section.getKey()));
            }
        }
    }

    /**
     * Makes this ready to be asked.
     *
     * @param <E> the host's type of an example
     * @param backend computes the gradients of questions; must stay open as long as the result
     * @param factors those that the index was built with
     * @param model the model, at the same weights as at the fit, or a provider of captures; stays open while the result is in use
     * @param progress is told how far the work has come
     * @return answers questions; the caller closes it before this
     * @throws IOException if the factors cannot be read
     * @throws IllegalArgumentException if the factors or the model are others
     */
    public <E> IndexScoring<E> scoring(
            MatrixBackend backend, FactorStore factors, GradientProvider<E> model, ProgressListener progress)
            throws IOException {
        return scoring(backend, factors, model, ScoreOptions.defaults(), progress);
    }

    /**
     * Makes this ready to be asked, with bounds of batches and memory.
     *
     * @param <E> the host's type of an example
     * @param backend computes the gradients of questions; must stay open as long as the result
     * @param factors those that the index was built with
     * @param model the model, at the same weights as at the fit, or a provider of captures; stays open while the result is in use
     * @param batches batch size, positions and memory limit
     * @param progress is told how far the work has come
     * @return answers questions; the caller closes it before this
     * @throws IOException if the factors cannot be read
     * @throws IllegalArgumentException if the factors or the model are others, or the options ask for parts by layer or token or for a
     *     rank
     */
    public <E> IndexScoring<E> scoring(
            MatrixBackend backend,
            FactorStore factors,
            GradientProvider<E> model,
            ScoreOptions batches,
            ProgressListener progress)
            throws IOException {
        IndexOptions.requireTotals(batches);
        manifest.header().requireFactors(factors.fingerprint());
        factors.requireModel(model);
        Curvature curvature = factors.load(backend);
        EigenbasisSolver solver;
        try {
            solver = EigenbasisCurvature.require(curvature).solver(damping());
        } catch (RuntimeException | Error e) {
            curvature.close();
            throw e;
        }
        try {
            return IndexScoring.of(this, backend, model, curvature, solver, batches, progress);
        } catch (RuntimeException | Error e) {
            solver.close();
            curvature.close();
            throw e;
        }
    }

    List<SignShard> shards(IndexSection section) {
        return Objects.requireNonNull(shards.get(section), () -> "no " + section);
    }

    IndexHeader header() {
        return manifest.header();
    }

    /**
     * Says whether there are signs of random projections.
     *
     * @return whether {@link IndexScoring#bySigns} answers
     */
    public boolean hasSigns() {
        return shards.containsKey(IndexSection.SIGNS);
    }

    /**
     * Says whether there are leading coordinates.
     *
     * @return whether {@link IndexScoring#byCoordinates} answers
     */
    public boolean hasCoordinates() {
        return shards.containsKey(IndexSection.COORDINATES);
    }

    /**
     * Returns how many training examples there are.
     *
     * @return N
     */
    public long size() {
        return manifest.examples();
    }

    /**
     * Returns the size of a training example.
     *
     * @return bytes
     */
    public long bytesPerExample() {
        return manifest.header().bytesPerExample();
    }

    /**
     * Returns the damping that questions are answered with, unless another one is asked for.
     *
     * @return λ of each layer
     */
    public LayerDamping damping() {
        return manifest.header().damping();
    }

    /**
     * Names the factors that the index was built with.
     *
     * @return their {@link FactorStore#fingerprint()}
     */
    public String factors() {
        return manifest.header().factors();
    }

    /**
     * Says where the factors were when the index was built, which is where to look for them; what is found there is accepted only if it
     * has the {@link #factors() name}.
     *
     * @return the folder; empty if the index does not say so
     */
    public Optional<Path> factorsFolder() {
        return Optional.ofNullable(provenance().options().get(IndexBuild.FACTORS))
                .map(Path::of);
    }

    /**
     * Returns how the index was made.
     *
     * @return the provenance
     */
    public Provenance provenance() {
        return manifest.provenance();
    }

    /** Says for a person what it holds. */
    @Override
    public String toString() {
        return "index of " + size() + " training examples, " + bytesPerExample() + " bytes each, in " + folder;
    }

    @Override
    public void close() throws IOException {
        for (List<SignShard> section : shards.values()) {
            for (SignShard shard : section) {
                shard.close();
            }
        }
    }
}
