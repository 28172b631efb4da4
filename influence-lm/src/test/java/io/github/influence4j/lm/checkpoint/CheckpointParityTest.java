package io.github.influence4j.lm.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.testkit.Tolerances;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Published checkpoints against what transformers 5.18 computes with them in float64. */
class CheckpointParityTest {

    static final Path FOLDER = Path.of("src/test/resources/parity-lm");

    /** float64.safetensors is of transformers with every step in float64, see src/test/python/make_references.py. */
    @ParameterizedTest
    @ValueSource(strings = {"llama", "llama3", "llama_bf16", "mistral", "qwen2", "qwen3", "olmo2", "gpt2", "gpt_neox"})
    void numbersAreThoseOfTransformersInFloat64(String family) throws Exception {
        check(family, Precision.FLOAT64, "float64.safetensors", Tolerances.WHOLE_MODEL_FLOAT64);
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "llama3", "llama_bf16", "mistral", "qwen2", "qwen3", "olmo2", "gpt2", "gpt_neox"})
    void numbersOfFloat32AreNear(String family) throws Exception {
        check(family, Precision.FLOAT32, "float64.safetensors", Tolerances.WHOLE_MODEL_FLOAT32);
    }

    /** As transformers is, softmax, RMS norms and rotary positions in float32 whatever the model's type. */
    @ParameterizedTest
    @ValueSource(strings = {"llama", "llama3", "llama_bf16", "mistral", "qwen2", "qwen3", "olmo2", "gpt2", "gpt_neox"})
    void numbersAreThoseOfTransformersAsItIs(String family) throws Exception {
        check(family, Precision.FLOAT64, "expected.safetensors", Tolerances.WHOLE_MODEL_FLOAT32);
    }

    private static void check(String family, Precision precision, String reference, double tolerance) throws Exception {
        Path folder = FOLDER.resolve(family);
        try (Checkpoint checkpoint = Checkpoint.open(folder);
                MatrixBackend backend = MatrixBackends.named("openblas", precision);
                Decoder decoder = checkpoint.decoder(backend, mapsOfBlocks(checkpoint));
                SafetensorsFile expected = SafetensorsFile.open(folder.resolve(reference));
                SafetensorsFile batch = SafetensorsFile.open(folder.resolve("batch.safetensors"))) {
            List<TokenSequence> sequences = sequences(batch);
            ExampleBatch<TokenSequence> examples = new ExampleBatch<>(
                    sequences, LongStream.range(0, sequences.size()).toArray());
            int padded = (int) expected.tensor("logits").dimension(1);
            double[][] logits = Arrays.stream(decoder.positionOutputs(examples))
                    .flatMap(Arrays::stream)
                    .toArray(double[][]::new);
            compare("logits", real(expected.matrix("logits"), padded, sequences), logits, tolerance);
            compare("loss", expected.matrix("loss").toArray(), new double[][] {decoder.losses(examples)}, tolerance);
            Set<String> checked = new TreeSet<>();
            decoder.capture(examples, new Objective.TrainingLoss(), decoder.layers(), capture -> {
                String name = capture.layer().name();
                compare(
                        name + " activations",
                        real(expected.matrix(name + "/activations"), padded, sequences),
                        real(capture, capture.activations()),
                        tolerance);
                compare(
                        name + " output gradients",
                        real(expected.matrix(name + "/output_gradients"), padded, sequences),
                        real(capture, capture.outputGradients()),
                        tolerance);
                checked.add(name);
            });
            assertEquals(
                    expected.names().stream()
                            .filter(name -> name.endsWith("/activations"))
                            .map(name -> name.substring(0, name.indexOf('/')))
                            .collect(Collectors.toCollection(TreeSet::new)),
                    checked);
        }
    }

    static List<String> mapsOfBlocks(Checkpoint checkpoint) {
        return Decoder.linearMaps(checkpoint.shape()).stream()
                .map(LayerSpec::name)
                .filter(name -> name.chars().anyMatch(Character::isDigit))
                .toList();
    }

    /** The batch's sequences without their padding, which is at the end. */
    static List<TokenSequence> sequences(SafetensorsFile batch) {
        double[][] ids = batch.matrix("input_ids").toArray();
        double[][] labels = batch.matrix("labels").toArray();
        double[][] mask = batch.matrix("attention_mask").toArray();
        List<TokenSequence> sequences = new ArrayList<>();
        for (int e = 0; e < ids.length; e++) {
            int length = (int) Arrays.stream(mask[e]).sum();
            sequences.add(TokenSequence.labelled(whole(ids[e], length), whole(labels[e], length)));
        }
        return sequences;
    }

    private static int[] whole(double[] values, int length) {
        return IntStream.range(0, length).map(k -> (int) values[k]).toArray();
    }

    /** Rows of the reference that predict something: it keeps a row for the last token and for padding. */
    private static double[][] real(Matrix rows, int padded, List<TokenSequence> sequences) {
        double[][] all = rows.toArray();
        List<double[]> real = new ArrayList<>();
        for (int e = 0; e < sequences.size(); e++) {
            for (int p = 0; p < sequences.get(e).predictions(); p++) {
                real.add(all[e * padded + p]);
            }
        }
        return real.toArray(double[][]::new);
    }

    private static double[][] real(LayerCapture capture, Matrix rows) {
        double[][] all = rows.toArray();
        return IntStream.range(0, all.length)
                .filter(capture.mask()::isReal)
                .mapToObj(r -> all[r])
                .toArray(double[][]::new);
    }

    static void compare(String name, double[][] expected, double[][] found, double tolerance) {
        double largest = Arrays.stream(expected)
                .flatMapToDouble(Arrays::stream)
                .map(Math::abs)
                .max()
                .orElseThrow();
        assertEquals(expected.length, found.length, name);
        for (int r = 0; r < expected.length; r++) {
            assertEquals(expected[r].length, found[r].length, name);
            for (int c = 0; c < expected[r].length; c++) {
                assertEquals(expected[r][c], found[r][c], tolerance * largest, name + " at " + r + ", " + c);
            }
        }
    }
}
