package io.github.influence4j.examples;

import io.github.influence4j.examples.quickstart.DigitFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Files of the digits network. */
@Command(
        name = "digits",
        description =
                "Writes captures, pictures and tables of a network that reads digits, to try the command influence with.",
        sortOptions = false)
final class DigitsCommand implements Callable<Integer> {

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "receives the files")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path out;

    @Option(names = "--seed", description = "of the split and the weights (default: ${DEFAULT-VALUE})")
    private long seed = 1;

    @Override
    public Integer call() throws IOException {
        DigitFiles.write(out, seed);
        return 0;
    }
}
