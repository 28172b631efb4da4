package io.github.influence4j.examples;

import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.examples.console.ProgressBars;
import io.github.influence4j.examples.console.ProgressLines;
import io.github.influence4j.examples.index.IndexResult;
import io.github.influence4j.examples.index.IndexStudy;
import io.github.influence4j.examples.index.IndexStudyOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The study {@code index}. */
@Command(
        name = "index",
        description = {
            "Trains a small Llama on real text, and compares the answers of indexes of several sizes, and of what others keep of a"
                    + " gradient, with full scores.",
            "Took 41 minutes on one thread. With --model SmolLM2-135M took more than an hour of two beside other work, and 14 GB.",
            "Writes results.md. What was done before in the same folder is not done again."
        },
        sortOptions = false)
final class IndexCommand implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(names = "--out", paramLabel = "DIR", description = "folder of the results (default: ${DEFAULT-VALUE})")
    private Path out = Path.of("index-study");

    @Option(names = "--small", description = "hundreds of sequences and a width of 32: shows that it runs, no more")
    private boolean small;

    @Option(
            names = "--model",
            paramLabel = "PATH",
            description =
                    "a checkpoint in the place of the small Llama: a folder, or a GGUF file; its MLPs are tracked")
    private @Nullable Path model;

    @Option(
            names = "--sequences",
            paramLabel = "N",
            description = "training sequences (default: 10,000; of a checkpoint 2,000)")
    private @Nullable Integer sequences;

    @Option(
            names = "--questions",
            paramLabel = "N",
            description = "held-out sequences (default: 64; of a checkpoint 16)")
    private @Nullable Integer questions;

    @Option(
            names = "--fit-examples",
            paramLabel = "N",
            description = "training sequences that factors are made of (default: all; of a checkpoint 400)")
    private @Nullable Integer fitExamples;

    @Option(names = "--seed", description = "of the split, the model and the projections (default: ${DEFAULT-VALUE})")
    private long seed = IndexStudyOptions.defaults().seed();

    @Override
    public Integer call() throws IOException {
        IndexResult result = run(options());
        Files.writeString(out.resolve("results.md"), result.tables());
        PrintWriter console = spec.commandLine().getOut();
        console.println(result.tables());
        console.flush();
        return 0;
    }

    private IndexStudyOptions options() {
        IndexStudyOptions options = model != null
                ? IndexStudyOptions.published(model)
                : small ? IndexStudyOptions.small() : IndexStudyOptions.defaults();
        if (sequences != null) {
            options = options.withSequences(sequences);
        }
        if (questions != null) {
            options = options.withQuestions(questions);
        }
        if (fitExamples != null) {
            options = options.withFitExamples(fitExamples);
        }
        return options.withSeed(seed);
    }

    @SuppressWarnings("SystemConsoleNull") // JDK 22 to 24 have a console for pipes too, and get bars there: no harm
    private IndexResult run(IndexStudyOptions options) throws IOException {
        if (System.console() == null) {
            return study(options, new ProgressLines(spec.commandLine().getOut()));
        }
        try (ProgressBars bars = new ProgressBars(System.err)) {
            return study(options, bars);
        }
    }

    private IndexResult study(IndexStudyOptions options, ProgressListener progress) throws IOException {
        return new IndexStudy(options, out, progress).run();
    }
}
