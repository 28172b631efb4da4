package io.github.influence4j.index.internal.sketch;

/**
 * The numbers of a question that are added up over signs, rounded to whole levels, so that inner products with signs are counts of bits.
 *
 * <p>A number is step · (u − h/2) with u from 0 to h = 2^p − 1, and the bits of u in p planes. For one thread until it is complete, then
 * immutable.
 */
public final class QuerySketch {

    /**
     * Planes where signs are of random projections: levels are 0.13 standard deviations apart where the largest is at 4, and add
     * less than a hundredth to the variance that the signs have anyway.
     */
    public static final int COARSE = 6;

    /** Planes where signs are nearly exact: rounding adds less than 1e-4 of a score's variance. */
    public static final int FINE = 9;

    /** Planes that are counted at a time. */
    private static final int TOGETHER = 3;

    private final long id;
    private final RowShape shape;
    private final int depth;
    private final int highest;
    /** Of each cell one plane after the other. */
    private final long[] planes;

    private final float[] steps;
    private final long[] constants;
    private final double[] squares;

    /**
     * Begins a question, all of whose numbers are 0.
     *
     * @param id its id
     * @param layout of the rows
     * @param depth p, a multiple of 3
     */
    public QuerySketch(long id, SignLayout layout, int depth) {
        this.id = id;
        this.shape = layout.shape();
        this.depth = depth;
        this.highest = (1 << depth) - 1;
        this.planes = new long[depth * shape.words()];
        this.steps = new float[shape.scales()];
        this.constants = new long[steps.length];
        this.squares = new double[steps.length];
    }

    /**
     * Takes the numbers of a cell.
     *
     * @param cell the cell
     * @param values its k numbers
     * @param norm ‖q‖² of the coordinates that they are made of
     */
    public void set(SignCell cell, float[] values, double norm) {
        int index = cell.index();
        float largest = 0;
        for (int k = 0; k < cell.bits(); k++) {
            largest = Math.max(largest, Math.abs(values[k]));
        }
        squares[index] = norm;
        steps[index] = 2 * largest / highest;
        if (steps[index] == 0) {
            return;
        }
        long sum = 0;
        int at = depth * cell.firstWord();
        for (int k = 0; k < cell.bits(); k++) {
            int level = Math.min(highest, Math.max(0, Math.round(values[k] / steps[index] + highest / 2f)));
            sum += level;
            for (int b = 0; b < depth; b++) {
                planes[at + b * cell.words() + k / Long.SIZE] |= (long) (level >> b & 1) << k;
            }
        }
        constants[index] = (long) highest * cell.bits() - 2 * sum;
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
    public void addScores(SignCell cell, SignRows rows, int count, int[] ones, double[] scores) {
        int index = cell.index();
        if (steps[index] == 0) {
            return;
        }
        int cells = shape.scales();
        int words = shape.words();
        for (int r = 0; r < count; r++) {
            long set = setBits(rows.signs(), r * words + cell.firstWord(), depth * cell.firstWord(), cell.words());
            // Σ s(u − h/2) with s = 2x − 1, doubled to stay whole
            long doubled = 4 * set - 2L * highest * ones[r] + constants[index];
            scores[r] += (double) rows.scales()[r * cells + index] * steps[index] / 2 * doubled;
        }
    }

    /** Σ x·u over the bits of a cell. */
    private long setBits(long[] signs, int at, int plane, int words) {
        long sum = 0;
        for (int first = 0; first < depth; first += TOGETHER) {
            sum += setBitsOfThree(signs, at, plane + first * words, words) << first;
        }
        return sum;
    }

    private long setBitsOfThree(long[] signs, int at, int plane, int words) {
        int p1 = plane + words;
        int p2 = p1 + words;
        int sum = 0;
        for (int w = 0; w < words; w++) {
            long x = signs[at + w];
            sum += Long.bitCount(x & planes[plane + w])
                    + 2 * Long.bitCount(x & planes[p1 + w])
                    + 4 * Long.bitCount(x & planes[p2 + w]);
        }
        return sum;
    }

    /** ‖q‖² of a cell. */
    double squares(int cell) {
        return squares[cell];
    }
}
