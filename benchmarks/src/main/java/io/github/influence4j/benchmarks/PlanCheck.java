package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Precision;
import io.github.influence4j.benchmarks.PlannedRun.Measured;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.QueryRank;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.plan.DataShape;
import io.github.influence4j.ekfac.plan.MachineRate;
import io.github.influence4j.ekfac.plan.Plan;
import io.github.influence4j.ekfac.plan.Planner;
import io.github.influence4j.ekfac.plan.StagePlan;
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
import java.util.Objects;
import java.util.concurrent.Callable;
import org.bytedeco.openblas.global.openblas_full;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Holds what the planner says of each stage against what the stage takes, on the workloads of {@link PeerComparison}: memory
 * must be within a fifth, time within a factor of 2.
 */
@Command(
        name = "PlanCheck",
        mixinStandardHelpOptions = true,
        description = "Compares planned and measured memory and time of every stage; writes plan.json and plan.md.")
public final class PlanCheck implements Callable<Integer> {

    private static final int THREADS = 2;
    private static final int RANK = 32;
    private static final double MEMORY = 0.2;
    private static final double TIME = 2;

    @Option(
            names = "--workloads",
            split = ",",
            defaultValue = "mlp,token-mlp,gpt2-block",
            description = "default: ${DEFAULT-VALUE}")
    private List<String> workloads = List.of();

    @Option(names = "--runs", defaultValue = "3", description = "measured runs after one to warm up (default: 3)")
    private int runs;

    @Option(names = "--out", required = true, description = "folder for the results")
    private Path out = Path.of("");

    /** Made by picocli. */
    private PlanCheck() {}

    /**
     * One stage.
     *
     * @param workload the work
     * @param stage name of the stage
     * @param plannedBytes all of the plan's memory, heap included
     * @param bytes measured: open matrices and LAPACK's workspace, and the heap of the result
     * @param residentBytes growth of RssAnon
     * @param plannedSeconds at the rates measured at the start
     * @param seconds median of the runs
     */
    record Row(
            String workload,
            String stage,
            double plannedBytes,
            double bytes,
            double residentBytes,
            double plannedSeconds,
            double seconds) {

        double memoryRatio() {
            return plannedBytes / bytes;
        }

        double timeRatio() {
            return plannedSeconds / seconds;
        }

        boolean right() {
            return Math.abs(memoryRatio() - 1) <= MEMORY && timeRatio() <= TIME && timeRatio() >= 1 / TIME;
        }
    }

    /**
     * Runs the check.
     *
     * @param arguments see {@code --help}
     */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new PlanCheck()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        Files.createDirectories(out);
        List<Row> rows = new ArrayList<>();
        Map<String, Object> json = new LinkedHashMap<>();
        StringBuilder text = new StringBuilder();
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            openblas_full.openblas_set_num_threads(THREADS);
            Machine machine = Machine.here(backend);
            MachineRate rate = MachineRate.measure(backend);
            for (String name : workloads) {
                rows.addAll(check(Workload.named(name), backend, rate, runs));
            }
            json.put("rows", rows);
            json.put("rate", rate);
            json.put("environment", machine);
            text.append(table(rows)).append(String.format(Locale.ROOT, "%n%s%n%s%n", rate, machine));
        }
        JsonMapper mapper =
                JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
        Files.writeString(out.resolve("plan.json"), mapper.writeValueAsString(json) + "\n");
        Files.writeString(out.resolve("plan.md"), text);
        System.out.print(text);
        return rows.stream().allMatch(Row::right) ? 0 : 1;
    }

    /** Runs a workload once to warm up and then as often as asked for, and plans it. */
    static List<Row> check(Workload workload, MatrixBackend backend, MachineRate rate, int runs) {
        FitOptions fit = FitOptions.defaults().withBatchSize(workload.batchSize());
        ScoreOptions whole =
                ScoreOptions.defaults().withBatchSize(workload.batchSize()).withQueryBatchSize(workload.queries());
        Map<String, ScoreOptions> scores = new LinkedHashMap<>();
        scores.put("", whole);
        scores.put(", rank " + RANK, whole.withRank(QueryRank.randomised(RANK, 1)));
        List<Map<String, Measured>> measured = new ArrayList<>();
        try (PlannedRun run = new PlannedRun(backend, WorkloadData.make(workload, backend), fit)) {
            run.run(scores);
            for (int k = 0; k < runs; k++) {
                measured.add(run.run(scores));
            }
        }
        DataShape shape = DataShape.of(workload.train(), workload.queries()).withPositions(workload.positions());
        List<Row> rows = new ArrayList<>();
        scores.forEach((suffix, options) -> {
            Plan plan = new Planner(backend, rate).plan(workload.layers(), shape, fit, options);
            System.out.println(plan.describe());
            for (StagePlan stage : plan.stages()) {
                String name = stage.stage() + suffix;
                if (measured.get(0).containsKey(name)) {
                    rows.add(row(workload, name, stage, measured));
                }
            }
        });
        return rows;
    }

    private static Row row(Workload workload, String name, StagePlan stage, List<Map<String, Measured>> runs) {
        List<Measured> stages = runs.stream()
                .map(run -> Objects.requireNonNull(run.get(name), name))
                .toList();
        Measured last = stages.get(stages.size() - 1);
        boolean results = last.heapBytes() != 0;
        return new Row(
                workload.name(),
                name,
                results ? stage.memory().total() : stage.memory().backend(),
                (double) last.backendBytes() + last.heapBytes(),
                (double) last.residentBytes(),
                stage.seconds(),
                Sgemm.median(stages.stream().mapToDouble(Measured::seconds).toArray()));
    }

    private static String table(List<Row> rows) {
        StringBuilder text =
                new StringBuilder("| workload | stage | memory planned / found, MiB | ratio | RssAnon, MiB |"
                        + " time planned / found, s | ratio |\n|---|---|---|---|---|---|---|\n");
        for (Row row : rows) {
            text.append(String.format(
                    Locale.ROOT,
                    "| %s | %s | %.1f / %.1f | %.2f | %.1f | %.3f / %.3f | %.2f |%s%n",
                    row.workload(),
                    row.stage(),
                    mebibytes(row.plannedBytes()),
                    mebibytes(row.bytes()),
                    row.memoryRatio(),
                    mebibytes(row.residentBytes()),
                    row.plannedSeconds(),
                    row.seconds(),
                    row.timeRatio(),
                    row.right() ? "" : " !"));
        }
        return text.toString();
    }

    private static double mebibytes(double bytes) {
        return bytes / (1 << 20);
    }
}
