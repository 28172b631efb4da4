package io.github.influence4j.openblas.internal;

/** Bands of rows of an upper triangle that cost about the same, each a small triangle and the rectangle to its right. */
final class TriangleBands {

    /** What a number of a triangle costs beside one of a rectangle: measured at orders 512 to 1,537. */
    private static final double TRIANGLE = 1.2;

    /** Products are computed in tiles of so many rows. */
    private static final int TILE = 16;

    private static final int HALVINGS = 30;

    private TriangleBands() {}

    /**
     * Divides the rows.
     *
     * @param n order
     * @param count number of bands
     * @return count + 1 bounds in order, the first 0 and the last n; a band may be empty where there are more bands than tiles
     */
    static int[] of(int n, int count) {
        double low = 0;
        double high = TRIANGLE * n * n;
        for (int k = 0; k < HALVINGS; k++) {
            double middle = (low + high) / 2;
            if (filled(n, count, middle)[count] < n) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return filled(n, count, high);
    }

    /** Bands of that cost from the top; they may end before n. */
    private static int[] filled(int n, int count, double cost) {
        int[] bounds = new int[count + 1];
        for (int band = 0; band < count; band++) {
            int left = n - bounds[band];
            double rows = rows(left, cost);
            int tiles = (int) Math.max(1, Math.round(rows / TILE));
            bounds[band + 1] = bounds[band] + (rows < left ? Math.min(left, tiles * TILE) : left);
        }
        return bounds;
    }

    /** Rows r of which triangle and rectangle cost so much: r(n − r) + γr²/2 = cost; all rows where they cost less. */
    private static double rows(int n, double cost) {
        double square = 1 - TRIANGLE / 2;
        double root = (double) n * n - 4 * square * cost;
        return root < 0 ? n : Math.min(n, (n - Math.sqrt(root)) / (2 * square));
    }
}
