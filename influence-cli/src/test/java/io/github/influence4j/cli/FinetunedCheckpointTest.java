package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.cli.Influence.Ran;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.lm.checkpoint.Checkpoint;
import io.github.influence4j.lm.checkpoint.LayerSelection;
import io.github.influence4j.lm.text.TextData;
import io.github.influence4j.lm.text.TextOptions;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.testkit.Tolerances;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * transformers loads what {@code finetune} wrote, and computes what the library does: the golden file is of checkpoints that the same
 * commands wrote, see influence-lm/src/test/python/check_finetuned.py.
 */
class FinetunedCheckpointTest {

    private static final Path RESOURCES = Path.of("../influence-lm/src/test/resources");
    private static final Path DATA = RESOURCES.resolve("finetuned/train.jsonl");

    /** Lines of which the logits are kept. */
    private static final int LINES = 2;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"llama", "llama3", "llama_bf16", "mistral", "qwen2", "qwen3", "olmo2", "gpt2", "gpt_neox"})
    void logitsOfACheckpointAreThoseOfTransformers(String family) throws Exception {
        check(family, RESOURCES.resolve("parity-lm").resolve(family));
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "llama3", "mistral", "qwen2", "qwen3", "olmo2", "gpt2", "gpt_neox"})
    void logitsOfAGgufFileAreThoseOfTransformers(String family) throws Exception {
        String name = family + ".gguf";
        check(name, RESOURCES.resolve("gguf").resolve(name));
    }

    private void check(String name, Path model) throws Exception {
        Path out = folder.resolve("tuned");
        Ran ran = Influence.run(
                "finetune",
                "--model",
                model.toString(),
                "--data",
                DATA.toString(),
                "--out",
                out.toString(),
                "--epochs",
                "2",
                "--batch-size",
                "4",
                "--learning-rate",
                "0.003",
                "--precision",
                "float64",
                "--backend",
                "ejml");
        assertEquals(0, ran.exitCode(), ran.err());
        try (Checkpoint checkpoint = Checkpoint.open(out);
                MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);
                Decoder decoder = checkpoint.decoder(backend, mlp(checkpoint));
                TextData text = TextData.open(
                        DATA,
                        Optional.empty(),
                        TextOptions.training(checkpoint.shape().vocabulary(), 64)
                                .withMaxExamples(LINES));
                SafetensorsFile golden = SafetensorsFile.open(RESOURCES.resolve("finetuned/logits.safetensors"))) {
            ExampleBatch<TokenSequence> batch = text.batches(LINES).iterator().next();
            double[][] found = Arrays.stream(decoder.positionOutputs(batch))
                    .flatMap(Arrays::stream)
                    .toArray(double[][]::new);
            double[][] expected = golden.matrix(name).toArray();
            double largest = Arrays.stream(expected)
                    .flatMapToDouble(Arrays::stream)
                    .map(Math::abs)
                    .max()
                    .orElseThrow();
            assertEquals(expected.length, found.length);
            for (int r = 0; r < found.length; r++) {
                assertArrayEquals(expected[r], found[r], Tolerances.WHOLE_MODEL_FLOAT64 * largest);
            }
        }
    }

    private static List<String> mlp(Checkpoint checkpoint) {
        return LayerSelection.of(checkpoint.shape(), "mlp").stream()
                .map(LayerSpec::name)
                .toList();
    }
}
