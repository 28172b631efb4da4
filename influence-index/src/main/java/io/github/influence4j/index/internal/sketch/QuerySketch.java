package io.github.influence4j.index.internal.sketch;

/**
 * The projection of a question, rounded to so many levels that the rounding adds less than a hundredth to the variance that the
 * signs have anyway, so that inner products with signs are counts of bits.
 *
 * <p>A result is step · (u − 31½), with the bits of u in 6 planes. For one thread until it is complete, then immutable.
 */
public final class QuerySketch {

    /** Bits of a result: the levels are 0.13 standard deviations apart where the largest is at 4. */
    private static final int PLANES = 6;

    private static final int HIGHEST = (1 << PLANES) - 1;

    private final long id;
    private final SketchLayout layout;
    /** Of each cell one plane after the other. */
    private final long[] planes;

    private final float[] steps;
    private final int[] constants;
    private final double[] squares;

    QuerySketch(long id, SketchLayout layout) {
        this.id = id;
        this.layout = layout;
        this.planes = new long[PLANES * layout.words()];
        this.steps = new float[layout.cells().size()];
        this.constants = new int[steps.length];
        this.squares = new double[steps.length];
    }

    void set(Cell cell, float[] values, double norm) {
        int index = cell.index();
        float largest = 0;
        for (int k = 0; k < cell.bits(); k++) {
            largest = Math.max(largest, Math.abs(values[k]));
        }
        squares[index] = norm;
        steps[index] = 2 * largest / HIGHEST;
        if (steps[index] == 0) {
            return;
        }
        int sum = 0;
        int at = PLANES * cell.firstWord();
        for (int k = 0; k < cell.bits(); k++) {
            int level = Math.min(HIGHEST, Math.max(0, Math.round(values[k] / steps[index] + HIGHEST / 2f)));
            sum += level;
            for (int b = 0; b < PLANES; b++) {
                planes[at + b * cell.words() + k / Long.SIZE] |= (long) (level >> b & 1) << k;
            }
        }
        constants[index] = HIGHEST * cell.bits() - 2 * sum;
    }

    /**
     * Returns the id.
     *
     * @return id of the question
     */
    public long id() {
        return id;
    }

    /**
     * Estimates the scores at one cell and adds them up.
     *
     * @param cell the cell
     * @param rows the rows
     * @param count how many
     * @param ones of each row, how many signs of the cell are set
     * @param scores the sums; added to
     */
    public void addScores(Cell cell, SignRows rows, int count, int[] ones, double[] scores) {
        int index = cell.index();
        if (steps[index] == 0) {
            return;
        }
        int cells = layout.cells().size();
        int words = layout.words();
        for (int r = 0; r < count; r++) {
            long set = setBits(rows.signs(), r * words + cell.firstWord(), PLANES * cell.firstWord(), cell.words());
            // Σ s(u − 31½) with s = 2x − 1, doubled to stay whole
            long doubled = 4 * set - 2L * HIGHEST * ones[r] + constants[index];
            scores[r] += (double) rows.scales()[r * cells + index] * steps[index] / 2 * doubled;
        }
    }

    /** Σ x·u over the bits of a cell. */
    private long setBits(long[] signs, int at, int plane, int words) {
        int p1 = plane + words;
        int p2 = p1 + words;
        int p3 = p2 + words;
        int p4 = p3 + words;
        int p5 = p4 + words;
        int sum = 0;
        for (int w = 0; w < words; w++) {
            long x = signs[at + w];
            sum += Long.bitCount(x & planes[plane + w])
                    + 2 * Long.bitCount(x & planes[p1 + w])
                    + 4 * Long.bitCount(x & planes[p2 + w])
                    + 8 * Long.bitCount(x & planes[p3 + w])
                    + 16 * Long.bitCount(x & planes[p4 + w])
                    + 32 * Long.bitCount(x & planes[p5 + w]);
        }
        return sum;
    }

    /**
     * Returns the standard error of the score of a row, √Σ ‖q‖²‖z‖²(π/2 − k/B)/k over the cells.
     *
     * @param scales the row's scales, which tell ‖z‖ of each cell as a scale is ‖z‖√(π/2)/k on the average
     * @return the standard error
     */
    public double standardError(float[] scales) {
        double sum = 0;
        for (int c = 0; c < scales.length; c++) {
            Cell cell = layout.cells().get(c);
            double norm = scales[c] * cell.bits() * Math.sqrt(2 / Math.PI);
            sum += squares[c] * norm * norm * cell.variance();
        }
        return Math.sqrt(sum);
    }
}
