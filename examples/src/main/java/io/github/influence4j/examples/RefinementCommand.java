package io.github.influence4j.examples;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.Precision;
import io.github.influence4j.examples.console.ProgressLines;
import io.github.influence4j.examples.validation.DrawnLabelsStudy;
import io.github.influence4j.examples.validation.RefinedCapturesStudy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The study {@code refinement}. */
@Command(
        name = "refinement",
        description = {
            "Says how near iterations over captures of drawn labels come to the exact Gauss-Newton solution, by the number"
                    + " of draws.",
            "Takes some minutes."
        },
        sortOptions = false)
final class RefinementCommand implements Callable<Integer> {

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(names = "--seeds", description = "networks of each data set (default: ${DEFAULT-VALUE})")
    private int seeds = 3;

    @Option(names = "--queries", description = "questions of each data set (default: ${DEFAULT-VALUE})")
    private int queries = 20;

    @Option(names = "--damping", description = "a multiple of EK-FAC's mean eigenvalues (default: ${DEFAULT-VALUE})")
    private double damping = 0.1;

    @Option(
            names = "--retraining",
            paramLabel = "DIR",
            description =
                    "from capture files, which DIR receives: every damping of the study validation, against the exact solution and"
                            + " networks trained on halves of the data; goes on with a DIR whose run was ended")
    private @Nullable Path retraining;

    @Option(names = "--halves", description = "with --retraining (default: ${DEFAULT-VALUE})")
    private int halves = 50;

    @Override
    public Integer call() throws IOException {
        PrintWriter console = spec.commandLine().getOut();
        try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT64)) {
            if (retraining != null) {
                RefinedCapturesStudy study =
                        new RefinedCapturesStudy(backend, queries, halves, retraining, new ProgressLines(console));
                console.println(RefinedCapturesStudy.tables(study.run(seeds)));
                console.flush();
                return 0;
            }
            DrawnLabelsStudy study = new DrawnLabelsStudy(backend, queries, new ProgressLines(console));
            console.println(DrawnLabelsStudy.table(study.run(seeds, Damping.relative(damping))));
            console.flush();
        }
        return 0;
    }
}
