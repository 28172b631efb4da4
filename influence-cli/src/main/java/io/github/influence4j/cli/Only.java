package io.github.influence4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option that leaves out all examples but those that a search found. */
final class Only {

    @Option(
            names = "--only",
            paramLabel = "FILE",
            description = "take no training examples but those that influence candidates found, or {\"ids\": [...]}")
    private @Nullable Path only;

    boolean isGiven() {
        return only != null;
    }

    Optional<Candidates> candidates() throws IOException {
        return only == null ? Optional.empty() : Optional.of(Candidates.read(only));
    }
}
