package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.apache.commons.math3.stat.regression.SimpleRegression;
import org.bytedeco.openblas.global.openblas_full;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

/**
 * How seconds and memory of a fit and scores grow as the examples, their positions, the layers and their width grow tenfold, one at a
 * time, with the exponents of a power law through the three sizes.
 */
@Command(
        name = "Scale",
        mixinStandardHelpOptions = true,
        description = {
            "Times a fit and scores as one size grows tenfold; writes scale.json and prints a table.",
            "For memory start Java with -Xms equal to -Xmx and -XX:+AlwaysPreTouch, and with MALLOC_MMAP_THRESHOLD_=65536."
        })
public final class Scale implements Callable<Integer> {

    private static final double[] FACTORS = {1, 3.2, 10};

    @Option(names = "--runs", defaultValue = "3", description = "measured runs of each size (default: 3)")
    private int runs;

    @Option(names = "--threads", defaultValue = "2", description = "of OpenBLAS (default: 2)")
    private int threads;

    @Option(names = "--out", required = true, description = "folder for the results")
    private Path out = Path.of("");

    /** Made by picocli. */
    private Scale() {}

    /** The sizes. */
    record Size(int examples, int positions, int layers, int width) {

        static final Size BASE = new Size(400, 24, 4, 128);

        Workload workload() {
            return new Workload(
                    "scale",
                    Collections.nCopies(layers + 1, width),
                    positions,
                    examples,
                    8,
                    Activation.RELU,
                    Loss.CROSS_ENTROPY,
                    Math.max(1, 2048 / positions),
                    1,
                    false);
        }
    }

    /** What grows. */
    enum Axis {
        EXAMPLES,
        POSITIONS,
        LAYERS,
        WIDTH;

        Size times(double factor) {
            Size base = Size.BASE;
            return new Size(
                    this == EXAMPLES ? (int) Math.round(base.examples() * factor) : base.examples(),
                    this == POSITIONS ? (int) Math.round(base.positions() * factor) : base.positions(),
                    this == LAYERS ? (int) Math.round(base.layers() * factor) : base.layers(),
                    this == WIDTH ? (int) Math.round(base.width() * factor) : base.width());
        }
    }

    /**
     * One size.
     *
     * @param fit seconds of covariances, decompositions and eigenvalues
     * @param scores seconds of all scores and self-influences
     * @param bytes the most that was resident above what was before, Java's heap apart
     * @param floor seconds that all flops take
     */
    record Point(Axis axis, double factor, double fit, double scores, long bytes, double floor) {}

    /**
     * Runs the measurement.
     *
     * @param arguments see {@code --help}
     */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Scale()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        PeerComparison.requireOwnChoiceOfKernels(System.getenv());
        Path folder = Files.createDirectories(out);
        List<Point> points = new ArrayList<>();
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            openblas_full.openblas_set_num_threads(threads);
            Machine machine = Machine.here(backend);
            Floors floors = Floors.ofSquareProducts(backend, Device.CPU.sgemmOrder());
            for (Axis axis : Axis.values()) {
                for (double factor : FACTORS) {
                    points.add(measured(floors, axis, factor, folder));
                    System.err.println(points.get(points.size() - 1));
                }
            }
            record Results(Machine machine, Size base, Floors rates, List<Point> points) {}
            Files.writeString(
                    folder.resolve("scale.json"),
                    new JsonMapper().writeValueAsString(new Results(machine, Size.BASE, floors, points)));
        }
        System.out.print(table(points));
        return 0;
    }

    /** With a backend of its own: what an earlier size took is not kept. */
    private Point measured(Floors floors, Axis axis, double factor, Path folder) throws IOException {
        Workload workload = axis.times(factor).workload();
        long before = ResidentMemory.now();
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32);
                EkfacPipeline pipeline = new EkfacPipeline(backend, WorkloadData.make(workload, backend), folder);
                ResidentMemory resident = new ResidentMemory()) {
            double floor = floors.of(backend, workload).values().stream()
                    .mapToDouble(Double::doubleValue)
                    .sum();
            pipeline.run();
            resident.takePeak();
            double[] fit = new double[runs];
            double[] scores = new double[runs];
            for (int k = 0; k < runs; k++) {
                PipelineRun run = pipeline.run();
                scores[k] = run.seconds().getOrDefault(Stage.PAIRWISE, 0.0)
                        + run.seconds().getOrDefault(Stage.SELF, 0.0);
                fit[k] = run.total() - scores[k];
            }
            return new Point(
                    axis, factor, Sgemm.median(fit), Sgemm.median(scores), resident.takePeak() - before, floor);
        }
    }

    /** The exponents e of seconds ∝ factor^e. */
    static String table(List<Point> points) {
        StringBuilder table = new StringBuilder("""
                | grows | fit, s | scores, s | resident, MiB | over the floor | fit grows as | scores as | memory as | flops as |
                |---|---|---|---|---|---|---|---|---|
                """);
        for (Axis axis : Axis.values()) {
            List<Point> some = points.stream().filter(p -> p.axis() == axis).toList();
            table.append(String.format(
                    Locale.ROOT,
                    "| %s | %s | %s | %s | %s | %.2f | %.2f | %.2f | %.2f |%n",
                    axis.name().toLowerCase(Locale.ROOT),
                    joined(some.stream()
                            .map(p -> String.format(Locale.ROOT, "%.3g", p.fit()))
                            .toList()),
                    joined(some.stream()
                            .map(p -> String.format(Locale.ROOT, "%.3g", p.scores()))
                            .toList()),
                    joined(some.stream()
                            .map(p -> Long.toString(p.bytes() >> 20))
                            .toList()),
                    joined(some.stream()
                            .map(p -> String.format(Locale.ROOT, "%.2f", (p.fit() + p.scores()) / p.floor()))
                            .toList()),
                    exponent(some, some.stream().map(Point::fit).toList()),
                    exponent(some, some.stream().map(Point::scores).toList()),
                    exponent(some, some.stream().map(p -> (double) p.bytes()).toList()),
                    exponent(some, some.stream().map(Point::floor).toList())));
        }
        return table.toString();
    }

    private static String joined(List<String> values) {
        return String.join(", ", values);
    }

    private static double exponent(List<Point> points, List<Double> values) {
        SimpleRegression line = new SimpleRegression();
        for (int k = 0; k < points.size(); k++) {
            line.addData(Math.log(points.get(k).factor()), Math.log(values.get(k)));
        }
        return line.getSlope();
    }
}
