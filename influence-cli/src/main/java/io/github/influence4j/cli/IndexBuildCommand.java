package io.github.influence4j.cli;

import io.github.influence4j.api.Damping;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.index.GradientIndex;
import io.github.influence4j.index.IndexBuild;
import io.github.influence4j.index.IndexOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CapturedExample;
import io.github.influence4j.store.factors.FactorManifest;
import io.github.influence4j.store.factors.FactorStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What {@code influence index build} and {@code append} share. */
abstract class IndexBuildCommand implements Callable<Integer> {

    @Mixin
    private final Output output = new Output();

    @Mixin
    private final Batches batches = new Batches();

    @Option(names = "--factors", required = true, paramLabel = "DIR", description = "what influence fit wrote")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path factors;

    @Option(
            names = "--train",
            required = true,
            paramLabel = "PATH",
            description = "captures of the training loss; each shard becomes one of the index")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path train;

    @Option(names = "--out", required = true, paramLabel = "INDEX", description = "the folder of the index")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path out;

    @Option(
            names = "--percent",
            paramLabel = "P",
            description = "size of an example as percent of its gradient in float32, at most 3.1 (default: 0.25)")
    private double percent = IndexOptions.DEFAULT_PERCENT;

    @Option(
            names = "--bytes",
            paramLabel = "BYTES",
            converter = Batches.BytesConverter.class,
            description = "size of an example, in place of --percent")
    private @Nullable Long bytes;

    @Option(names = "--seed", paramLabel = "S", description = "of the projections (default: ${DEFAULT-VALUE})")
    private long seed = IndexOptions.DEFAULT_SEED;

    @Option(
            names = "--damping",
            converter = Scoring.DampingConverter.class,
            paramLabel = "LAMBDA",
            description = "0.1x for a tenth of each layer's mean eigenvalue, or 1e-3 for that number (default: 0.1x)")
    private Damping damping = Damping.DEFAULT;

    @Mixin
    private final Computing computing = new Computing();

    /** {@code influence index build}. */
    @Command(name = "build", description = "Builds an index of a training set.", sortOptions = false)
    static final class Build extends IndexBuildCommand {

        @Option(
                names = "--resume",
                description = "take up the unfinished build that INDEX holds; begin one if there is none")
        private boolean resume;

        @Override
        void run(IndexBuild<CapturedExample> build, Path folder, CaptureSet set) throws IOException {
            build.write(folder, set, resume);
        }
    }

    /** {@code influence index append}. */
    @Command(
            name = "append",
            description = "Adds a training set to an index, or takes up adding it; other shards are not touched.",
            sortOptions = false)
    static final class Append extends IndexBuildCommand {

        @Override
        void run(IndexBuild<CapturedExample> build, Path folder, CaptureSet set) throws IOException {
            build.append(folder, set);
        }
    }

    abstract void run(IndexBuild<CapturedExample> build, Path folder, CaptureSet set) throws IOException;

    @Override
    public Integer call() throws IOException {
        FactorStore store = FactorStore.open(factors);
        FactorManifest manifest = store.manifest();
        IndexOptions sized = output.fromCommandLine(() -> {
            IndexOptions share = IndexOptions.defaults().withPercent(percent).withSeed(seed);
            return bytes == null ? share : share.withBytes(bytes);
        });
        IndexOptions options = sized.withBatches(batches.bound(ScoreOptions.defaults()));
        try (MatrixBackend started = computing.start(
                        output, computing.precisionOr(manifest.provenance().precision()));
                CaptureSet set = CaptureSet.open(train);
                ProgressOutput progress = output.progress()) {
            CaptureProvider.requireObjective(set, CaptureObjective.TRAINING);
            CaptureProvider model =
                    CaptureProvider.of(manifest.layers(), manifest.provenance().model(), set);
            run(IndexBuild.of(started, store, model, damping, options, progress), out, set);
        }
        try (GradientIndex built = GradientIndex.open(out)) {
            output.print(IndexCommand.describe(out, built));
        }
        return 0;
    }
}
