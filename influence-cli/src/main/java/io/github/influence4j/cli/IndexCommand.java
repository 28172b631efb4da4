package io.github.influence4j.cli;

import io.github.influence4j.index.GradientIndex;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code influence index}. */
@Command(
        name = "index",
        description =
                "Keeps signs or coordinates of whitened gradients, and answers questions from them without the training set.",
        subcommands = {
            IndexBuildCommand.Build.class,
            IndexBuildCommand.Append.class,
            IndexCommand.Abandon.class,
            IndexMergeCommand.class,
            IndexCommand.Info.class,
            IndexQueryCommand.class,
            IndexAuditCommand.class
        },
        sortOptions = false)
final class IndexCommand implements Callable<Integer> {

    @Mixin
    private final Output output = new Output();

    @Override
    public Integer call() {
        throw output.wrong("name what to do: build, append, abandon, merge, info, query or audit");
    }

    /** {@code influence index info}. */
    @Command(name = "info", description = "Says what an index holds, and compares its checksums.", sortOptions = false)
    static final class Info implements Callable<Integer> {

        @Mixin
        private final Output output = new Output();

        @Parameters(paramLabel = "INDEX", description = "what influence index build wrote")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private Path index;

        @Override
        public Integer call() throws IOException {
            try (GradientIndex opened = GradientIndex.open(index)) {
                opened.verify();
                output.print(describe(index, opened));
            }
            return 0;
        }
    }

    /** {@code influence index abandon}. */
    @Command(
            name = "abandon",
            description =
                    "Gives up what is being added to an index after a run that was ended: it is as it was before.",
            sortOptions = false)
    static final class Abandon implements Callable<Integer> {

        @Mixin
        private final Output output = new Output();

        @Parameters(paramLabel = "INDEX", description = "what influence index append did not finish")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private Path index;

        @Override
        public Integer call() throws IOException {
            GradientIndex.abandon(index);
            try (GradientIndex opened = GradientIndex.open(index)) {
                output.print(describe(index, opened));
            }
            return 0;
        }
    }

    static Map<String, Object> describe(Path folder, GradientIndex index) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("index", folder.toString());
        result.put("training examples", index.size());
        result.put("bytes a training example", index.bytesPerExample());
        result.put("signs", index.hasSigns());
        result.put("coordinates", index.hasCoordinates());
        result.put("factors", index.factors());
        result.put("lambdas", index.damping().lambdas().toString());
        return result;
    }
}
