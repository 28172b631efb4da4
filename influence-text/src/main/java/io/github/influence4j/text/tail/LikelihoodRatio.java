package io.github.influence4j.text.tail;

import org.apache.commons.math3.special.Erf;
import org.apache.commons.math3.stat.StatUtils;

/**
 * How much better a power law describes a tail than another law does.
 *
 * @param logRatio Σ ln(p_power(x) / p_other(x)): positive where the power law is the better one
 * @param pValue Vuong's two-sided p of the sign of {@code logRatio}: above 0.1 the data cannot tell
 */
public record LikelihoodRatio(double logRatio, double pValue) {

    static LikelihoodRatio of(double[] differences) {
        double sum = StatUtils.sum(differences);
        double variance = StatUtils.populationVariance(differences);
        double scale = Math.sqrt(2 * differences.length * variance);
        return new LikelihoodRatio(sum, scale == 0 ? 1 : Erf.erfc(Math.abs(sum) / scale));
    }
}
