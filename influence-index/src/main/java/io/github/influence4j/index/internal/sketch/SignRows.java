package io.github.influence4j.index.internal.sketch;

/**
 * Rows of an index: what is kept of some sequences.
 *
 * @param ids id of each sequence
 * @param scales ‖z‖²/Σ|z'| of each cell, [n, cells]: what a sum of a query's results with the signs is multiplied with
 * @param signs a set bit for each result that is not negative, [n, words]
 */
@SuppressWarnings("ArrayRecordComponent") // handed through, never compared
public record SignRows(long[] ids, float[] scales, long[] signs) {

    /** Makes rows that are 0. */
    static SignRows empty(long[] ids, SketchLayout layout) {
        return new SignRows(
                ids,
                new float[Math.multiplyExact(ids.length, layout.cells().size())],
                new long[Math.multiplyExact(ids.length, layout.words())]);
    }

    /** Keeps the signs of a cell's results. */
    void set(SketchLayout layout, int example, Cell cell, float[] values, double squares) {
        double magnitudes = 0;
        int at = example * layout.words() + cell.firstWord();
        for (int w = 0; w < cell.words(); w++) {
            long word = 0;
            for (int b = 0; b < Long.SIZE; b++) {
                float value = values[w * Long.SIZE + b];
                magnitudes += Math.abs(value);
                word |= (value >= 0 ? 1L : 0L) << b;
            }
            signs[at + w] = word;
        }
        if (magnitudes == 0) {
            // nothing of it fell on the results that are kept: what Gaussian ones would have
            magnitudes = cell.bits() * Math.sqrt(2 / Math.PI * squares);
        }
        scales[example * layout.cells().size() + cell.index()] = squares == 0 ? 0 : (float) (squares / magnitudes);
    }
}
