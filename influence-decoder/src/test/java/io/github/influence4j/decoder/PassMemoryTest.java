package io.github.influence4j.decoder;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a decoder says that a position takes is what its passes take. */
class PassMemoryTest {

    @ParameterizedTest
    @MethodSource("io.github.influence4j.decoder.Sequences#shapes")
    void countsWhatGrowsWithTheRows(DecoderShape shape) {
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            long[] rows = new long[2];
            long[] numbers = new long[2];
            for (int k = 0; k < 2; k++) {
                ParameterMatrices weights = new ParameterMatrices(backend, shape);
                try (DecoderPass<float[]> pass = pass(backend, weights)) {
                    SequenceRows batch = SequenceRows.of(shape, Sequences.batch(shape, 2 + 3 * k, 5));
                    pass.forward(batch);
                    pass.gaussNewton(weights, DecoderPass.EMBEDDINGS, (map, at, first, inputs, outputs) -> {});
                    rows[k] = batch.rows();
                    numbers[k] = pass.size();
                }
                weights.close();
            }
            long perRow = PassMemory.bytesPerRow(shape, Precision.FLOAT32) / Precision.FLOAT32.bytes();
            // the logits of so small a vocabulary come in one block, and their tangents
            assertEquals((rows[1] - rows[0]) * (perRow + 2L * shape.vocabulary()), numbers[1] - numbers[0]);
            long logits = (long) rows[1] * shape.vocabulary();
            assertEquals(
                    Precision.FLOAT32.bytes() * (numbers[1] - logits),
                    Decoder.bytesOfPass(shape, Precision.FLOAT32, rows[1]));
        }
    }

    /** 2^24 numbers of logits are there at a time: 341 rows of 49,152. */
    @Test
    void oneBlockOfLogitsIsCountedHoweverManyRowsThereAre() {
        DecoderShape shape = DecoderShape.of(49_152, 64, 2, 32, 4);
        long perRow = PassMemory.bytesPerRow(shape, Precision.FLOAT32);
        for (long rows : new long[] {1, 341, 342, 2048}) {
            assertEquals(
                    rows * perRow + 4 * 49_152 * Math.min(rows, 341),
                    Decoder.bytesOfPass(shape, Precision.FLOAT32, rows));
        }
    }

    @SuppressWarnings("unchecked")
    private static DecoderPass<float[]> pass(MatrixBackend backend, ParameterMatrices weights) {
        return new DecoderPass<>(backend, weights, (RowKernels<float[]>) RowKernels.of(Precision.FLOAT32));
    }
}
