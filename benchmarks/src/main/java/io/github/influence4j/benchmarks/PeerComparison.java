package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Precision;
import io.github.influence4j.benchmarks.StageEfficiency.Efficiency;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.bytedeco.openblas.global.openblas_full;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Runs kronfluence and this library on the same model, weights, data and drawn labels, in turn, and reports times, ratios
 * and the agreement of the scores; beside them curvlinops and dattri-llm once, where they are there.
 */
@Command(
        name = "PeerComparison",
        mixinStandardHelpOptions = true,
        description = "Times kronfluence and influence4j on the same work; writes results.json and table.md.")
public final class PeerComparison implements Callable<Integer> {

    /** Largest difference of scores, relative to the largest score, at which both sides count as equal in float32; away from {@link Kinks}. */
    static final double AGREEMENT = 2e-4;

    private static final Logger LOG = LoggerFactory.getLogger(PeerComparison.class);
    private static final String CORE_TYPE = "OPENBLAS_CORETYPE";

    @Option(names = "--kronfluence", required = true, description = "source tree of kronfluence 1.0.1")
    private Path tree = Path.of("");

    @Option(names = "--python", required = true, description = "Python with torch, safetensors, accelerate, einops")
    private Path python = Path.of("");

    @Option(names = "--curvlinops", description = "Python with curvlinops; left out without it")
    private Optional<Path> curvlinops = Optional.empty();

    @Option(names = "--dattri", description = "Python with dattri-llm; left out without it")
    private Optional<Path> dattri = Optional.empty();

    @Option(
            names = "--workloads",
            split = ",",
            defaultValue = "mlp,token-mlp,gpt2-block",
            description = "default: ${DEFAULT-VALUE}")
    private List<String> workloads = List.of();

    @Option(
            names = "--device",
            defaultValue = "CPU",
            description = "where kronfluence computes: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})")
    private Device device = Device.CPU;

    @Option(names = "--threads", defaultValue = "2", description = "of each side on the processor (default: 2)")
    private int threads;

    @Option(names = "--batch-size", description = "examples per batch of influence4j (default: the workload's)")
    private Optional<Integer> batchSize = Optional.empty();

    @Option(names = "--peer-batch-size", description = "examples per batch of kronfluence (default: the workload's)")
    private Optional<Integer> peerBatchSize = Optional.empty();

    @Option(
            names = "--no-efficiency",
            description = "leaves out the rates on captures in memory, which StageEfficiency measures by itself")
    private boolean withoutEfficiency;

    @Option(names = "--runs", defaultValue = "3", description = "measured runs of each side (default: 3)")
    private int runs;

    @Option(names = "--out", required = true, description = "folder for the results")
    private Path out = Path.of("");

    /** Made by picocli. */
    private PeerComparison() {}

    /**
     * Runs the comparison.
     *
     * @param arguments see {@code --help}
     */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new PeerComparison())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(arguments));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        requireOwnChoiceOfKernels(System.getenv());
        if (runs < 1) {
            throw new IllegalArgumentException("--runs must be positive, found " + runs);
        }
        List<Workload> work = workloads.stream()
                .map(Workload::named)
                .map(this::withBatchSizes)
                .toList();
        try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT32)) {
            if (backend.name().equals("openblas")) {
                openblas_full.openblas_set_num_threads(threads);
            }
            PeerRunner peer = new PeerRunner(tree.toAbsolutePath(), python, threads, device);
            Optional<StageEfficiency.Size> size =
                    withoutEfficiency ? Optional.empty() : Optional.of(StageEfficiency.Size.gpt2(device));
            Map<FurtherPeer, Path> further = new EnumMap<>(FurtherPeer.class);
            curvlinops.ifPresent(path -> further.put(FurtherPeer.CURVLINOPS, path));
            dattri.ifPresent(path -> further.put(FurtherPeer.DATTRI, path));
            ComparisonReport report = measure(work, backend, peer, further, runs, out, size);
            System.out.print(report.table());
            return agrees(report.comparisons()) ? 0 : 1;
        }
    }

    private Workload withBatchSizes(Workload workload) {
        return workload.withBatchSizes(
                batchSize.orElse(workload.batchSize()), peerBatchSize.orElse(workload.peerBatchSize()));
    }

    /** Measures everything and writes the report. */
    static ComparisonReport measure(
            List<Workload> workloads,
            MatrixBackend backend,
            PeerRunner peer,
            Map<FurtherPeer, Path> further,
            int runs,
            Path out,
            Optional<StageEfficiency.Size> size)
            throws IOException, InterruptedException {
        Files.createDirectories(out);
        Machine machine = Machine.here(backend);
        List<WorkloadComparison> comparisons = new ArrayList<>();
        for (Workload workload : workloads) {
            WorkloadComparison comparison = WorkloadComparison.measure(workload, backend, peer, further, runs, out);
            comparisons.add(comparison);
            LOG.info(
                    "{}: scores away from kinks differ by {} (pairwise) and {} (self) of the largest",
                    workload.name(),
                    comparison.pairwiseAgreement(),
                    comparison.selfAgreement());
        }
        Optional<Efficiency> efficiency = size.map(given -> StageEfficiency.measure(backend, given));
        ComparisonReport report = new ComparisonReport(machine, peer, comparisons, efficiency);
        report.write(out);
        return report;
    }

    /** Refuses an environment in which OpenBLAS does not choose its kernels as it does on a user's machine. */
    static void requireOwnChoiceOfKernels(Map<String, String> environment) {
        if (environment.containsKey(CORE_TYPE)) {
            throw new IllegalStateException(CORE_TYPE + " is set to '" + environment.get(CORE_TYPE)
                    + "', so OpenBLAS does not choose its kernels itself; unset it to measure");
        }
    }

    private static boolean agrees(List<WorkloadComparison> comparisons) {
        boolean agrees = true;
        for (WorkloadComparison comparison : comparisons) {
            double worst = Math.max(comparison.pairwiseAgreement(), comparison.selfAgreement());
            // written so that NaN fails
            if (!(worst <= AGREEMENT)) {
                agrees = false;
                System.err.printf(
                        Locale.ROOT,
                        "%s: scores away from kinks differ by %.1e of the largest, allowed %.0e%n",
                        comparison.workload().name(),
                        worst,
                        AGREEMENT);
            }
        }
        return agrees;
    }
}
