package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.bytedeco.openblas.global.openblas_full;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Says what the time of each stage of the workloads of {@link PeerComparison} goes into, beside its floor, without a peer. */
@Command(
        name = "WhereTimeGoes",
        mixinStandardHelpOptions = true,
        description = "Prints seconds of products, other operations of the backend and the rest, stage by stage.")
public final class WhereTimeGoes implements Callable<Integer> {

    private static final int RUNS = 3;

    @Option(
            names = "--workloads",
            split = ",",
            defaultValue = "mlp,token-mlp,gpt2-block",
            description = "default: ${DEFAULT-VALUE}")
    private List<String> workloads = List.of();

    @Option(names = "--threads", defaultValue = "2", description = "of OpenBLAS (default: 2)")
    private int threads;

    @Option(names = "--batch-size", description = "examples per batch (default: the workload's)")
    private Optional<Integer> batchSize = Optional.empty();

    @Option(names = "--out", required = true, description = "folder for factors and scores")
    private Path out = Path.of("");

    /** Made by picocli. */
    private WhereTimeGoes() {}

    /**
     * Runs the measurement.
     *
     * @param arguments see {@code --help}
     */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new WhereTimeGoes()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        PeerComparison.requireOwnChoiceOfKernels(System.getenv());
        Files.createDirectories(out);
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            openblas_full.openblas_set_num_threads(threads);
            for (String name : workloads) {
                Workload usual = Workload.named(name);
                Workload workload = usual.withBatchSizes(batchSize.orElse(usual.batchSize()), usual.peerBatchSize());
                Map<Stage, StageParts> parts = StageParts.of(backend, WorkloadData.make(workload, backend), out, RUNS);
                Floors rates = Floors.ofSquareProducts(backend, Device.CPU.sgemmOrder());
                System.out.println(rates);
                System.out.print(StageParts.HEADER + StageParts.lines(name, parts, rates.of(backend, workload)));
                parts.forEach((stage, part) -> System.out.println(stage.key() + ": " + words(part.operations())));
            }
        }
        return 0;
    }

    private static String words(Map<String, Double> operations) {
        StringBuilder text = new StringBuilder();
        operations.forEach((name, seconds) ->
                text.append(String.format(Locale.ROOT, "%s%s %.4f", text.isEmpty() ? "" : ", ", name, seconds)));
        return text.toString();
    }
}
