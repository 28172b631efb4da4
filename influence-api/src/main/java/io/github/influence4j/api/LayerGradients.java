package io.github.influence4j.api;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A vector in the space of the tracked parameters: one [o, i] matrix for each layer, bias in the last column.
 *
 * <p>Immutable. Costs 8 bytes a parameter.
 */
public final class LayerGradients {

    private final List<LayerSpec> layers;
    private final double[][] values;

    private LayerGradients(List<LayerSpec> layers, double[][] values) {
        this.layers = layers;
        this.values = values;
    }

    /**
     * Copies matrices into a vector.
     *
     * @param layers the layers
     * @param matrices one [o, i] matrix for each layer, in the same order
     * @return the vector
     * @throws IllegalArgumentException if a matrix is missing or has another shape, naming the layer
     */
    public static LayerGradients of(List<LayerSpec> layers, List<Matrix> matrices) {
        if (layers.size() != matrices.size()) {
            throw new IllegalArgumentException(layers.size() + " layers with " + matrices.size() + " matrices");
        }
        double[][] values = new double[layers.size()][];
        for (int l = 0; l < values.length; l++) {
            LayerSpec layer = layers.get(l);
            Matrix matrix = matrices.get(l);
            if (matrix.rows() != layer.outputs() || matrix.columns() != layer.gradientColumns()) {
                throw new IllegalArgumentException("layer " + layer.name() + ": gradient must be " + layer.outputs()
                        + " x " + layer.gradientColumns() + ", found " + matrix.rows() + " x " + matrix.columns());
            }
            values[l] = new double[Math.toIntExact(layer.parameters())];
            matrix.read(0, matrix.rows(), values[l], 0);
        }
        return new LayerGradients(List.copyOf(layers), values);
    }

    /**
     * Cuts a flat vector into layers.
     *
     * @param layers the layers
     * @param flat the layers' matrices one after the other, each row-major
     * @return the vector
     * @throws IllegalArgumentException if the length is not the number of parameters
     */
    public static LayerGradients ofFlat(List<LayerSpec> layers, double[] flat) {
        if (flat.length != parameters(layers)) {
            throw new IllegalArgumentException(
                    "a vector for " + parameters(layers) + " parameters has " + flat.length + " numbers");
        }
        double[][] values = new double[layers.size()][];
        int start = 0;
        for (int l = 0; l < values.length; l++) {
            int length = Math.toIntExact(layers.get(l).parameters());
            values[l] = Arrays.copyOfRange(flat, start, start + length);
            start += length;
        }
        return new LayerGradients(List.copyOf(layers), values);
    }

    /**
     * Returns the layers.
     *
     * @return the layers, in the order of the flat form
     */
    public List<LayerSpec> layers() {
        return layers;
    }

    /**
     * Returns the part of a layer.
     *
     * @param name the layer's name
     * @return a view, [o, i]
     * @throws IllegalArgumentException if there is no such layer
     */
    public Matrix layer(String name) {
        for (int l = 0; l < values.length; l++) {
            LayerSpec layer = layers.get(l);
            if (layer.name().equals(name)) {
                return Matrix.of(values[l], layer.outputs(), layer.gradientColumns());
            }
        }
        throw new IllegalArgumentException("no layer " + name + " among " + names(layers));
    }

    /**
     * Returns all numbers in one array: layer after layer, each row-major.
     *
     * @return a new array
     */
    public double[] toFlat() {
        double[] flat = new double[Math.toIntExact(parameters(layers))];
        int start = 0;
        for (double[] part : values) {
            System.arraycopy(part, 0, flat, start, part.length);
            start += part.length;
        }
        return flat;
    }

    /**
     * Computes the inner product of two vectors.
     *
     * @param other a vector of the same layers
     * @return Σ of the products of corresponding numbers
     * @throws IllegalArgumentException if the layers differ
     */
    public double dot(LayerGradients other) {
        requireLayers(other.layers);
        double sum = 0;
        for (int l = 0; l < values.length; l++) {
            for (int k = 0; k < values[l].length; k++) {
                sum += values[l][k] * other.values[l][k];
            }
        }
        return sum;
    }

    /**
     * Checks that this vector belongs to the given layers.
     *
     * @param expected the layers
     * @throws IllegalArgumentException if the layers differ, naming both
     */
    public void requireLayers(List<LayerSpec> expected) {
        if (!layers.equals(expected)) {
            throw new IllegalArgumentException("expected a vector for " + expected + ", found one for " + layers);
        }
    }

    private static long parameters(List<LayerSpec> layers) {
        return layers.stream().mapToLong(LayerSpec::parameters).sum();
    }

    private static String names(List<LayerSpec> layers) {
        return layers.stream().map(LayerSpec::name).collect(Collectors.joining(", "));
    }
}
