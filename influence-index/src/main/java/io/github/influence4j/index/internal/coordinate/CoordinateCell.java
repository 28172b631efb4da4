package io.github.influence4j.index.internal.coordinate;

import io.github.influence4j.index.internal.sketch.SignCell;

/**
 * One bit of some coordinates of a layer, the sign of what the bits before leave of a coordinate.
 *
 * <p>A coordinate of a whitened training gradient has about the variance v = Λ/(Λ+λ), so its bits stand for multiples of √v, up to a factor
 * that the coordinates of a row share.
 *
 * @param index its place among the cells of all layers
 * @param layer index of the layer
 * @param firstWord place of the first word in a row
 * @param positions of the coordinates in the layer's gradient, [o, i] row-major, ascending
 * @param steps what the sign of each is multiplied with: √v times the step of this bit
 * @param weights what a question's coordinate is multiplied with: the step, or with another damping as much more or less
 */
@SuppressWarnings("ArrayRecordComponent") // handed through, never compared
record CoordinateCell(int index, int layer, int firstWord, int[] positions, float[] steps, float[] weights)
        implements SignCell {

    @Override
    public int bits() {
        return positions.length;
    }

    @Override
    public int words() {
        return words(positions.length);
    }

    static int words(int bits) {
        return (bits - 1) / Long.SIZE + (bits == 0 ? 0 : 1);
    }

    /** The first position after all of them. */
    int end() {
        return positions.length == 0 ? 0 : positions[positions.length - 1] + 1;
    }

    /**
     * Reads what is left of the coordinates and takes from it what their signs say.
     *
     * @param rest what is left of the layer's gradient; changed at the positions
     * @param scale what the steps are multiplied with
     * @param values receives what was left
     */
    void take(float[] rest, double scale, float[] values) {
        for (int k = 0; k < positions.length; k++) {
            float value = rest[positions[k]];
            values[k] = value;
            float said = (float) (scale * steps[k]);
            rest[positions[k]] -= value >= 0 ? said : -said;
        }
    }

    /** Reads a question's coordinates as they are added up over signs, and gives Σq². */
    double weigh(float[] gradients, int offset, float[] values) {
        double squares = 0;
        for (int k = 0; k < positions.length; k++) {
            float value = gradients[offset + positions[k]];
            squares += (double) value * value;
            values[k] = value * weights[k];
        }
        return squares;
    }
}
