package io.github.influence4j.examples.index;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.ArrayList;
import java.util.List;

/** The inner products of whitened gradients themselves, in float32 and over pieces in float64: the full scores. */
final class FullScores implements Representation {

    /** Numbers that are added up in float32. */
    private static final int PIECE = 1 << 14;

    private final MatrixBackend backend;
    private final List<BackendMatrix> asked = new ArrayList<>();
    private final int questions;
    private double[][] scores = {};
    private int batch;

    /** Takes memory for the questions, which {@link #close} gives back. */
    FullScores(MatrixBackend backend, List<LayerSpec> layers, int questions) {
        this.backend = backend;
        this.questions = questions;
        try {
            for (LayerSpec layer : layers) {
                asked.add(backend.uninitialised(questions, Math.toIntExact(layer.parameters()), Precision.FLOAT32));
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    @Override
    public void ask(int layer, int first, int count, float[] rows) {
        backend.upload(rows, asked.get(layer).rows(first, count));
    }

    @Override
    public void begin(int sequences) {
        scores = new double[questions][sequences];
    }

    @Override
    public void startBatch(int first, int sequences) {
        batch = first;
    }

    @Override
    public void keep(int layer, int first, int sequences, float[] rows) {
        BackendMatrix question = asked.get(layer);
        int numbers = question.columns();
        double[] piece = new double[sequences * questions];
        try (BackendMatrix gradients = backend.uninitialised(sequences, numbers, Precision.FLOAT32);
                BackendMatrix products = backend.uninitialised(sequences, questions, Precision.FLOAT32)) {
            backend.upload(rows, gradients);
            for (int at = 0; at < numbers; at += PIECE) {
                int count = Math.min(PIECE, numbers - at);
                backend.multiply(
                        Operand.of(gradients.view(0, sequences, at, count)),
                        Operand.transposed(question.view(0, questions, at, count)),
                        products);
                products.read(0, sequences, piece, 0);
                for (int e = 0; e < sequences; e++) {
                    for (int q = 0; q < questions; q++) {
                        scores[q][batch + first + e] += piece[e * questions + q];
                    }
                }
            }
        }
    }

    @Override
    public void finishBatch() {}

    @Override
    public double[][] scores() {
        return scores;
    }

    @Override
    public void close() {
        asked.forEach(BackendMatrix::close);
    }
}
