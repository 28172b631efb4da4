package io.github.influence4j.index;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.Fingerprint;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.index.internal.file.IndexHeader;
import io.github.influence4j.index.internal.file.IndexManifest;
import io.github.influence4j.index.internal.file.IndexSection;
import io.github.influence4j.index.internal.file.SignShard;
import io.github.influence4j.index.internal.sketch.SectionCoder;
import io.github.influence4j.index.internal.sketch.Sketching;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.store.FolderLock;
import io.github.influence4j.store.PartedData;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.internal.Apart;
import io.github.influence4j.store.internal.DataDigest;
import io.github.influence4j.store.internal.DistinctIds;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * Builds an index: passes a training set once and keeps of every whitened gradient the signs of random projections, the leading
 * coordinates, or both.
 *
 * <p>A shard of the training set becomes a file of the index, or one for signs and one for coordinates, each of which appears complete or not at all; a build that was ended at any
 * moment and is taken up again gives the same bytes, and repeats at most one shard. The bytes of a shard follow from its examples,
 * factors, options, backend and batch bounds; no other shard matters, so an index that was built in one piece and one that was
 * appended to are the same. Memory is that of the factors and a batch. Immutable; one thread at a time writes to a folder.
 *
 * @param <E> the host's type of an example
 */
public final class IndexBuild<E> {

    /** Option of the provenance that says where the factors were. */
    static final String FACTORS = "factors";

    private final MatrixBackend backend;
    private final FactorStore factors;
    private final GradientProvider<E> model;
    private final Damping damping;
    private final IndexOptions options;
    private final ProgressListener progress;

    /** What decides the rows, where an index at hand does so and not damping and options. */
    private final Optional<IndexHeader> settled;

    private IndexBuild(
            MatrixBackend backend,
            FactorStore factors,
            GradientProvider<E> model,
            Damping damping,
            IndexOptions options,
            ProgressListener progress,
            Optional<IndexHeader> settled) {
        this.backend = backend;
        this.factors = factors;
        this.model = model;
        this.damping = damping;
        this.options = options;
        this.progress = progress;
        this.settled = settled;
    }

    /**
     * Prepares a build.
     *
     * @param <E> the host's type of an example
     * @param backend computes
     * @param factors what the gradients are whitened with
     * @param model the model, at the same weights as at the fit, or a provider of captures
     * @param damping λ, which every question to the index is answered with
     * @param options the size
     * @param progress is told how far the work has come
     * @return the build
     * @throws IllegalArgumentException if the model has other layers than the factors, or says that it has other weights
     */
    public static <E> IndexBuild<E> of(
            MatrixBackend backend,
            FactorStore factors,
            GradientProvider<E> model,
            Damping damping,
            IndexOptions options,
            ProgressListener progress) {
        factors.requireModel(model);
        return new IndexBuild<>(backend, factors, model, damping, options, progress, Optional.empty());
    }

    /**
     * Prepares a build with the damping, size and seed of an index, to append to it.
     *
     * @param <E> the host's type of an example
     * @param backend computes
     * @param factors those of the index
     * @param model the model, at the same weights as at the fit, or a provider of captures
     * @param index the folder of the index, which may be unfinished
     * @param batches batch size, positions and memory limit
     * @param progress is told how far the work has come
     * @return the build
     * @throws IOException if the index cannot be read
     * @throws IllegalArgumentException if the index is of other factors, the model has other layers than they, or says that it has
     *     other weights
     * @throws IllegalStateException if there is no index
     */
    public static <E> IndexBuild<E> like(
            MatrixBackend backend,
            FactorStore factors,
            GradientProvider<E> model,
            Path index,
            ScoreOptions batches,
            ProgressListener progress)
            throws IOException {
        factors.requireModel(model);
        requireThere(index);
        IndexHeader header = IndexManifest.read(index).header();
        header.requireFactors(factors.fingerprint());
        IndexOptions options = IndexOptions.defaults().withBatches(batches);
        return new IndexBuild<>(backend, factors, model, Damping.DEFAULT, options, progress, Optional.of(header));
    }

    /**
     * Builds an index, or takes up a build.
     *
     * @param folder where to; made if there is none
     * @param train the training set
     * @param resume whether to take up the unfinished build that the folder may hold
     * @throws IOException if files cannot be read or written; finished shards stay
     * @throws IllegalArgumentException if the folder holds the data, two examples have the same id, or the size does not fit the layers
     * @throws IllegalStateException if somebody else is writing to the folder, or it holds an index that is not to be taken up
     */
    public void write(Path folder, PartedData<E> train, boolean resume) throws IOException {
        try (FolderLock lock = FolderLock.acquire(folder)) {
            if (!resume && IndexManifest.exists(folder)) {
                throw new IllegalStateException(
                        folder + " holds an index; append to it, take an unfinished build up again"
                                + " with resume, or give another folder");
            }
            add(folder, train, lock);
        }
    }

    /**
     * Adds training examples to an index, or takes up adding them; its other shards are not touched. Damping, size and seed must be
     * those of the index.
     *
     * @param folder the index
     * @param train what to add
     * @throws IOException if files cannot be read or written; finished shards stay
     * @throws IllegalArgumentException if the index is of other factors, damping, size or seed, or has an example with the same id
     * @throws IllegalStateException if there is no index, somebody else is writing to it, or other data are being added
     */
    public void append(Path folder, PartedData<E> train) throws IOException {
        requireThere(folder);
        try (FolderLock lock = FolderLock.acquire(folder)) {
            add(folder, train, lock);
        }
    }

    private static void requireThere(Path folder) {
        if (!IndexManifest.exists(folder)) {
            throw new IllegalStateException(folder + " holds no index to append to; build one");
        }
    }

    private void add(Path folder, PartedData<E> train, FolderLock lock) throws IOException {
        lock.requireHeld();
        Apart.require(folder, "an index", train.files());
        try (Curvature loaded = factors.load(backend)) {
            EigenbasisCurvature curvature = EigenbasisCurvature.require(loaded);
            IndexHeader header = settled.orElseGet(() -> header(curvature));
            IndexManifest manifest = begun(folder, header, DataDigest.of(train));
            List<PartedData<E>> missing = missing(folder, manifest, train);
            manifest.write(folder); // not before: data that are refused must leave the index as it was
            List<SectionCoder> sections = header.sections().stream()
                    .map(section -> Sections.coder(section, header, curvature))
                    .toList();
            try (EigenbasisSolver solver = curvature.solver(header.damping());
                    Sketching<E> sketching = new Sketching<>(backend, model, solver, options.batches(), progress)) {
                for (PartedData<E> part : missing) {
                    manifest = manifest.with(shard(folder, manifest, sections, sketching, part));
                    manifest.write(folder);
                }
            }
            manifest.finished().write(folder);
        }
    }

    private IndexHeader header(EigenbasisCurvature curvature) {
        return IndexHeader.of(
                factors.fingerprint(),
                factors.manifest().provenance().model(),
                model.layers(),
                curvature.resolve(damping),
                IndexPlan.of(model.layers(), options).bytes(),
                options.seed());
    }

    private static String folder(Path file) {
        return Objects.requireNonNull(file.toAbsolutePath().normalize().getParent())
                .toString();
    }

    private IndexManifest begun(Path folder, IndexHeader header, String data) throws IOException {
        if (!IndexManifest.exists(folder)) {
            Provenance made = Provenance.here(backend.description(), backend.precision(), header.model())
                    .withOption(
                            "index",
                            settled.map(like -> like.bytes().toString()).orElse(options.toString()))
                    .withOption(FACTORS, folder(factors.manifestFile()))
                    .withOption("damping", header.damping().lambdas().toString());
            return new IndexManifest(header, Optional.empty(), List.of(), made).adding(data);
        }
        IndexManifest manifest = IndexManifest.read(folder);
        manifest.header().requireSame(header);
        if (manifest.adding().isEmpty()) {
            return manifest.adding(data);
        }
        String unfinished = manifest.adding().get().data();
        if (!unfinished.equals(data)) {
            throw new IllegalStateException(folder + " is being built from other data (" + unfinished + "), given were "
                    + data + "; finish that build first, or abandon what it adds");
        }
        return manifest;
    }

    /** The parts that the index does not have; their ids must be new. */
    private List<PartedData<E>> missing(Path folder, IndexManifest manifest, PartedData<E> train) throws IOException {
        var sources =
                manifest.shards().stream().map(IndexManifest.Shard::source).collect(Collectors.toSet());
        List<PartedData<E>> missing = new ArrayList<>();
        for (PartedData<E> part : train.shards()) {
            if (!sources.contains(source(part))) {
                missing.add(part);
            }
        }
        LongStream.Builder ids = LongStream.builder();
        for (PartedData<E> part : missing) {
            LongStream.of(part.ids()).forEach(ids);
        }
        IndexHeader header = manifest.header();
        IndexSection any = header.sections().iterator().next();
        for (IndexManifest.Shard shard : manifest.shards()) {
            try (SignShard opened = SignShard.open(folder, any, shard, header, header.shape(any))) {
                LongStream.of(opened.ids(0, opened.rows())).forEach(ids);
            }
        }
        DistinctIds.require(ids.build().toArray());
        return missing;
    }

    /** Names a part: parts of one file differ in their ids only. */
    private static String source(PartedData<?> part) throws IOException {
        return DataDigest.of(part) + ", ids " + Fingerprint.ofText(Arrays.toString(part.ids()));
    }

    private static <E> IndexManifest.Shard shard(
            Path folder,
            IndexManifest manifest,
            List<SectionCoder> sections,
            Sketching<E> sketching,
            PartedData<E> part)
            throws IOException {
        int number = manifest.shards().size();
        int examples = Math.toIntExact(part.size());
        IndexHeader header = manifest.header();
        Map<IndexSection, SignShard.Writer> writers = new EnumMap<>(IndexSection.class);
        try {
            for (IndexSection section : header.sections()) {
                writers.put(
                        section,
                        SignShard.create(
                                folder.resolve(section.file(number)),
                                section,
                                header,
                                header.shape(section),
                                examples));
            }
            List<SignShard.Writer> inOrder = List.copyOf(writers.values());
            sketching.training(part, sections, rows -> {
                for (int s = 0; s < inOrder.size(); s++) {
                    inOrder.get(s).add(rows.get(s));
                }
            });
            Map<IndexSection, IndexManifest.StoredFile> files = new EnumMap<>(IndexSection.class);
            for (Map.Entry<IndexSection, SignShard.Writer> writer : writers.entrySet()) {
                files.put(
                        writer.getKey(),
                        new IndexManifest.StoredFile(
                                writer.getKey().file(number), writer.getValue().commit()));
            }
            return new IndexManifest.Shard(examples, source(part), files);
        } finally {
            for (SignShard.Writer writer : writers.values()) {
                writer.close();
            }
        }
    }
}
