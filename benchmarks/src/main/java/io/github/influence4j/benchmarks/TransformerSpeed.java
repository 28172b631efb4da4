package io.github.influence4j.benchmarks;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.Precision;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderCheckpoint;
import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.decoder.DecoderTraining;
import io.github.influence4j.decoder.DecoderTrainingOptions;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.decoder.TrainedDecoder;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.bytedeco.openblas.global.openblas_full;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Times training steps of the same transformer, from the same weights on the same sequences, in PyTorch and here, in turn.
 *
 * <p>Both sides train on one batch again and again, so that their losses can be compared step by step. A side's time is the
 * median over its runs of the median step of a run's second half; PyTorch's is that of its fastest number of threads.
 */
@Command(
        name = "TransformerSpeed",
        mixinStandardHelpOptions = true,
        description = "Times a training step of a transformer in PyTorch and in influence4j; writes results.json.")
public final class TransformerSpeed implements Callable<Integer> {

    private static final JsonMapper JSON = new JsonMapper();
    private static final String SCRIPT = "transformer_speed.py";
    private static final int THREADS = 2;
    private static final int WARMUP = 20;

    /** Largest difference of two losses of the same step in float64, relative to the loss: rounding. */
    private static final double AGREEMENT = 1e-9;

    private static final int COMPARED = 10;

    @Option(names = "--python", required = true, description = "Python with torch and safetensors")
    private Path python = Path.of("");

    @Option(names = "--sizes", split = ",", defaultValue = "L,wide", description = "default: ${DEFAULT-VALUE}")
    private List<String> sizes = List.of();

    @Option(
            names = "--torch-threads",
            split = ",",
            defaultValue = "1,2",
            description =
                    "numbers of threads that PyTorch is tried with; its fastest counts (default: ${DEFAULT-VALUE})")
    private List<Integer> torchThreads = List.of();

    @Option(names = "--runs", defaultValue = "3", description = "runs of each side, in turn (default: 3)")
    private int runs;

    @Option(names = "--out", required = true, description = "folder for the results")
    private Path out = Path.of("");

    /** Made by picocli. */
    private TransformerSpeed() {}

    /**
     * A model with a batch.
     *
     * @param name how it is asked for
     * @param shape form of the model
     * @param batch sequences of a step, each as long as the context
     * @param steps steps of a run
     */
    record Size(String name, DecoderShape shape, int batch, int steps) {
        static Size named(String name) {
            return switch (name) {
                case "L" -> new Size(name, DecoderShape.of(312, 21, 3, 48, 4), 64, 200);
                case "wide" -> new Size(name, DecoderShape.of(1000, 129, 4, 256, 4), 16, 30);
                case "tiny" -> new Size(name, DecoderShape.of(20, 6, 1, 8, 2), 4, 12);
                default -> throw new IllegalArgumentException("no size '" + name + "' among L, wide, tiny");
            };
        }
    }

    /**
     * Times and losses of one run.
     *
     * @param seconds of each step
     * @param losses of each step
     */
    record Run(List<Double> seconds, List<Double> losses) {
        /** The median over the second half of the steps, when everything is compiled and cached. */
        double median() {
            return TransformerSpeed.median(seconds.subList(seconds.size() / 2, seconds.size()));
        }
    }

    private static double median(List<Double> values) {
        return Sgemm.median(values.stream().mapToDouble(Double::doubleValue).toArray());
    }

    private static double number(Map<String, Object> result, String name) {
        return (double) Objects.requireNonNull(result.get(name), name);
    }

    /**
     * Runs the comparison.
     *
     * @param arguments see {@code --help}
     */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new TransformerSpeed()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        PeerComparison.requireOwnChoiceOfKernels(System.getenv());
        Files.createDirectories(out);
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            openblas_full.openblas_set_num_threads(THREADS);
            Map<String, Object> results = new LinkedHashMap<>();
            results.put("machine", Machine.here(backend));
            boolean agrees = true;
            for (String name : sizes) {
                Map<String, Object> result = measure(Size.named(name), backend);
                results.put(name, result);
                agrees &= number(result, "lossDifferenceFloat64") <= AGREEMENT;
                System.out.printf(
                        Locale.ROOT,
                        "%s: PyTorch %.2f ms, influence4j %.2f ms a step, ratio %.2f; losses differ by %.1e, in float64 by %.1e%n",
                        name,
                        1e3 * number(result, "torchSeconds"),
                        1e3 * number(result, "seconds"),
                        number(result, "ratio"),
                        number(result, "lossDifference"),
                        number(result, "lossDifferenceFloat64"));
            }
            Files.writeString(
                    out.resolve("results.json"),
                    JSON.writerWithDefaultPrettyPrinter().writeValueAsString(results));
            return agrees ? 0 : 1;
        }
    }

    private Map<String, Object> measure(Size size, MatrixBackend backend) throws IOException, InterruptedException {
        Path folder = Files.createDirectories(out.resolve(size.name()).toAbsolutePath());
        Random random = new Random(1);
        int[][] tokens = new int[size.batch()][];
        Arrays.setAll(
                tokens, s -> random.ints(size.shape().context(), 0, size.shape().vocabulary())
                        .toArray());
        Files.writeString(folder.resolve("tokens.json"), JSON.writeValueAsString(tokens));
        DecoderTrainingOptions options = DecoderTrainingOptions.defaults()
                .withSteps(size.steps())
                .withWarmup(Math.min(WARMUP, size.steps() / 2))
                .withBatchSize(size.batch());
        Files.writeString(
                folder.resolve("options.json"),
                JSON.writeValueAsString(Map.of(
                        "rate", options.learningRate(),
                        "warmup", options.warmup(),
                        "steps", options.steps(),
                        "decay", options.weightDecay())));
        List<Run> here = new ArrayList<>();
        List<Run> there = new ArrayList<>();
        double exact;
        Map<Integer, List<Double>> torchMedians = new TreeMap<>();
        try (InputStream script = TransformerSpeed.class.getResourceAsStream(SCRIPT);
                Decoder start = Decoder.create(backend, size.shape(), 1)) {
            if (script == null) {
                throw new IllegalStateException(SCRIPT + " is missing from the jar");
            }
            Files.copy(script, folder.resolve(SCRIPT), StandardCopyOption.REPLACE_EXISTING);
            DecoderCheckpoint.write(start, folder.resolve("model.safetensors"));
            ExampleSource<TokenSequence> data = ExampleSource.of(
                    Arrays.stream(tokens).map(TokenSequence::of).toList());
            for (int run = 0; run < runs; run++) {
                for (int threads : torchThreads) {
                    Run torch = torch(folder, threads, "float32");
                    there.add(torch);
                    torchMedians
                            .computeIfAbsent(threads, t -> new ArrayList<>())
                            .add(torch.median());
                }
                here.add(here(start, data, options));
            }
            exact = exactDifference(folder, size, data, options);
        }
        Map<String, Object> result = new LinkedHashMap<>();
        double seconds = median(here.stream().map(Run::median).toList());
        double torchSeconds = torchMedians.values().stream()
                .mapToDouble(TransformerSpeed::median)
                .min()
                .orElseThrow();
        result.put("shape", size.shape().toString());
        result.put("parameters", size.shape().parameters());
        result.put("batch", size.batch());
        result.put("seconds", seconds);
        result.put("torchSeconds", torchSeconds);
        result.put("ratio", torchSeconds / seconds);
        result.put("medians", here.stream().map(Run::median).toList());
        result.put("torchMediansByThreads", torchMedians);
        result.put(
                "lossDifference", difference(here.get(0).losses(), there.get(0).losses()));
        result.put("lossDifferenceFloat64", exact);
        return result;
    }

    /** Both sides once more in float64: in float32 rounding alone grows to a part in a thousand within ten steps of a wide model. */
    private double exactDifference(
            Path folder, Size size, ExampleSource<TokenSequence> data, DecoderTrainingOptions options)
            throws IOException, InterruptedException {
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT64);
                Decoder start = DecoderCheckpoint.read(folder.resolve("model.safetensors"), size.shape(), backend)) {
            return difference(
                    here(start, data, options).losses(),
                    torch(folder, THREADS, "float64").losses());
        }
    }

    private static double difference(List<Double> here, List<Double> there) {
        double largest = 0;
        for (int k = 0; k < Math.min(COMPARED, here.size()); k++) {
            largest = Math.max(largest, Math.abs(here.get(k) - there.get(k)) / there.get(k));
        }
        return largest;
    }

    private static Run here(Decoder start, ExampleSource<TokenSequence> data, DecoderTrainingOptions options) {
        List<Double> seconds = new ArrayList<>();
        long[] last = {System.nanoTime()};
        try (TrainedDecoder trained = DecoderTraining.train(start, data, options, (stage, done, total) -> {
            long now = System.nanoTime();
            seconds.add((now - last[0]) * 1e-9);
            last[0] = now;
        })) {
            return new Run(seconds, trained.losses());
        }
    }

    private Run torch(Path folder, int threads, String dtype) throws IOException, InterruptedException {
        Path log = folder.resolve("torch.log");
        ProcessBuilder builder = new ProcessBuilder(
                        python.toAbsolutePath().toString(),
                        folder.resolve(SCRIPT).toString(),
                        folder.toString(),
                        Integer.toString(threads),
                        dtype)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().put("OMP_NUM_THREADS", Integer.toString(threads));
        builder.environment().put("MKL_NUM_THREADS", Integer.toString(threads));
        if (builder.start().waitFor() != 0) {
            throw new IllegalStateException("PyTorch failed: " + Files.readString(log));
        }
        JsonNode result = JSON.readTree(Files.readString(folder.resolve("torch.json")));
        return new Run(numbers(result.path("seconds")), numbers(result.path("losses")));
    }

    private static List<Double> numbers(JsonNode array) {
        List<Double> numbers = new ArrayList<>();
        array.forEach(node -> numbers.add(node.asDouble()));
        return numbers;
    }
}
