package io.github.influence4j.ekfac.internal.eigen;

/**
 * Neighbouring eigenvalues that rounding would not tell apart, and how many there would be of them if none were equal.
 *
 * <p>Eigenvalues that know nothing of each other have a neighbour within ε with probability 1 − exp(−ε/s), where s is their mean
 * distance. Those of a sum of random terms repel each other, so that they are rarer still.
 */
final class Neighbours {

    /** Distances on either side of which s is the mean. */
    private static final int WINDOW = 16;

    /** Where the error is a larger share of the eigenvalue than one in so many, neighbours say nothing. */
    private static final double CLEAR = 1000;

    /** Counts beyond their mean by so many of their standard deviations are no chance. */
    private static final double DEVIATIONS = 3;

    /** How many spaces of the kind that is kept chance may make in a covariance. */
    private static final double ALLOWED = 0.01;

    private final double[] values;
    private final double[] errors;
    private final boolean[] equal;

    /**
     * Looks at the eigenvalues of one block.
     *
     * @param values ascending
     * @param errors errors[k] is by how much values[k] and the one before may differ if they are equal
     */
    Neighbours(double[] values, double[] errors) {
        this.values = values;
        this.errors = errors;
        this.equal = new boolean[values.length];
        for (int k = 1; k < values.length; k++) {
            equal[k] = clear(k) && distance(k) <= errors[k];
        }
    }

    private double distance(int k) {
        return values[k] - values[k - 1];
    }

    private boolean clear(int k) {
        return values[k - 1] > CLEAR * errors[k];
    }

    /** Whether rounding would not tell an eigenvalue from the one before. */
    boolean equal(int k) {
        return equal[k];
    }

    /** Whether there are more of them than chance makes. */
    boolean more() {
        double expected = 0;
        int found = 0;
        for (int k = 1; k < values.length; k++) {
            if (clear(k)) {
                expected += probability(k);
                found += equal[k] ? 1 : 0;
            }
        }
        return found > expected + DEVIATIONS * Math.sqrt(expected);
    }

    /** Whether chance makes less than one in a hundred such spaces in a covariance: n Πp over its distances. */
    boolean meant(Eigenspace space) {
        double chance = values.length;
        for (int k = space.first() + 1; k < space.first() + space.size(); k++) {
            chance *= probability(k);
        }
        return chance < ALLOWED;
    }

    /** 1 − exp(−ε/s), with s from distances that are no rounding's: their mean is s + ε. */
    private double probability(int k) {
        int from = Math.max(1, k - WINDOW);
        int to = Math.min(values.length, k + WINDOW + 1);
        double sum = 0;
        int count = 0;
        for (int j = from; j < to; j++) {
            if (!equal[j]) {
                sum += distance(j);
                count++;
            }
        }
        if (count == 0) {
            return 0;
        }
        double mean = sum / count - errors[k];
        return mean > 0 ? -Math.expm1(-errors[k] / mean) : 1;
    }
}
