package io.github.influence4j.lm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.ekfac.plan.CountingBackend;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.lm.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A decoder on a card brings as many numbers to and fro for a long sequence as for a short one: none row by row. */
class DecoderTransfersTest {

    private static final Path MODELS = Path.of("src/test/resources/parity-lm");

    /** Defect: the embedding was read row by row. GPT-2 has learned positions too. */
    @ParameterizedTest
    @ValueSource(strings = {"llama", "gpt2", "olmo2", "gpt_neox"})
    void doNotGrowWithTheRows(String family) throws IOException {
        try (MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);
                Checkpoint checkpoint = Checkpoint.open(MODELS.resolve(family))) {
            CountingBackend counting = new CountingBackend(backend);
            try (Decoder decoder = checkpoint.decoder(
                    counting,
                    Decoder.linearMaps(checkpoint.shape()).stream()
                            .map(layer -> layer.name())
                            .toList())) {
                transfers(counting, decoder, 24); // memory is taken, and tables are made
                assertEquals(transfers(counting, decoder, 8), transfers(counting, decoder, 24));
                assertEquals(embeddings(counting, decoder, 8), embeddings(counting, decoder, 24));
            }
        }
    }

    private static ExampleBatch<TokenSequence> sequence(Decoder decoder, int tokens) {
        int[] ids =
                new Random(tokens).ints(tokens, 0, decoder.shape().vocabulary()).toArray();
        return new ExampleBatch<>(List.of(TokenSequence.of(ids)), new long[] {1});
    }

    private static long transfers(CountingBackend backend, Decoder decoder, int tokens) {
        long before = backend.transfers();
        decoder.capture(sequence(decoder, tokens), new Objective.TrainingLoss(), decoder.layers(), capture -> {});
        return backend.transfers() - before;
    }

    private static long embeddings(CountingBackend backend, Decoder decoder, int tokens) {
        long before = backend.transfers();
        decoder.embeddings(sequence(decoder, tokens));
        return backend.transfers() - before;
    }
}
