package io.github.influence4j.benchmarks;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.linalg.Operand;
import io.github.influence4j.lm.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import org.bytedeco.openblas.global.openblas_full;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Times a pass of a published form (SmolLM2-135M's) that captures all maps of the MLPs against forward and backward of the same
 * weights on the same tokens in PyTorch, in turn, and against the floor: its flops at the rate of this machine's sgemm.
 */
@Command(
        name = "DecoderSpeed",
        mixinStandardHelpOptions = true,
        description = "Times captures of a language model beside PyTorch's forward and backward; writes results.json.")
public final class DecoderSpeed implements Callable<Integer> {

    private static final JsonMapper JSON = new JsonMapper();
    static final String SCRIPT = "decoder_speed.py";
    private static final int THREADS = 2;

    /** Largest difference of the losses of both sides in float32, relative: sums of some thousand terms at 1e-7. */
    private static final double AGREEMENT = 1e-5;

    @Option(names = "--python", required = true, description = "Python with torch and transformers")
    private Path python = Path.of("");

    @Option(names = "--batch", defaultValue = "8", description = "sequences (default: ${DEFAULT-VALUE})")
    private int batch;

    @Option(names = "--tokens", defaultValue = "256", description = "tokens of each (default: ${DEFAULT-VALUE})")
    private int tokens;

    @Option(names = "--rounds", defaultValue = "3", description = "runs of each side, in turn (default: 3)")
    private int rounds;

    @Option(names = "--out", required = true, description = "folder for model and results")
    private Path out = Path.of("");

    /** Made by picocli. */
    private DecoderSpeed() {}

    /**
     * Runs the comparison.
     *
     * @param arguments see {@code --help}
     */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new DecoderSpeed()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        PeerComparison.requireOwnChoiceOfKernels(System.getenv());
        Path folder = Files.createDirectories(out).toAbsolutePath();
        PythonScript script = PythonScript.in(folder, SCRIPT, python);
        Random random = new Random(1);
        int[][] sequences = new int[batch][];
        Arrays.setAll(sequences, e -> random.ints(tokens, 0, 49152).toArray());
        Files.writeString(folder.resolve("tokens.json"), JSON.writeValueAsString(sequences));
        List<Double> there = new ArrayList<>();
        List<Double> here = new ArrayList<>();
        List<Double> floors = new ArrayList<>();
        double loss = torch(script, 1, new ArrayList<>()); // makes the model
        double own;
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32);
                Checkpoint checkpoint = Checkpoint.open(folder);
                Decoder model = checkpoint.decoder(backend, mlps(checkpoint.shape()))) {
            openblas_full.openblas_set_num_threads(THREADS);
            ExampleBatch<TokenSequence> examples = new ExampleBatch<>(
                    Arrays.stream(sequences)
                            .map(row -> TokenSequence.labelled(row, row))
                            .toList(),
                    random.longs(batch).toArray());
            own = Arrays.stream(model.losses(examples)).sum();
            capture(model, examples);
            for (int round = 0; round < rounds; round++) {
                floors.add(flops(checkpoint.shape(), model.layers()) / rate(backend, batch * tokens));
                here.add(capture(model, examples));
                here.add(capture(model, examples));
                torch(script, 3, there);
            }
            Map<String, Object> results = new LinkedHashMap<>();
            results.put("machine", Machine.here(backend));
            results.put("batch", batch);
            results.put("tokens", tokens);
            results.put("torchSeconds", there);
            results.put("captureSeconds", here);
            results.put("floorSeconds", floors);
            results.put("torchLoss", loss);
            results.put("loss", own);
            Files.writeString(folder.resolve("results.json"), JSON.writeValueAsString(results));
        }
        System.out.printf(
                Locale.ROOT,
                "capture %.2f s, PyTorch %.2f s, ratio %.2f; floor %.2f s, ratio %.2f; losses differ by %.1e%n",
                median(here),
                median(there),
                median(here) / median(there),
                median(floors),
                median(here) / median(floors),
                Math.abs(own - loss) / loss);
        return Math.abs(own - loss) <= AGREEMENT * loss ? 0 : 1;
    }

    private static List<String> mlps(DecoderShape shape) {
        return Decoder.linearMaps(shape).stream()
                .map(LayerSpec::name)
                .filter(name -> name.contains("mlp"))
                .toList();
    }

    private static double capture(Decoder model, ExampleBatch<TokenSequence> examples) {
        long start = System.nanoTime();
        model.capture(examples, new Objective.TrainingLoss(), model.layers(), capture -> {});
        return (System.nanoTime() - start) / 1e9;
    }

    private double flops(DecoderShape shape, List<LayerSpec> captured) {
        int predictions = tokens - 1;
        return (double) batch * predictions * Decoder.flopsPerPositionOf(shape, captured, predictions);
    }

    /** Flops a second of the product of an MLP's first layer, the best of some. */
    static double rate(MatrixBackend backend, int rows) {
        try (BackendMatrix inputs = backend.zeros(rows, 576);
                BackendMatrix weights = backend.zeros(3072, 576);
                BackendMatrix outputs = backend.zeros(rows, 3072)) {
            double best = 0;
            for (int k = 0; k < 20; k++) {
                long start = System.nanoTime();
                backend.multiply(Operand.of(inputs), Operand.transposed(weights), outputs);
                best = Math.max(best, 2.0 * rows * 576 * 3072 * 1e9 / (System.nanoTime() - start));
            }
            return best;
        }
    }

    /** Runs the script, adds the seconds of all runs but the first of several, and returns the loss. */
    private static double torch(PythonScript script, int runs, List<Double> seconds)
            throws IOException, InterruptedException {
        JsonNode result = script.run(THREADS, runs);
        for (int k = 1; k < runs; k++) {
            seconds.add(result.get("seconds").get(k).asDouble());
        }
        return result.get("loss").asDouble();
    }

    private static double median(List<Double> values) {
        return Sgemm.median(values.stream().mapToDouble(Double::doubleValue).toArray());
    }
}
