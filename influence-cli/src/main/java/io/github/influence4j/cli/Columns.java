package io.github.influence4j.cli;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say where a file of texts has texts and ids. */
final class Columns {

    @Option(
            names = "--text-column",
            paramLabel = "NAME",
            description = "field or column of the texts (default: text, or what a line of JSON has in its place)")
    private @Nullable String text;

    @Option(
            names = "--id-column",
            paramLabel = "NAME",
            description = "field or column of the ids (default: id where there is one, else lines are counted from 1)")
    private @Nullable String id;

    boolean areGiven() {
        return text != null || id != null;
    }

    Optional<String> text() {
        return Optional.ofNullable(text);
    }

    Optional<String> id() {
        return Optional.ofNullable(id);
    }
}
