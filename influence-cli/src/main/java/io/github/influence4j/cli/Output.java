package io.github.influence4j.cli;

import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.io.PrintWriter;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** What every command says: results on standard output, progress on standard error. */
final class Output {

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(names = "--json", description = "print the result as one JSON object")
    private boolean json;

    @Option(names = "--verbose", description = "show the stack trace of an error")
    @SuppressWarnings("unused") // looked for among the arguments when something fails
    private boolean verbose;

    void print(Map<String, Object> result) {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(JsonMapper.builder()
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .build()
                    .writeValueAsString(result));
        } else {
            result.forEach((name, value) -> {
                if (value instanceof Iterable<?> rows) {
                    out.println(name + ":");
                    rows.forEach(row -> out.println("  " + row));
                } else {
                    out.println(name + ": " + value);
                }
            });
        }
        out.flush();
    }

    ProgressListener progress() {
        PrintWriter err = spec.commandLine().getErr();
        return (stage, done, total) -> {
            err.println(stage + " " + done + " of " + total);
            err.flush();
        };
    }

    static MatrixBackend backend(@Nullable String name, Precision precision) {
        return name == null ? MatrixBackends.select(precision) : MatrixBackends.named(name, precision);
    }
}
