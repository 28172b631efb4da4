package io.github.influence4j.api;

/**
 * The inputs of one layer and the gradients of an objective at its outputs, for one batch.
 *
 * <p>Rows are example-major: row {@code e·t + p} is position p of example e. The gradient of example e at this layer is
 * Σ_p g_p ā_pᵀ, shape [o, i], where ā is the input with a 1 appended if the layer has a bias. A capture is valid only
 * while its {@link CaptureSink} accepts it; the host may reuse the memory afterwards.
 *
 * @param layer the layer
 * @param examples n
 * @param positions t, positions of an example, padding included
 * @param uses how often the model runs this layer at each token (1, but more for a shared layer): the uses follow one
 *     another, so that position p belongs to token {@code p mod (t / uses)}
 * @param activations inputs of the layer, [n·t, inputs], without the bias column
 * @param outputGradients gradients of the objective at the layer's outputs, [n·t, o]
 * @param mask which positions are real
 */
public record LayerCapture(
        LayerSpec layer,
        int examples,
        int positions,
        int uses,
        Matrix activations,
        Matrix outputGradients,
        PositionMask mask) {

    /**
     * Checks the shapes.
     *
     * @throws IllegalArgumentException if a shape does not fit, naming the layer, what was expected and what was found
     */
    public LayerCapture {
        if (examples < 1 || positions < 1 || uses < 1 || positions % uses != 0) {
            throw new IllegalArgumentException("layer " + layer.name() + ": a capture of " + examples
                    + " examples with " + positions + " positions in " + uses + " uses");
        }
        int rows = checkedRows(layer, examples, positions);
        check(layer, "activations", activations, rows, layer.inputs());
        check(layer, "output gradients", outputGradients, rows, layer.outputs());
        if (mask.size() != rows) {
            throw new IllegalArgumentException("layer " + layer.name() + ": mask must have " + rows
                    + " positions (examples x positions), found " + mask.size());
        }
    }

    /**
     * Makes a capture of a layer that runs once an example.
     *
     * @param layer the layer
     * @param activations [n, inputs]
     * @param outputGradients [n, o]
     * @return the capture
     * @throws IllegalArgumentException if a shape does not fit
     */
    public static LayerCapture of(LayerSpec layer, Matrix activations, Matrix outputGradients) {
        return of(layer, activations.rows(), 1, activations, outputGradients);
    }

    /**
     * Makes a capture without padding.
     *
     * @param layer the layer
     * @param examples n
     * @param positions t
     * @param activations [n·t, inputs]
     * @param outputGradients [n·t, o]
     * @return the capture
     * @throws IllegalArgumentException if a shape does not fit
     */
    public static LayerCapture of(
            LayerSpec layer, int examples, int positions, Matrix activations, Matrix outputGradients) {
        return new LayerCapture(
                layer,
                examples,
                positions,
                1,
                activations,
                outputGradients,
                PositionMask.none(checkedRows(layer, examples, positions)));
    }

    /**
     * Returns the same capture with padding marked.
     *
     * @param padding which of the n·t positions are real
     * @return a new capture
     * @throws IllegalArgumentException if the mask has another size
     */
    public LayerCapture withMask(PositionMask padding) {
        return new LayerCapture(layer, examples, positions, uses, activations, outputGradients, padding);
    }

    /**
     * Returns the same capture for a layer that the model runs several times at each token.
     *
     * @param times how often; must divide t
     * @return a new capture
     * @throws IllegalArgumentException if t is not a multiple of {@code times}
     */
    public LayerCapture withUses(int times) {
        return new LayerCapture(layer, examples, positions, times, activations, outputGradients, mask);
    }

    /**
     * Returns the number of rows.
     *
     * @return n·t
     */
    public int rows() {
        return examples * positions;
    }

    /**
     * Returns the number of tokens of an example: t divided by the number of uses.
     *
     * @return tokens per example
     */
    public int tokens() {
        return positions / uses;
    }

    private static int checkedRows(LayerSpec layer, int examples, int positions) {
        long rows = (long) examples * positions;
        if (rows > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("layer " + layer.name() + ": " + examples + " examples with " + positions
                    + " positions are too many for one batch");
        }
        return (int) rows;
    }

    private static void check(LayerSpec layer, String what, Matrix matrix, int rows, int columns) {
        if (matrix.rows() != rows || matrix.columns() != columns) {
            throw new IllegalArgumentException("layer " + layer.name() + ": " + what + " must be " + rows + " x "
                    + columns + ", found " + matrix.rows() + " x " + matrix.columns());
        }
    }
}
