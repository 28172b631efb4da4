package io.github.influence4j.benchmarks;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.index.GradientIndex;
import io.github.influence4j.index.IndexBuild;
import io.github.influence4j.index.IndexOptions;
import io.github.influence4j.index.IndexScoring;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.store.PartedData;
import io.github.influence4j.store.factors.FactorStore;
import java.io.IOException;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

/**
 * Times questions to an index of signs against the rate at which all cores read the same files where they are mapped into memory.
 *
 * <p>The gradients are random, of one layer with one position: what a question costs depends on the bytes of a row and their number only.
 */
@Command(
        name = "IndexSpeed",
        mixinStandardHelpOptions = true,
        description = "Times questions to an index beside the rate of reading it; writes index.json.")
public final class IndexSpeed implements Callable<Integer> {

    private static final JsonMapper JSON = new JsonMapper();
    private static final LayerSpec LAYER = LayerSpec.dense("layer", 511, 256);
    private static final int PART = 5_000;
    private static final int RUNS = 7;

    @Option(names = "--rows", defaultValue = "100000", description = "sequences (default: ${DEFAULT-VALUE})")
    private int rows;

    @Option(names = "--bytes", defaultValue = "8000", description = "bytes of each (default: ${DEFAULT-VALUE})")
    private long bytes;

    @Option(names = "--questions", defaultValue = "16", description = "questions at once (default: ${DEFAULT-VALUE})")
    private int questions;

    @Option(names = "--out", required = true, description = "folder of the index, which is built if it is not there")
    private Path out = Path.of("");

    /** Made by picocli. */
    private IndexSpeed() {}

    /**
     * Runs the benchmark.
     *
     * @param arguments see {@code --help}
     */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new IndexSpeed()).execute(arguments));
    }

    /** Captures of random numbers, which follow from an example's number. */
    private static final class RandomCaptures implements GradientProvider<Long> {

        @Override
        public List<LayerSpec> layers() {
            return List.of(LAYER);
        }

        @Override
        public void capture(ExampleBatch<Long> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
            int n = batch.size();
            float[] inputs = new float[n * LAYER.inputs()];
            float[] gradients = new float[n * LAYER.outputs()];
            IntStream.range(0, n).parallel().forEach(e -> {
                SplittableRandom random = new SplittableRandom(batch.examples().get(e));
                fill(random, inputs, e, n);
                fill(random, gradients, e, n);
            });
            sink.accept(LayerCapture.of(
                    LAYER, Matrix.of(inputs, n, inputs.length / n), Matrix.of(gradients, n, gradients.length / n)));
        }

        private static void fill(SplittableRandom random, float[] numbers, int row, int rows) {
            int columns = numbers.length / rows;
            for (int k = 0; k < columns; k++) {
                numbers[row * columns + k] = (float) random.nextDouble(-1, 1);
            }
        }
    }

    private static List<Long> numbers(long first, int count) {
        return LongStream.range(first, first + count).boxed().toList();
    }

    @Override
    public Integer call() throws IOException {
        PeerComparison.requireOwnChoiceOfKernels(System.getenv());
        Path folder = out.resolve("index");
        RandomCaptures model = new RandomCaptures();
        Map<String, Object> results = new LinkedHashMap<>();
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            results.put("machine", Machine.here(backend));
            FactorStore factors = factors(backend, model);
            long start = System.nanoTime();
            if (!Files.exists(folder)) {
                IndexBuild.of(
                                backend,
                                factors,
                                model,
                                Damping.DEFAULT,
                                IndexOptions.defaults().withBytes(bytes),
                                ProgressListener.silent())
                        .write(folder, PartedData.of("random", numbers(0, rows), PART), false);
                results.put("buildSeconds", (System.nanoTime() - start) / 1e9);
            }
            double read = readSeconds(folder, results);
            try (GradientIndex index = GradientIndex.open(folder);
                    IndexScoring<Long> scoring = index.scoring(backend, factors, model, ProgressListener.silent())) {
                results.put("rows", index.size());
                results.put("bytesOfRow", index.bytesPerExample());
                double one = seconds(scoring, 1);
                double all = seconds(scoring, questions);
                results.put("secondsOfOneQuestion", one);
                results.put("secondsOf" + questions + "Questions", all);
                results.put("shareOfReadRate", read / all);
            }
        }
        Files.writeString(out.resolve("index.json"), JSON.writeValueAsString(results));
        System.out.println(JSON.writeValueAsString(results));
        return 0;
    }

    private FactorStore factors(MatrixBackend backend, RandomCaptures model) throws IOException {
        try (FittedCurvature<Long> fitted = Ekfac.on(backend).fit(model, ExampleSource.of(numbers(-2_000, 1_000)))) {
            return FactorStore.save(out.resolve("factors"), fitted);
        }
    }

    private static double seconds(IndexScoring<Long> scoring, int count) {
        ExampleSource<Long> asked = ExampleSource.of(numbers(1L << 40, count));
        return median(() -> scoring.topK(asked, 10));
    }

    private static double median(Runnable work) {
        double[] seconds = new double[RUNS];
        work.run(); // warms up
        for (int run = 0; run < RUNS; run++) {
            long start = System.nanoTime();
            work.run();
            seconds[run] = (System.nanoTime() - start) / 1e9;
        }
        return Sgemm.median(seconds);
    }

    /** Reads every number of the shards on all cores, each file in pieces. */
    private static double readSeconds(Path folder, Map<String, Object> results) throws IOException {
        List<LongBuffer> pieces = new ArrayList<>();
        long size = 0;
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".safetensors"))
                    .toList()) {
                try (FileChannel channel = FileChannel.open(file)) {
                    size += channel.size();
                    for (long at = 0; at < channel.size(); at += 1 << 22) {
                        long piece = Math.min(1 << 22, channel.size() - at);
                        pieces.add(channel.map(MapMode.READ_ONLY, at, piece).asLongBuffer());
                    }
                }
            }
        }
        long[] sums = new long[pieces.size()];
        double seconds =
                median(() -> IntStream.range(0, sums.length).parallel().forEach(p -> sums[p] = sum(pieces.get(p))));
        results.put("bytes", size);
        results.put("readSeconds", seconds);
        results.put("sum", LongStream.of(sums).sum());
        return seconds;
    }

    private static long sum(LongBuffer numbers) {
        long sum = 0;
        int count = numbers.limit();
        for (int k = 0; k < count; k++) {
            sum += numbers.get(k);
        }
        return sum;
    }
}
