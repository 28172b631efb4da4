package io.github.influence4j.text.tail;

import java.util.Arrays;

/** How much of the positive influence on a query comes from few sequences (paper, §5.2.1 and Fig. 9). */
public final class Coverage {

    private Coverage() {}

    /**
     * Computes the share of the positive influence that the most influential sequences carry: negative scores count as 0.
     *
     * @param scores scores of a query over a scan, in any order
     * @param part part of the sequences, above 0 and at most 1; at least one sequence is taken
     * @return from 0 to 1
     * @throws IllegalArgumentException if {@code part} is out of range, a score is NaN, or none is positive
     */
    public static double ofTop(double[] scores, double part) {
        if (!(part > 0 && part <= 1)) {
            throw new IllegalArgumentException("a part is above 0 and at most 1, found " + part);
        }
        double[] clipped = new double[scores.length];
        double all = 0;
        for (int z = 0; z < scores.length; z++) {
            if (Double.isNaN(scores[z])) {
                throw new IllegalArgumentException("score " + z + " is not a number");
            }
            clipped[z] = Math.max(0, scores[z]);
            all += clipped[z];
        }
        if (all == 0) {
            throw new IllegalArgumentException("no score is positive");
        }
        Arrays.sort(clipped);
        int top = Math.max(1, (int) Math.round(part * scores.length));
        double carried = 0;
        for (int r = 0; r < top; r++) {
            carried += clipped[clipped.length - 1 - r];
        }
        return carried / all;
    }
}
