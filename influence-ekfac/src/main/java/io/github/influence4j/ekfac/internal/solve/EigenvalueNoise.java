package io.github.influence4j.ekfac.internal.solve;

import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.Rows;
import java.util.Arrays;

/**
 * What rounding leaves where an eigenvalue is 0: an eigenvalue below it is no information, and a damping below it would divide by
 * noise. With u the roundoff of the working precision and Λ_max the largest eigenvalue of a layer, K-FAC's eigenvalues are off by some
 * 4u·Λ_max, as those of a covariance are; EK-FAC's are squares of numbers that are off by some 64u·√Λ_max. Sums of squares that nothing
 * is rotated into, the diagonal's, are right to their last digits.
 *
 * @param suspicious below this multiple of Λ_max an eigenvalue may be nothing but rounding
 * @param least below this multiple of Λ_max a damping does not cover it
 * @param doubtful where the least damped eigenvalue is below this multiple of Λ_max, it may be off by so much that scores are by
 *     one in a hundred
 */
record EigenvalueNoise(double suspicious, double least, double doubtful) {

    private static final EigenvalueNoise NONE = new EigenvalueNoise(0, 0, 0);

    /**
     * Roundoffs of Λ_max: on 8 and 64 nearly equal inputs, K-FAC's scores were off by a third of u·Λ_max/(Λ_min+λ) at most, and by
     * one in a hundred from a twentieth on.
     */
    private static final double DOUBTFUL_KFAC = 50;

    /** Roundoffs of √Λ_max: on the same inputs, EK-FAC's scores were off by one in a hundred where √(Λ_min+λ) was below 7,000 of them. */
    private static final double DOUBTFUL_EKFAC = 8000;

    /** That of a curvature by the strategy and the precision it was fitted in. */
    static EigenvalueNoise of(Provenance provenance) {
        double roundoff = provenance.precision() == Precision.FLOAT32 ? 0x1p-24 : 0x1p-53;
        String strategy = provenance.options().getOrDefault("strategy", "");
        if (strategy.equals(Strategy.KFAC.toString())) {
            return new EigenvalueNoise(4 * roundoff, 4 * roundoff, DOUBTFUL_KFAC * roundoff);
        }
        boolean rotated =
                strategy.equals(Strategy.EKFAC.toString()) || strategy.equals(Strategy.GRADIENT_BASIS.toString());
        return rotated
                ? new EigenvalueNoise(4 * roundoff, Math.pow(64 * roundoff, 2), Math.pow(DOUBTFUL_EKFAC * roundoff, 2))
                : NONE;
    }

    /**
     * Refuses a damping that divides by noise.
     *
     * @throws NumericalException if an eigenvalue may be noise and the damping does not cover it, naming the layer, its rank and
     *     the least damping that does
     */
    void require(LayerCurvature curvature, double lambda) {
        double largest = curvature.largestEigenvalue();
        if (curvature.leastEigenvalue() >= suspicious * largest || lambda >= least * largest) {
            return;
        }
        double enough = least * largest;
        throw new NumericalException("layer " + curvature.layer().name() + ": of "
                + curvature.layer().parameters() + " eigenvalues " + rank(curvature, suspicious * largest)
                + " are above what rounding leaves of the largest (" + largest + "; condition "
                + largest / curvature.leastEigenvalue() + "), and damping " + lambda
                + " would divide by the others, which are no information; use at least " + enough + ", which is "
                + enough / curvature.meanEigenvalue() + " x mean eigenvalue"
                + ", or fit on more examples or in float64");
    }

    /** Tells whether rounding may show in the scores, though the damping covers it. */
    boolean isDoubtful(LayerCurvature curvature, double lambda) {
        return curvature.leastEigenvalue() + lambda < doubtful * curvature.largestEigenvalue();
    }

    private static long rank(LayerCurvature curvature, double noise) {
        BackendMatrix values = curvature.eigenvalues().orElseThrow();
        int columns = values.columns();
        long[] rank = {0};
        Rows.forEach(
                values,
                (o, numbers, offset) -> rank[0] += Arrays.stream(numbers, offset, offset + columns)
                        .filter(value -> value > noise)
                        .count());
        return rank[0];
    }
}
