package io.github.influence4j.examples;

import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.examples.console.ProgressBars;
import io.github.influence4j.examples.console.ProgressLines;
import io.github.influence4j.examples.smollm.SmolOptions;
import io.github.influence4j.examples.smollm.SmolResult;
import io.github.influence4j.examples.smollm.SmolStudy;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The study {@code smollm}. */
@Command(
        name = "smollm",
        description = {
            "Fine-tunes a real small language model on passages with planted facts, traces its answers back, removes what was"
                    + " found and fine-tunes again.",
            "As it stands it fine-tunes 13 times: once on everything, and without what four methods found, in three sizes.",
            "Writes results.md. What was done before in the same folder is not done again."
        },
        sortOptions = false)
final class SmolCommand implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(
            names = "--model",
            required = true,
            paramLabel = "PATH",
            description = "a checkpoint as it is downloaded: a folder, or a GGUF file")
    private Path model = Path.of("");

    @Option(names = "--out", paramLabel = "DIR", description = "folder of the results (default: ${DEFAULT-VALUE})")
    private Path out = Path.of("smollm");

    @Option(names = "--facts", description = "planted facts, at most 24 (default: ${DEFAULT-VALUE})")
    private int facts = SmolOptions.defaults().facts();

    @Option(names = "--plain", description = "passages without a fact (default: ${DEFAULT-VALUE})")
    private int plain = SmolOptions.defaults().plain();

    @Option(names = "--epochs", description = "passes of fine-tuning over the passages (default: ${DEFAULT-VALUE})")
    private int epochs = SmolOptions.defaults().epochs();

    @Option(names = "--learning-rate", description = "highest rate of AdamW (default: ${DEFAULT-VALUE})")
    private double learningRate = SmolOptions.defaults().learningRate();

    @Option(
            names = "--removed",
            split = ",",
            description = "how many passages a method removes for each fact (default: ${DEFAULT-VALUE})")
    private List<Integer> removed = SmolOptions.defaults().removed();

    @Option(
            names = "--tunings",
            description = "fine-tunings of which each number is the mean, in other orders (default: ${DEFAULT-VALUE})")
    private int tunings = SmolOptions.defaults().tunings();

    @Override
    public Integer call() throws IOException {
        SmolOptions options = SmolOptions.defaults()
                .withFacts(facts)
                .withPlain(plain)
                .withEpochs(epochs)
                .withLearningRate(learningRate)
                .withRemoved(removed)
                .withTunings(tunings);
        SmolResult result = run(options);
        Files.writeString(out.resolve("results.md"), result.tables());
        PrintWriter console = spec.commandLine().getOut();
        console.println(result.tables());
        console.flush();
        return 0;
    }

    @SuppressWarnings("SystemConsoleNull") // JDK 22 to 24 have a console for pipes too, and get bars there: no harm
    private SmolResult run(SmolOptions options) throws IOException {
        if (System.console() == null) {
            return study(options, new ProgressLines(spec.commandLine().getOut()));
        }
        try (ProgressBars bars = new ProgressBars(System.err)) {
            return study(options, bars);
        }
    }

    private SmolResult study(SmolOptions options, ProgressListener progress) throws IOException {
        return new SmolStudy(options, model, out, progress).run();
    }
}
