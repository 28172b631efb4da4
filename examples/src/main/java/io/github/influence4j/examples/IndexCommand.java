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

    @Option(names = "--seed", description = "of the split, the model and the projections (default: ${DEFAULT-VALUE})")
    private long seed = IndexStudyOptions.defaults().seed();

    @Override
    public Integer call() throws IOException {
        IndexStudyOptions options = small ? IndexStudyOptions.small() : IndexStudyOptions.defaults();
        IndexResult result = run(options.withSeed(seed));
        Files.writeString(out.resolve("results.md"), result.tables());
        PrintWriter console = spec.commandLine().getOut();
        console.println(result.tables());
        console.flush();
        return 0;
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
