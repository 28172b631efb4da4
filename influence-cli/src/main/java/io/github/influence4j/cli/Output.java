package io.github.influence4j.cli;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.PropertyNamingStrategies;
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

    /** Names of records' components in words, as all other names are. */
    private static final PropertyNamingStrategies.NamingBase WORDS = new PropertyNamingStrategies.NamingBase() {
        @Override
        public String translate(String name) {
            return name.replaceAll("([A-Z])", " $1").toLowerCase(Locale.ROOT);
        }
    };

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

    /** Prints several results, with a line between them. */
    void printAll(String name, List<Map<String, Object>> results) {
        if (json) {
            printJson(Map.of(name, results));
            return;
        }
        for (int k = 0; k < results.size(); k++) {
            if (k > 0) {
                out().println();
            }
            print(results.get(k));
        }
    }

    void printJson(Map<String, Object> result) {
        out().println(json(result));
        out().flush();
    }

    /** In ASCII, so that it is the same in every locale. */
    static String json(Object result) {
        return JsonMapper.builder()
                .enable(SerializationFeature.INDENT_OUTPUT)
                .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
                .propertyNamingStrategy(WORDS)
                .build()
                .writeValueAsString(result)
                .replace("\u007f", "\\u007f");
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

    /** Whether an option stands on the command line, whatever its value. */
    boolean isGiven(String option) {
        return spec.commandLine().getParseResult().hasMatchedOption(option);
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
