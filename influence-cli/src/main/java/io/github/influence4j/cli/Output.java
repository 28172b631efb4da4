package io.github.influence4j.cli;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.io.PrintWriter;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** What every command says: results on standard output, progress on standard error. */
final class Output {

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(names = "--json", description = "print the result as one JSON object")
    private boolean json;

    @Option(names = "--verbose", description = "say more: the stack trace of an error, each layer of a plan")
    private boolean verbose;

    boolean json() {
        return json;
    }

    boolean verbose() {
        return verbose;
    }

    PrintWriter out() {
        return spec.commandLine().getOut();
    }

    /** Prints a line for each entry, or all of them as an object. */
    void print(Map<String, Object> result) {
        if (json) {
            printJson(result);
        } else {
            result.forEach((name, value) -> out().println(Terminal.text(name + ": " + value)));
            out().flush();
        }
    }

    void printJson(Map<String, Object> result) {
        // in ASCII, so that it is the same in every locale
        String text = JsonMapper.builder()
                .enable(SerializationFeature.INDENT_OUTPUT)
                .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
                .build()
                .writeValueAsString(result);
        out().println(text.replace("\u007f", "\\u007f"));
        out().flush();
    }

    ProgressOutput progress() {
        return new ProgressOutput(spec.commandLine().getErr(), Terminal.isThere());
    }

    MatrixBackend backend(@Nullable String name, Precision precision) {
        if (name == null) {
            return MatrixBackends.select(precision);
        }
        return fromCommandLine(() -> MatrixBackends.named(name, precision));
    }

    ParameterException wrong(String problem) {
        return new ParameterException(spec.commandLine(), problem);
    }

    /** Makes something of what stands on the command line; where that is refused, the command line was wrong. */
    <T> T fromCommandLine(Supplier<T> made) {
        try {
            return made.get();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), Terminal.text(String.valueOf(e.getMessage())), e);
        }
    }
}
