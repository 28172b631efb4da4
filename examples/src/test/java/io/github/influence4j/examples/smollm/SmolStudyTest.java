package io.github.influence4j.examples.smollm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.decoder.Activation;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.decoder.Naming;
import io.github.influence4j.decoder.RotaryPositions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole study on a tiny random model. */
class SmolStudyTest {

    private static final Path TOKENIZER = Path.of("../influence-lm/src/test/resources/parity-lm/tokenizer");
    private static final SmolOptions SMALL = SmolOptions.defaults()
            .withFacts(3)
            .withPlain(4)
            .withEpochs(1)
            .withRemoved(List.of(2))
            .withTunings(2);

    @TempDir
    private Path folder = Path.of("");

    @Test
    void runsOnceAndThenReadsItsStages() throws IOException {
        Path model = model();
        Path out = folder.resolve("out");
        SmolResult first = new SmolStudy(SMALL, model, out, ProgressListener.silent()).run();
        assertEquals(3 * 6 + 1 + 4, first.passages());
        assertEquals(3, first.before().length);
        assertEquals(4, first.removals().size());
        assertTrue(first.removals().values().stream().allMatch(without -> without.removed() > 1));
        assertTrue(first.tables().contains("| EK-FAC, 2 a fact |"), first::tables);
        List<String> steps = new ArrayList<>();
        SmolResult again = new SmolStudy(SMALL, model, out, (stage, done, total) -> steps.add(stage)).run();
        assertEquals(List.of(), steps, "nothing is computed again");
        assertEquals(first.tables(), again.tables());
        SmolStudy fewer = new SmolStudy(SMALL.withTunings(1), model, out, (stage, done, total) -> steps.add(stage));
        assertEquals(4, fewer.run().removals().size());
        assertEquals(List.of(), steps, "nor with fewer fine-tunings of each");
        IllegalArgumentException refused = assertThrows(
                IllegalArgumentException.class,
                () -> new SmolStudy(SMALL.withPlain(5), model, out, ProgressListener.silent()));
        assertTrue(refused.toString().contains("another study"), refused::toString);
    }

    /** A Llama of one block with the tokeniser of the parity fixtures. */
    private Path model() throws IOException {
        Path made = Files.createDirectories(folder.resolve("model"));
        Files.copy(TOKENIZER.resolve("tokenizer.json"), made.resolve("tokenizer.json"));
        Files.copy(TOKENIZER.resolve("tokenizer_config.json"), made.resolve("tokenizer_config.json"));
        Files.writeString(made.resolve("config.json"), """
                {"model_type": "llama", "vocab_size": 640, "hidden_size": 8, "num_hidden_layers": 1,
                 "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 4, "intermediate_size": 12,
                 "max_position_embeddings": 512, "rms_norm_eps": 1e-5, "hidden_act": "silu", "rope_theta": 10000.0,
                 "tie_word_embeddings": true}
                """);
        DecoderShape shape = DecoderShape.of(640, 512, 1, 8, 2)
                .withHeads(1, 4)
                .withHidden(12)
                .withGate(true)
                .withActivation(Activation.SILU)
                .withRotary(RotaryPositions.of(10000, 4))
                .withBiases(false, false, false)
                .withTied(true)
                .withNaming(Naming.LLAMA);
        try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT32);
                Decoder random = Decoder.create(backend, shape, 1)) {
            Map<String, Matrix> tensors = new LinkedHashMap<>();
            List<TensorSpec> specs = new ArrayList<>();
            random.publish((name, vector, numbers) -> {
                tensors.put(name, Matrix.of(numbers.toArray()));
                specs.add(
                        vector
                                ? TensorSpec.of(name, TensorType.F32, numbers.columns())
                                : TensorSpec.of(name, TensorType.F32, numbers.rows(), numbers.columns()));
            });
            try (SafetensorsWriter writer =
                    SafetensorsWriter.create(made.resolve("model.safetensors"), specs, Map.of())) {
                for (Map.Entry<String, Matrix> tensor : tensors.entrySet()) {
                    writer.append(tensor.getKey(), tensor.getValue());
                }
                writer.commit();
            }
        }
        return made;
    }
}
