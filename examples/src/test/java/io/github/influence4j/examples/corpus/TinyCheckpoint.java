package io.github.influence4j.examples.corpus;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
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
import java.util.Locale;
import java.util.Map;

/** A Llama of one block with random weights and the tokeniser of the parity fixtures, as it would be downloaded. */
public final class TinyCheckpoint {

    private static final Path TOKENIZER = Path.of("../influence-lm/src/test/resources/parity-lm/tokenizer");

    private TinyCheckpoint() {}

    /**
     * Writes it.
     *
     * @param folder where to
     * @param width numbers of the hidden state, in two heads
     * @param hidden numbers inside of the MLP
     * @return the folder
     */
    public static Path write(Path folder, int width, int hidden) throws IOException {
        Path made = Files.createDirectories(folder);
        int head = width / 2;
        Files.copy(TOKENIZER.resolve("tokenizer.json"), made.resolve("tokenizer.json"));
        Files.copy(TOKENIZER.resolve("tokenizer_config.json"), made.resolve("tokenizer_config.json"));
        Files.writeString(made.resolve("config.json"), String.format(Locale.ROOT, """
                {"model_type": "llama", "vocab_size": 640, "hidden_size": %d, "num_hidden_layers": 1,
                 "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": %d, "intermediate_size": %d,
                 "max_position_embeddings": 512, "rms_norm_eps": 1e-5, "hidden_act": "silu", "rope_theta": 10000.0,
                 "tie_word_embeddings": true}
                """, width, head, hidden));
        DecoderShape shape = DecoderShape.of(640, 512, 1, width, 2)
                .withHeads(1, head)
                .withHidden(hidden)
                .withGate(true)
                .withActivation(Activation.SILU)
                .withRotary(RotaryPositions.of(10000, head))
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
