package io.github.influence4j.cli;

import io.github.influence4j.index.GradientIndex;
import io.github.influence4j.index.IndexMerge;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code influence index merge}. */
@Command(
        name = "merge",
        description = "Joins indexes of the same factors, damping, sizes and seed that were built apart.",
        sortOptions = false)
final class IndexMergeCommand implements Callable<Integer> {

    @Mixin
    private final Output output = new Output();

    @Parameters(paramLabel = "INDEX", arity = "1..*", description = "what influence index build wrote")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private List<Path> parts;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "the folder of the new index")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path out;

    @Override
    public Integer call() throws IOException {
        IndexMerge.merge(parts, out);
        try (GradientIndex merged = GradientIndex.open(out)) {
            output.print(IndexCommand.describe(out, merged));
        }
        return 0;
    }
}
