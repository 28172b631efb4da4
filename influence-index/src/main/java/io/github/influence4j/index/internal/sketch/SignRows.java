package io.github.influence4j.index.internal.sketch;

/**
 * Rows of an index: what is kept of some sequences.
 *
 * @param ids id of each sequence
 * @param scales of each cell, [n, cells]: what a sum of a query's numbers with the signs is multiplied with
 * @param signs a set bit for each number that is not negative, [n, words]
 */
@SuppressWarnings("ArrayRecordComponent") // handed through, never compared
public record SignRows(long[] ids, float[] scales, long[] signs) {

    /** Makes rows that are 0. */
    static SignRows empty(long[] ids, RowShape shape) {
        return new SignRows(
                ids,
                new float[Math.multiplyExact(ids.length, shape.scales())],
                new long[Math.multiplyExact(ids.length, shape.words())]);
    }

    /**
     * Keeps the signs of a cell's numbers.
     *
     * @param shape of the rows
     * @param example index of the row
     * @param cell the cell
     * @param values its k numbers
     * @param scale its scale
     */
    public void set(RowShape shape, int example, SignCell cell, float[] values, double scale) {
        int at = example * shape.words() + cell.firstWord();
        for (int w = 0; w < cell.words(); w++) {
            long word = 0;
            int count = Math.min(Long.SIZE, cell.bits() - w * Long.SIZE);
            for (int b = 0; b < count; b++) {
                word |= (values[w * Long.SIZE + b] >= 0 ? 1L : 0L) << b;
            }
            signs[at + w] = word;
        }
        rescale(shape, example, cell, scale);
    }

    /**
     * Changes the scale of a cell.
     *
     * @param shape of the rows
     * @param example index of the row
     * @param cell the cell
     * @param scale its scale
     */
    public void rescale(RowShape shape, int example, SignCell cell, double scale) {
        scales[example * shape.scales() + cell.index()] = (float) scale;
    }
}
