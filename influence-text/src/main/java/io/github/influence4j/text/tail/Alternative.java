package io.github.influence4j.text.tail;

import io.github.influence4j.api.NumericalException;
import java.util.Arrays;
import org.apache.commons.math3.analysis.MultivariateFunction;
import org.apache.commons.math3.distribution.ExponentialDistribution;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.apache.commons.math3.exception.TooManyEvaluationsException;
import org.apache.commons.math3.optim.InitialGuess;
import org.apache.commons.math3.optim.MaxEval;
import org.apache.commons.math3.optim.nonlinear.scalar.GoalType;
import org.apache.commons.math3.optim.nonlinear.scalar.ObjectiveFunction;
import org.apache.commons.math3.optim.nonlinear.scalar.noderiv.NelderMeadSimplex;
import org.apache.commons.math3.optim.nonlinear.scalar.noderiv.SimplexOptimizer;
import org.apache.commons.math3.special.Erf;
import org.apache.commons.math3.stat.StatUtils;

/** Laws that a tail can have instead of a power law, each fitted by maximum likelihood to the scores above x_min. */
public enum Alternative {
    /** p(x) = r·e^(−r(x−x_min)), with a rate of 1 / (mean excess). */
    EXPONENTIAL {
        @Override
        double[] logDensities(double[] logExcess) {
            double[] excess = new double[logExcess.length];
            for (int r = 0; r < excess.length; r++) {
                excess[r] = Math.expm1(logExcess[r]);
            }
            ExponentialDistribution law = new ExponentialDistribution(StatUtils.mean(excess));
            double[] densities = new double[excess.length];
            for (int r = 0; r < excess.length; r++) {
                densities[r] = law.logDensity(excess[r]) + logExcess[r]; // as a density of y = ln x
            }
            return densities;
        }
    },

    /** Normal in ln x with mean μ and deviation σ, cut off at x_min; μ and σ by the simplex method. */
    LOG_NORMAL {
        @Override
        double[] logDensities(double[] logExcess) {
            if (logExcess[0] == logExcess[logExcess.length - 1]) {
                throw new IllegalArgumentException("no log-normal law fits a tail whose " + logExcess.length
                        + " scores are all equal (" + Math.exp(logExcess[0]) + " times the score below them)");
            }
            double mean = StatUtils.mean(logExcess);
            double deviation = Math.sqrt(StatUtils.variance(logExcess));
            MultivariateFunction likelihood = point -> sum(normal(logExcess, mean, deviation, point));
            return normal(logExcess, mean, deviation, largest(likelihood));
        }
    };

    private static final double CONVERGENCE = 1e-10;
    private static final int EVALUATIONS = 20_000;

    /**
     * A cut-off that lies farther than this many deviations above the mean is not told apart from a power law: the hazard
     * of the normal law is constant there to 1 part in 1,000. Keeps the likelihood, which has no maximum for a sample from a
     * power law, from wandering off.
     */
    private static final double FARTHEST_CUT = 30;

    private static double[] largest(MultivariateFunction likelihood) {
        try {
            return new SimplexOptimizer(CONVERGENCE, CONVERGENCE)
                    .optimize(
                            new MaxEval(EVALUATIONS),
                            new ObjectiveFunction(likelihood),
                            GoalType.MAXIMIZE,
                            new InitialGuess(new double[] {0, 0}),
                            new NelderMeadSimplex(2, 0.5))
                    .getPoint();
        } catch (TooManyEvaluationsException e) {
            throw new NumericalException("no log-normal law was found for the tail in " + EVALUATIONS + " steps");
        }
    }

    private static double[] normal(double[] logExcess, double mean, double deviation, double[] point) {
        double mu = mean + deviation * point[0];
        double sigma = deviation * Math.exp(point[1]);
        double[] densities = new double[logExcess.length];
        if (!(sigma > 0) || sigma == Double.POSITIVE_INFINITY || -mu / sigma > FARTHEST_CUT) {
            Arrays.fill(densities, Double.NEGATIVE_INFINITY);
            return densities;
        }
        NormalDistribution law = new NormalDistribution(mu, sigma);
        double logAbove = Math.log(Erf.erfc(-mu / (sigma * Math.sqrt(2))) / 2);
        for (int r = 0; r < densities.length; r++) {
            densities[r] = law.logDensity(logExcess[r]) - logAbove;
        }
        return densities;
    }

    private static double sum(double[] values) {
        return values[0] == Double.NEGATIVE_INFINITY ? -Double.MAX_VALUE : StatUtils.sum(values);
    }

    /** The fitted law's log density of each y = ln(x / x_min). */
    abstract double[] logDensities(double[] logExcess);

    /**
     * Compares a power law with this one, both fitted to the k largest scores (Vuong 1989; Clauset et al. 2009, Appendix C).
     *
     * @param scores scores of a query over a scan, in any order
     * @param k size of the tail
     * @return the ratio of the likelihoods
     * @throws IllegalArgumentException as {@link PowerLaw#fit}; for {@link #LOG_NORMAL} also if the k scores are all equal
     * @throws NumericalException if the search for the best fit does not end
     */
    public LikelihoodRatio against(double[] scores, int k) {
        Tail tail = Tail.of(scores, k);
        double rate = PowerLaw.fit(tail).alpha() - 1;
        double[] other = logDensities(tail.logExcess());
        double[] differences = new double[k];
        for (int r = 0; r < k; r++) {
            differences[r] = Math.log(rate) - rate * tail.logExcess()[r] - other[r];
        }
        return LikelihoodRatio.of(differences);
    }
}
