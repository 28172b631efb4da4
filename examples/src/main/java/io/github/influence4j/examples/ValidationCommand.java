package io.github.influence4j.examples;

import io.github.influence4j.examples.console.ProgressLines;
import io.github.influence4j.examples.report.ValidationReport;
import io.github.influence4j.examples.validation.Claim;
import io.github.influence4j.examples.validation.Validation;
import io.github.influence4j.examples.validation.ValidationOptions;
import io.github.influence4j.examples.validation.ValidationResult;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The study {@code validation}. */
@Command(
        name = "validation",
        description = {
            "Holds every estimator against proximal Bregman responses and against models trained again on halves of the"
                    + " data: Concrete, diabetes and digits.",
            "Writes index.html and results.json, and keeps finished trainings, so that a run that was killed goes on."
        },
        sortOptions = false)
final class ValidationCommand implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(names = "--out", paramLabel = "DIR", description = "folder for the report (default: ${DEFAULT-VALUE})")
    private Path out = Path.of("validation");

    @Option(
            names = "--only",
            paramLabel = "NAME",
            split = ",",
            description =
                    "only these data sets, such as diabetes or \"concrete 64\"; finished ones are kept for other runs")
    private List<String> only = List.of();

    @ArgGroup
    private Extent extent = new Extent();

    /** At most one of the two. */
    static final class Extent {
        @Option(names = "--quick", description = "one data set, one network: a minute or two")
        private boolean quick;

        @Option(names = "--full", description = "every data set, three networks each: up to an hour")
        private boolean full;

        private ValidationOptions options() {
            if (quick) {
                return ValidationOptions.quick();
            }
            return full ? ValidationOptions.full() : ValidationOptions.usual();
        }
    }

    private ValidationOptions options() {
        return only.isEmpty() ? extent.options() : extent.options().withOnly(only);
    }

    @Override
    public Integer call() throws IOException {
        Files.createDirectories(out);
        PrintWriter console = spec.commandLine().getOut();
        ValidationResult result = new Validation(options(), new ProgressLines(console)).run(out);
        ValidationReport.write(result, out);
        for (Claim claim : result.claims()) {
            console.println((claim.holds() ? "holds   " : "FAILS   ") + claim.claim());
            console.println("        " + claim.threshold() + "; " + claim.measured());
        }
        console.println();
        console.println("Report: " + out.resolve("index.html").toAbsolutePath().normalize());
        console.flush();
        return 0;
    }
}
