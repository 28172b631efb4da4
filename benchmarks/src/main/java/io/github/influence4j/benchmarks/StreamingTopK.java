package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.benchmarks.Examples.Example;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.bytedeco.openblas.global.openblas_full;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Fits the workload {@code mlp} on generated training sets of growing size and finds the best and worst 100 of each for 10
 * queries: what that takes in time, and that it takes no more memory. Labels are random, as only cost is looked at.
 */
@Command(
        name = "StreamingTopK",
        mixinStandardHelpOptions = true,
        description = "Fit and top-k over generated training sets of growing size; writes streaming.json.")
public final class StreamingTopK implements Callable<Integer> {

    private static final int QUERIES = 10;
    private static final int THREADS = 2;
    private static final long TRAIN_SEED = 1;
    private static final long QUERY_SEED = 2;

    @Option(
            names = "--sizes",
            split = ",",
            defaultValue = "10000,100000,1000000",
            description = "training examples, in this order in one process; default: ${DEFAULT-VALUE}")
    private List<Long> sizes = List.of();

    @Option(
            names = "--k",
            defaultValue = "100",
            description = "best and worst that are kept; default: ${DEFAULT-VALUE}")
    private int k;

    @Option(names = "--out", required = true, description = "folder for the result")
    private Path out = Path.of("");

    /** Made by picocli. */
    private StreamingTopK() {}

    /**
     * What one size took.
     *
     * @param examples N
     * @param fitSeconds both passes and the decompositions
     * @param topKSeconds scoring all N
     * @param fitPeakBytes largest RssAnon during the fit
     * @param topKPeakBytes largest RssAnon during scoring
     * @param heapBytes Java heap in use with the result held, after a collection
     */
    record Row(
            long examples,
            double fitSeconds,
            double topKSeconds,
            long fitPeakBytes,
            long topKPeakBytes,
            long heapBytes) {}

    /**
     * Runs the measurement.
     *
     * @param arguments see {@code --help}
     */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new StreamingTopK()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        Files.createDirectories(out);
        Workload workload = Workload.named("mlp");
        List<Row> rows = new ArrayList<>();
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32);
                PositionwiseMlp model = new PositionwiseMlp(backend, WorkloadData.make(workload, backend));
                ResidentMemory memory = new ResidentMemory()) {
            openblas_full.openblas_set_num_threads(THREADS);
            Machine machine = Machine.here(backend);
            measure(workload, backend, model, memory, sizes.get(0)); // warms up
            for (long size : sizes) {
                Row row = measure(workload, backend, model, memory, size);
                rows.add(row);
                System.out.printf(
                        Locale.ROOT,
                        "%,d examples: fit %.2f s, peak %.1f MiB; top-%d %.2f s, peak %.1f MiB; heap in use %.1f MiB%n",
                        row.examples(),
                        row.fitSeconds(),
                        mebibytes(row.fitPeakBytes()),
                        k,
                        row.topKSeconds(),
                        mebibytes(row.topKPeakBytes()),
                        mebibytes(row.heapBytes()));
            }
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("queries", QUERIES);
            json.put("k", k);
            json.put("maxHeapBytes", Runtime.getRuntime().maxMemory());
            json.put("rows", rows);
            json.put("environment", machine);
            JsonMapper mapper = JsonMapper.builder()
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .build();
            Files.writeString(out.resolve("streaming.json"), mapper.writeValueAsString(json) + "\n");
        }
        return 0;
    }

    private Row measure(
            Workload workload, MatrixBackend backend, PositionwiseMlp model, ResidentMemory memory, long size) {
        GeneratedExamples train = generated(workload, size, TRAIN_SEED);
        GeneratedExamples queries = generated(workload, QUERIES, QUERY_SEED);
        memory.takePeak();
        long start = System.nanoTime();
        FitOptions fit = FitOptions.defaults().withBatchSize(workload.batchSize());
        try (EigenbasisCurvature curvature =
                        EigenbasisApproximator.<Example>of(backend, fit).fit(model, train);
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            long fitted = System.nanoTime();
            long fitPeak = memory.takePeak();
            ScoreOptions score = ScoreOptions.defaults().withBatchSize(workload.batchSize());
            TopInfluences top = new InfluenceScorer<>(backend, model, score, ProgressListener.silent())
                    .topK(solver, queries, train, k);
            long scored = System.nanoTime();
            long peak = memory.takePeak();
            if (top.helpful().size() != QUERIES || top.helpful().get(0).size() != Math.min(k, size)) {
                throw new IllegalStateException("expected the best " + k + " of " + QUERIES + " queries");
            }
            return new Row(size, (fitted - start) / 1e9, (scored - fitted) / 1e9, fitPeak, peak, JavaHeap.inUse());
        }
    }

    private static GeneratedExamples generated(Workload workload, long size, long seed) {
        return new GeneratedExamples(size, workload.inputs(), workload.outputs(), seed);
    }

    private static double mebibytes(long bytes) {
        return bytes / (double) (1 << 20);
    }
}
