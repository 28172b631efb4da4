package io.github.influence4j.djl;

import io.github.influence4j.api.Matrix;
import java.util.List;

/** Joins the runs of a block that a model uses several times. */
final class Uses {

    private Uses() {}

    /** Puts, example by example, the rows of one run after those of the other. */
    static Matrix join(List<Matrix> runs, int n) {
        if (runs.size() == 1) {
            return runs.get(0);
        }
        int columns = runs.get(0).columns();
        int rows = runs.stream().mapToInt(Matrix::rows).sum();
        float[] joined = new float[Math.multiplyExact(rows, columns)];
        int offset = 0;
        for (int e = 0; e < n; e++) {
            for (Matrix run : runs) {
                int own = run.rows() / n;
                run.read(e * own, own, joined, offset);
                offset += own * columns;
            }
        }
        return Matrix.of(joined, rows, columns);
    }
}
