package io.github.influence4j.examples.index;

import io.github.influence4j.linalg.MatrixBackend;
import java.util.function.IntFunction;

/** Scores by a two-sided projection. */
final class ProjectionEstimates implements Representation {

    private final MatrixBackend backend;
    private final TwoSidedProjection projection;
    private final IntFunction<float[]> roots;
    private final float[][][] asked;
    private double[][] scores = {};
    private int batch;
    private float[] plain = {};

    /**
     * Prepares estimates.
     *
     * @param backend computes
     * @param projection the projection
     * @param layers number of layers
     * @param questions number of questions
     * @param roots (Λ+λ)^-½ of a layer, up to a factor that does not change a score
     */
    ProjectionEstimates(
            MatrixBackend backend,
            TwoSidedProjection projection,
            int layers,
            int questions,
            IntFunction<float[]> roots) {
        this.backend = backend;
        this.projection = projection;
        this.roots = roots;
        this.asked = new float[questions][layers][];
    }

    @Override
    public void ask(int layer, int first, int questions, float[] rows) {
        float[][] values = project(layer, questions, rows, true);
        for (int e = 0; e < questions; e++) {
            asked[first + e][layer] = values[e];
        }
    }

    @Override
    public void begin(int sequences) {
        scores = new double[asked.length][sequences];
    }

    @Override
    public void startBatch(int first, int sequences) {
        batch = first;
    }

    @Override
    public void keep(int layer, int first, int sequences, float[] rows) {
        float[][] values = project(layer, sequences, rows, false);
        backend.inParallel(sequences, e -> {
            float[] rounded = TwoSidedProjection.rounded(values[e]);
            for (int q = 0; q < asked.length; q++) {
                scores[q][batch + first + e] += dot(asked[q][layer], rounded);
            }
        });
    }

    @Override
    public void finishBatch() {}

    @Override
    public double[][] scores() {
        return scores;
    }

    private float[][] project(int layer, int examples, float[] rows, boolean question) {
        return projection.project(
                backend, layer, examples, projection.whitened() ? rows : plain(layer, examples, rows, question));
    }

    /** The gradient itself of a training sequence, and with (Λ+λ)⁻¹ of a question. */
    private float[] plain(int layer, int examples, float[] rows, boolean question) {
        float[] root = roots.apply(layer);
        int numbers = examples * root.length;
        if (plain.length < numbers) {
            plain = new float[numbers];
        }
        backend.inParallel(examples, e -> {
            int at = e * root.length;
            for (int k = 0; k < root.length; k++) {
                plain[at + k] = question ? rows[at + k] * root[k] : rows[at + k] / root[k];
            }
        });
        return plain;
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int k = 0; k < a.length; k++) {
            sum += (double) a[k] * b[k];
        }
        return sum;
    }
}
