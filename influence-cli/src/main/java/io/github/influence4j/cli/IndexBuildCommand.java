package io.github.influence4j.cli;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.index.GradientIndex;
import io.github.influence4j.index.IndexBuild;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.lm.text.TextData;
import io.github.influence4j.store.PartedData;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.factors.FactorManifest;
import io.github.influence4j.store.factors.FactorStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
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
            description =
                    "captures of the training loss, with --model lines of JSON; each shard becomes one of the index")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path train;

    @Option(names = "--out", required = true, paramLabel = "INDEX", description = "the folder of the index")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path out;

    @Mixin
    private final IndexSize size = new IndexSize();

    @Option(
            names = "--damping",
            converter = Scoring.DampingConverter.class,
            paramLabel = "LAMBDA",
            description = "0.1x for a tenth of each layer's mean eigenvalue, or 1e-3 for that number (default: 0.1x)")
    private @Nullable Damping damping;

    @Mixin
    private final LanguageModel model = new LanguageModel();

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
        <E> void run(IndexBuild<E> build, Path folder, PartedData<E> set) throws IOException {
            build.write(folder, set, resume);
        }
    }

    /** {@code influence index append}. */
    @Command(
            name = "append",
            description = {
                "Adds a training set to an index, or takes up adding it; other shards are not touched.",
                "Sizes, damping and seed are those of the index; where they are given, they must be the same."
            },
            sortOptions = false)
    static final class Append extends IndexBuildCommand {

        @Override
        boolean isLikeTheIndex() {
            return !isSettled();
        }

        @Override
        <E> void run(IndexBuild<E> build, Path folder, PartedData<E> set) throws IOException {
            build.append(folder, set);
        }
    }

    abstract <E> void run(IndexBuild<E> build, Path folder, PartedData<E> set) throws IOException;

    /** Whether damping, sizes and seed are those of the index that is there. */
    boolean isLikeTheIndex() {
        return false;
    }

    /** Whether the command line says one of them. */
    final boolean isSettled() {
        return damping != null || size.isGiven();
    }

    private <E> IndexBuild<E> prepared(
            MatrixBackend started,
            FactorStore store,
            GradientProvider<E> host,
            ScoreOptions bound,
            ProgressListener progress)
            throws IOException {
        if (isLikeTheIndex()) {
            return IndexBuild.like(started, store, host, out, bound, progress);
        }
        return IndexBuild.of(
                started,
                store,
                host,
                damping == null ? Damping.DEFAULT : damping,
                size.options(output).withBatches(bound),
                progress);
    }

    @Override
    public Integer call() throws IOException {
        FactorStore store = FactorStore.open(factors);
        size.options(output); // what is wrong there is said before anything starts
        Map<String, Object> counts = new LinkedHashMap<>();
        try (MatrixBackend started = computing.start(
                        output,
                        computing.precisionOr(store.manifest().provenance().precision()));
                ProgressOutput progress = output.progress()) {
            if (model.isGiven()) {
                ofModel(store, started, progress, counts);
            } else {
                ofCaptures(store, started, progress);
            }
        }
        try (GradientIndex built = GradientIndex.open(out)) {
            Map<String, Object> result = IndexCommand.describe(out, built);
            result.putAll(counts);
            output.print(result);
        }
        return 0;
    }

    private void ofCaptures(FactorStore store, MatrixBackend started, ProgressListener progress) throws IOException {
        FactorManifest manifest = store.manifest();
        try (CaptureSet set = CaptureSet.open(train)) {
            CaptureProvider.requireObjective(set, CaptureObjective.TRAINING);
            CaptureProvider provider =
                    CaptureProvider.of(manifest.layers(), manifest.provenance().model(), set);
            run(prepared(started, store, provider, batches.bound(ScoreOptions.defaults()), progress), out, set);
        }
    }

    private void ofModel(
            FactorStore store, MatrixBackend started, ProgressListener progress, Map<String, Object> counts)
            throws IOException {
        ScoreOptions bound = batches.bound(ScoreOptions.defaults().withBatchPositions(LanguageModel.BATCH_POSITIONS));
        try (LanguageModel.Open opened = model.open();
                TextData text = opened.training(train, Integer.MAX_VALUE);
                Decoder decoder = opened.decoder(started, store.manifest().layers())) {
            run(prepared(started, store, decoder, bound, progress), out, text);
            counts.putAll(LanguageModel.counts(text));
        }
    }
}
