package io.github.influence4j.examples;

import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.examples.console.ProgressBars;
import io.github.influence4j.examples.console.ProgressLines;
import io.github.influence4j.examples.language.Claim;
import io.github.influence4j.examples.language.LanguageOptions;
import io.github.influence4j.examples.language.LanguageResult;
import io.github.influence4j.examples.language.LanguageStudy;
import io.github.influence4j.examples.language.ModelSource;
import io.github.influence4j.examples.report.LanguageReport;
import io.github.influence4j.examples.report.LanguageResultsFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The study {@code language}. */
@Command(
        name = "language",
        description = {
            "Trains small language models on a made-up language and on real verses, and traces what they say back to"
                    + " training sequences.",
            "Takes ten minutes with the models that come with it, twenty with --train.",
            "Writes index.html, a page for each query, and results.json."
        },
        sortOptions = false)
final class LanguageCommand implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(names = "--out", paramLabel = "DIR", description = "folder for the report (default: ${DEFAULT-VALUE})")
    private Path out = Path.of("language");

    @Option(
            names = "--seed",
            description =
                    "seed of the model of the made-up language; 1 to 3 have checkpoints (default: ${DEFAULT-VALUE})")
    private long seed = LanguageOptions.defaults().seed();

    @ArgGroup
    private @Nullable Origin origin;

    static final class Origin {
        @Option(
                names = "--train",
                description =
                        "train all models and keep them in DIR/checkpoints, instead of those only that have no checkpoint in"
                                + " the study")
        private boolean train;

        @Option(
                names = "--checkpoints",
                paramLabel = "DIR",
                description = "use the checkpoints of an earlier run with --train")
        private @Nullable Path checkpoints;
    }

    /** The parts of the study. */
    enum Part {
        CLAIMS,
        BASES,
        VERSES
    }

    @Option(
            names = "--parts",
            split = ",",
            paramLabel = "PART",
            description = "parts of the study to run: ${COMPLETION-CANDIDATES} (default: all)")
    private Set<Part> parts = EnumSet.allOf(Part.class);

    @Option(
            names = "--seeds",
            split = ",",
            paramLabel = "SEED",
            description = "seeds of the models on which eigenbases are compared (default: ${DEFAULT-VALUE})")
    private List<Long> seeds = LanguageOptions.defaults().basisSeeds();

    @Override
    public Integer call() throws IOException {
        Files.createDirectories(out);
        LanguageOptions all = LanguageOptions.defaults();
        LanguageResult result = run(all.withSeed(seed)
                .withModels(models())
                .withClaims(parts.contains(Part.CLAIMS))
                .withBasisSeeds(parts.contains(Part.BASES) ? seeds : List.of())
                .withVerses(parts.contains(Part.VERSES) ? all.verses() : 0));
        LanguageReport.write(result, out);
        LanguageResultsFile.write(result, out.resolve("results.json"));
        PrintWriter console = spec.commandLine().getOut();
        for (Claim claim : result.claims()) {
            console.printf(
                    Locale.ROOT,
                    "claim %d %s: %s%n",
                    claim.claim(),
                    claim.holds() ? "holds" : "missed",
                    claim.statement());
        }
        console.println();
        console.println("Report: " + out.resolve("index.html").toAbsolutePath().normalize());
        console.flush();
        return 0;
    }

    private ModelSource models() {
        if (origin == null) {
            return new ModelSource.Shipped(out.resolve("checkpoints"));
        }
        return origin.checkpoints == null
                ? new ModelSource.Trained(out.resolve("checkpoints"))
                : new ModelSource.Folder(origin.checkpoints);
    }

    @SuppressWarnings("SystemConsoleNull") // JDK 22 to 24 have a console for pipes too, and get bars there: no harm
    private LanguageResult run(LanguageOptions options) {
        if (System.console() == null) {
            return study(options, new ProgressLines(spec.commandLine().getOut()));
        }
        try (ProgressBars bars = new ProgressBars(System.err)) {
            return study(options, bars);
        }
    }

    private static LanguageResult study(LanguageOptions options, ProgressListener progress) {
        return new LanguageStudy(options, progress).run();
    }
}
