package io.github.influence4j.decoder;

import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;

/** The states that a model begins with: rows of its tables, which are copied inside the backend's memory, since each that the host reads is a transfer. */
final class Embedding {

    private final MatrixBackend backend;
    private final ParameterMatrices weights;

    Embedding(MatrixBackend backend, ParameterMatrices weights) {
        this.backend = backend;
        this.weights = weights;
    }

    /** Gathers the embeddings of the tokens, [rows, d]. */
    void tokens(SequenceRows rows, BackendMatrix target) {
        BackendMatrix table = weights.embedding();
        for (int r = 0; r < rows.rows(); r++) {
            backend.upload(table.rows(rows.input(r), 1), target.rows(r, 1));
        }
    }

    /** Gathers the embeddings of the tokens, and adds those of the positions where they are learned. */
    void states(SequenceRows rows, BackendMatrix target) {
        tokens(rows, target);
        if (weights.shape().rotary().isPresent()) {
            return;
        }
        BackendMatrix positions = weights.matrix(weights.names().positions());
        for (int s = 0; s < rows.sequences(); s++) {
            int length = rows.sequenceLength(s);
            backend.addScaled(1, positions.rows(0, length), target.rows(rows.sequenceStart(s), length));
        }
    }
}
