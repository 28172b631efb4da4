package io.github.influence4j.examples;

import io.github.influence4j.api.Precision;
import io.github.influence4j.examples.console.ProgressLines;
import io.github.influence4j.examples.validation.UnrolledStudy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The study {@code unrolled}. */
@Command(
        name = "unrolled",
        description = {
            "Follows training runs step by step, and compares the exact derivative with estimators that look at the trained"
                    + " model, by models that were trained on parts of the data.",
            "A seed trains 60 models a data set; the derivatives took 19 to 29 s (diabetes), 78 to 163 s (concrete) and 69 to"
                    + " 208 s (digits).",
            "Writes results.md. Networks and trainings that were done before in the same folder are not done again."
        },
        sortOptions = false)
final class UnrolledCommand implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(names = "--out", paramLabel = "DIR", description = "folder of the results (default: ${DEFAULT-VALUE})")
    private Path out = Path.of("unrolled");

    @Option(names = "--seeds", description = "networks of each data set (default: ${DEFAULT-VALUE})")
    private int seeds = 3;

    @Option(names = "--first-seed", description = "seed of the first of them (default: ${DEFAULT-VALUE})")
    private long firstSeed = 1;

    @Option(names = "--only", paramLabel = "NAME", description = "the data sets that begin with this (default: all)")
    private String only = "";

    @Option(names = "--queries", description = "questions of each data set (default: ${DEFAULT-VALUE})")
    private int queries = 40;

    @Option(names = "--subsets", description = "parts of the data to train on (default: ${DEFAULT-VALUE})")
    private int subsets = 60;

    @Option(names = "--kept", description = "share of the examples that each part has (default: ${DEFAULT-VALUE})")
    private double kept = 0.5;

    @Option(
            names = "--adam",
            paramLabel = "RATE",
            description =
                    "train with Adam at this learning rate (default: gradient descent, as in the study validation)")
    private double adam = 0;

    @Override
    public Integer call() throws IOException {
        PrintWriter console = spec.commandLine().getOut();
        try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT64)) {
            UnrolledStudy study =
                    new UnrolledStudy(backend, out, queries, subsets, kept, adam, new ProgressLines(console));
            String table = UnrolledStudy.table(study.run(firstSeed, seeds, only));
            Files.writeString(out.resolve("results.md"), table);
            console.println(table);
            console.flush();
        }
        return 0;
    }
}
