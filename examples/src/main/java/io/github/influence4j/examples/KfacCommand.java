package io.github.influence4j.examples;

import io.github.influence4j.api.Precision;
import io.github.influence4j.examples.console.ProgressLines;
import io.github.influence4j.examples.validation.BlockDistanceStudy;
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

/** The study {@code kfac}. */
@Command(
        name = "kfac",
        description = {
            "Measures how far K-FAC and EK-FAC are from the exact blocks that both approximate, on perceptrons and small"
                    + " transformers.",
            "Two networks of each case took some five minutes of one thread beside other work.",
            "Writes results.md. Networks that were done before in the same folder are not done again."
        },
        sortOptions = false)
final class KfacCommand implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(names = "--out", paramLabel = "DIR", description = "folder of the results (default: ${DEFAULT-VALUE})")
    private Path out = Path.of("kfac");

    @Option(names = "--seeds", description = "networks of each case (default: ${DEFAULT-VALUE})")
    private int seeds = 3;

    @Override
    public Integer call() throws IOException {
        PrintWriter console = spec.commandLine().getOut();
        try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT64)) {
            Files.createDirectories(out);
            String tables = BlockDistanceStudy.tables(
                    new BlockDistanceStudy(backend, out, new ProgressLines(console)).run(seeds));
            Files.writeString(out.resolve("results.md"), tables);
            console.println(tables);
            console.flush();
        }
        return 0;
    }
}
