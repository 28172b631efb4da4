package io.github.influence4j.examples;

import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.examples.console.ProgressBars;
import io.github.influence4j.examples.console.ProgressLines;
import io.github.influence4j.examples.console.QuickstartSummary;
import io.github.influence4j.examples.quickstart.Quickstart;
import io.github.influence4j.examples.quickstart.QuickstartOptions;
import io.github.influence4j.examples.quickstart.QuickstartResult;
import io.github.influence4j.examples.report.QuickstartReport;
import io.github.influence4j.examples.report.ResultsFile;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The study {@code quickstart}. */
@Command(
        name = "quickstart",
        description = {
            "Trains a network on handwritten digits of which 5 %% carry a wrong label, then traces its answers back to"
                    + " training images with EK-FAC, and looks for the wrong labels.",
            "Writes index.html and results.json."
        },
        sortOptions = false)
final class QuickstartCommand implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(names = "--out", paramLabel = "DIR", description = "folder for the report (default: ${DEFAULT-VALUE})")
    private Path out = Path.of("quickstart");

    @Option(
            names = "--seed",
            description = "seed of the split, the flipped labels, the network and the sampled labels"
                    + " (default: ${DEFAULT-VALUE})")
    private long seed = QuickstartOptions.DEFAULT_SEED;

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            description =
                    "openblas, ejml, or cuda where it is on the class path (default: the system property influence.backend, else the best that works)")
    private @Nullable String backend;

    @Option(
            names = "--precision",
            description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}); ejml has FLOAT64 only")
    private Precision precision = Precision.FLOAT64;

    @Override
    public Integer call() throws IOException {
        Files.createDirectories(out);
        QuickstartOptions options = QuickstartOptions.defaults().withSeed(seed).withPrecision(precision);
        QuickstartResult result =
                run(Optional.ofNullable(backend).map(options::withBackend).orElse(options));
        Path page = out.resolve("index.html");
        QuickstartReport.write(result, page);
        ResultsFile.write(result, out.resolve("results.json"));
        PrintWriter console = spec.commandLine().getOut();
        console.print(QuickstartSummary.of(result));
        console.println();
        console.println("Report: " + page.toAbsolutePath().normalize());
        console.flush();
        return 0;
    }

    @SuppressWarnings("SystemConsoleNull") // JDK 22 to 24 have a console for pipes too, and get bars there: no harm
    private QuickstartResult run(QuickstartOptions options) {
        if (System.console() == null) {
            return study(options, new ProgressLines(spec.commandLine().getOut()));
        }
        PrintStream terminal = System.err;
        try (ProgressBars bars = new ProgressBars(terminal)) {
            return study(options, bars);
        }
    }

    private static QuickstartResult study(QuickstartOptions options, ProgressListener progress) {
        return new Quickstart(options, progress).run();
    }
}
