package io.github.influence4j.ekfac.factor;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** What the factors of a model's layers take, checked before any work is done. */
public final class FactorMemory {

    private FactorMemory() {}

    /**
     * Returns the most bytes that the factors of one layer take at any time of a fit: the covariances in float64 with
     * their float32 blocks, the decomposition's workspace, and eigenvectors with eigenvalues.
     *
     * @param layer the layer
     * @param precision the working precision
     * @param eigenbasis whether covariances and eigenvectors are needed
     * @return bytes: 8(i² + o²) and 4(i² + o²) in float32, plus 32 max(i, o)² to decompose; 8·o·i (12 in float32) and
     *     eigenvectors to measure eigenvalues
     */
    public static double peakBytes(LayerSpec layer, Precision precision, boolean eigenbasis) {
        double i = layer.gradientColumns();
        double o = layer.outputs();
        double block = precision == Precision.FLOAT32 ? 4 : 0;
        double eigenvalues = (8 + block) * o * i;
        if (!eigenbasis) {
            return eigenvalues;
        }
        double squares = i * i + o * o;
        double covariances = (8 + block) * squares;
        double decomposition = 8 * squares + precision.bytes() * squares + 32 * Math.max(i * i, o * o);
        return Math.max(covariances, Math.max(decomposition, precision.bytes() * squares + eigenvalues));
    }

    /**
     * Checks that the factors of all layers fit.
     *
     * @param layers the layers
     * @param backend where the factors will lie
     * @param eigenbasis whether covariances and eigenvectors are needed
     * @param limit most bytes
     * @throws IllegalArgumentException if they do not fit, naming the largest layer, what it needs and what there is
     */
    public static void require(List<LayerSpec> layers, MatrixBackend backend, boolean eigenbasis, long limit) {
        for (LayerSpec layer : layers) {
            long largest = Math.max(layer.gradientColumns(), layer.outputs());
            long elements = eigenbasis ? largest * largest : layer.parameters();
            if (elements > backend.maxElements()) {
                throw new IllegalArgumentException("layer " + layer.name() + " (" + layer.outputs() + " x "
                        + layer.gradientColumns() + "): a factor of " + elements + " numbers is larger than the "
                        + backend.maxElements() + " that a matrix of backend " + backend.name() + " can hold");
            }
        }
        double total = layers.stream()
                .mapToDouble(layer -> peakBytes(layer, backend.precision(), eigenbasis))
                .sum();
        if (total > limit) {
            LayerSpec worst = layers.stream()
                    .max(Comparator.comparingDouble(layer -> peakBytes(layer, backend.precision(), eigenbasis)))
                    .orElseThrow();
            throw new IllegalArgumentException("the factors of " + layers.size() + " layers need " + mebibytes(total)
                    + ", there is room for " + mebibytes((double) limit) + "; the largest layer, " + worst.name() + " ("
                    + worst.outputs() + " x " + worst.gradientColumns() + "), needs "
                    + mebibytes(peakBytes(worst, backend.precision(), eigenbasis)) + " of them");
        }
    }

    private static String mebibytes(double bytes) {
        return String.format(Locale.ROOT, "%.1f MiB", bytes / (1 << 20));
    }
}
