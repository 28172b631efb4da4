package io.github.influence4j.text.tail;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.testkit.Tolerances;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.apache.commons.math3.distribution.ExponentialDistribution;
import org.apache.commons.math3.distribution.LogNormalDistribution;
import org.apache.commons.math3.distribution.ParetoDistribution;
import org.apache.commons.math3.distribution.RealDistribution;
import org.apache.commons.math3.distribution.UniformRealDistribution;
import org.apache.commons.math3.random.Well19937c;
import org.apache.commons.math3.stat.inference.KolmogorovSmirnovTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TailTest {

    private static double[] pareto(long seed, double alpha, int n) {
        return new ParetoDistribution(new Well19937c(seed), 0.01, alpha - 1).sample(n);
    }

    @ParameterizedTest
    @ValueSource(doubles = {1.5, 2, 3, 4.5})
    void exponentIsRecovered(double alpha) {
        double[] scores = pareto(7, alpha, 50_000);
        PowerLaw law = PowerLaw.fit(scores, 10_000);
        assertEquals(alpha, law.alpha(), Tolerances.PARETO_EXPONENT);
        assertTrue(Math.abs(alpha - law.alpha()) < 4 * law.standardError());
    }

    @Test
    void exponentIsTheFormula() {
        double[] scores = {1, 2, 4, 8, 0.5, -3};
        PowerLaw law = PowerLaw.fit(scores, 3);
        assertEquals(1, law.minimum());
        assertEquals(1 + 3 / (Math.log(2) + Math.log(4) + Math.log(8)), law.alpha(), Tolerances.REORDERED_FLOAT64);
        assertEquals(law.alpha(), PowerLaw.fit(times(scores, 1e-9), 3).alpha(), Tolerances.REORDERED_FLOAT64);
    }

    private static double[] times(double[] scores, double factor) {
        return Arrays.stream(scores).map(x -> x * factor).toArray();
    }

    @Test
    void likelihoodIsLargestAtTheFit() {
        double[] scores = pareto(3, 2.5, 400);
        PowerLaw law = PowerLaw.fit(scores, 399);
        assertTrue(logLikelihood(scores, law.minimum(), law.alpha())
                > Math.max(
                        logLikelihood(scores, law.minimum(), law.alpha() - 0.01),
                        logLikelihood(scores, law.minimum(), law.alpha() + 0.01)));
    }

    private static double logLikelihood(double[] scores, double minimum, double alpha) {
        ParetoDistribution law = new ParetoDistribution(minimum, alpha - 1);
        return Arrays.stream(scores)
                .filter(x -> x > minimum)
                .map(law::logDensity)
                .sum();
    }

    @Test
    void goodnessIsUniformWhereTheLawHolds() {
        double[] p = new double[200];
        for (int s = 0; s < p.length; s++) {
            double[] scores = pareto(100 + s, 2.5, 400);
            p[s] = PowerLaw.fit(scores, 60).goodness(scores, 200, s);
        }
        assertTrue(new KolmogorovSmirnovTest().kolmogorovSmirnovTest(new UniformRealDistribution(), p)
                > Tolerances.P_VALUE);
    }

    @Test
    void goodnessRefusesAnExponentialTail() {
        double[] scores = new ExponentialDistribution(new Well19937c(5), 1).sample(20_000);
        assertTrue(PowerLaw.fit(scores, 4_000).goodness(scores, 200, 1) < 0.01);
        assertTrue(PowerLaw.fit(scores, 4_000).goodness(scores, 200, 1)
                == PowerLaw.fit(scores, 4_000).goodness(scores, 200, 1));
    }

    @Test
    void likelihoodRatioFindsTheLawThatMadeTheScores() {
        double[] powerLaw = pareto(11, 2.5, 5_000);
        LikelihoodRatio ratio = Alternative.EXPONENTIAL.against(powerLaw, 1_000);
        assertTrue(ratio.logRatio() > 0 && ratio.pValue() < 0.01, "power law or exponential: " + ratio);

        double[] exponential = new ExponentialDistribution(new Well19937c(12), 1).sample(5_000);
        ratio = Alternative.EXPONENTIAL.against(exponential, 1_000);
        assertTrue(ratio.logRatio() < 0 && ratio.pValue() < 0.01, "exponential or power law: " + ratio);

        double[] logNormal = new LogNormalDistribution(new Well19937c(13), 0, 1).sample(5_000);
        ratio = Alternative.LOG_NORMAL.against(logNormal, 4_500);
        assertTrue(ratio.logRatio() < 0 && ratio.pValue() < 0.01, "log-normal or power law: " + ratio);

        ratio = Alternative.LOG_NORMAL.against(powerLaw, 1_000);
        assertTrue(ratio.pValue() > 0.1, "a cut-off log-normal law can be as straight as a power law: " + ratio);
    }

    @Test
    void exponentialRatioIsTheFormula() {
        double[] scores = {1, 2, 3, 7, 0.1};
        double alpha = PowerLaw.fit(scores, 3).alpha();
        RealDistribution power = new ParetoDistribution(1, alpha - 1);
        RealDistribution exponential = new ExponentialDistribution(3); // mean of 1, 2 and 6, the excesses over 1
        double expected = 0;
        for (double x : new double[] {2, 3, 7}) {
            expected += Math.log(power.density(x)) - Math.log(exponential.density(x - 1));
        }
        assertEquals(expected, Alternative.EXPONENTIAL.against(scores, 3).logRatio(), Tolerances.REORDERED_FLOAT64);
    }

    @Test
    void logNormalFitFindsItsParameters() {
        double[] scores = new LogNormalDistribution(new Well19937c(17), -1, 0.5).sample(20_000);
        double[] sorted = scores.clone();
        Arrays.sort(sorted);
        double minimum = sorted[sorted.length - 1 - 15_000];
        LogNormalDistribution truth = new LogNormalDistribution(-1, 0.5);
        double logAbove = Math.log(1 - truth.cumulativeProbability(minimum));
        double alpha = PowerLaw.fit(scores, 15_000).alpha();
        double atTruth = 0;
        for (int r = sorted.length - 15_000; r < sorted.length; r++) {
            atTruth += new ParetoDistribution(minimum, alpha - 1).logDensity(sorted[r])
                    - truth.logDensity(sorted[r])
                    + logAbove;
        }
        double atFit = Alternative.LOG_NORMAL.against(scores, 15_000).logRatio();
        assertTrue(atFit <= atTruth, "the fit is at least as likely as the truth");
        assertEquals(atTruth, atFit, 10, "and not much more: half a chi-square of two degrees of freedom");
    }

    @Test
    void extrapolationFindsHowMuchToScan() {
        double alpha = 2.5;
        double[] scores = pareto(19, alpha, 100_000);
        PowerLaw law = PowerLaw.fit(scores, 5_000);
        double rare = 0.01 * Math.pow(1e-4, -1 / (alpha - 1)); // one in 10,000 is larger
        assertEquals(1e-4, law.survival(rare), 0.2 * 1e-4);
        assertEquals(10 / law.survival(rare), law.sequencesNeeded(rare, 10));
        assertEquals(0.05, law.survival(law.minimum()), Tolerances.REORDERED_FLOAT64);
        assertThrows(IllegalArgumentException.class, () -> law.survival(law.minimum() / 2));
    }

    @Test
    void coverageIsTheShareOfThePositiveSum() {
        double[] scores = {-5, 1, 2, 6, 1};
        assertEquals(0.6, Coverage.ofTop(scores, 0.2), Tolerances.REORDERED_FLOAT64);
        assertEquals(0.6, Coverage.ofTop(scores, 0.001), Tolerances.REORDERED_FLOAT64, "at least one sequence");
        assertEquals(0.8, Coverage.ofTop(scores, 0.4), Tolerances.REORDERED_FLOAT64);
        assertEquals(1, Coverage.ofTop(scores, 1), Tolerances.REORDERED_FLOAT64);
    }

    @Test
    void coverageOfAParetoSampleIsKnown() {
        // the largest part q of a Pareto law with density exponent alpha carries q^((alpha-2)/(alpha-1))
        double[] scores = pareto(23, 4, 200_000);
        assertEquals(Math.pow(0.01, 2 / 3.0), Coverage.ofTop(scores, 0.01), 0.002);
    }

    /** Equal scores, or scores that differ in the last digit only: right or refused in our own words. */
    @Property(tries = 300)
    void everyTailIsJudgedOrRefusedWithASentence(
            @ForAll Alternative law,
            @ForAll @Size(min = 3, max = 12) List<@IntRange(min = 1, max = 4) Integer> steps,
            @ForAll("sizes") double scale,
            @ForAll boolean nearlyEqual) {
        double[] scores = new double[steps.size()];
        for (int k = 0; k < scores.length; k++) {
            scores[k] = scale * (nearlyEqual ? 1 + steps.get(k) * 0x1p-52 : steps.get(k));
        }
        try {
            LikelihoodRatio ratio = law.against(scores, scores.length - 1);
            assertTrue(!Double.isNaN(ratio.logRatio()), ratio::toString);
            assertTrue(ratio.pValue() >= 0 && ratio.pValue() <= 1, ratio::toString);
            PowerLaw fit = PowerLaw.fit(scores, scores.length - 1);
            double p = fit.goodness(scores, 3, 1);
            assertTrue(p >= 0 && p <= 1, () -> fit + ": p = " + p);
        } catch (IllegalArgumentException e) {
            assertSame(IllegalArgumentException.class, e.getClass(), () -> "an exception of another library: " + e);
        }
    }

    @Provide
    Arbitrary<Double> sizes() {
        return Arbitraries.of(1e-300, 1e-12, 1.0, 3.7, 1e12, 1e300);
    }

    @Test
    void logNormalLawOfEqualScoresIsRefused() {
        IllegalArgumentException refusal = assertThrows(
                IllegalArgumentException.class, () -> Alternative.LOG_NORMAL.against(new double[] {1, 2, 2, 2}, 3));
        assertTrue(String.valueOf(refusal.getMessage()).contains("3 scores are all equal"), refusal::getMessage);
        assertSame(IllegalArgumentException.class, refusal.getClass());
        assertEquals(2, PowerLaw.fit(new double[] {1, Math.E, Math.E}, 2).alpha(), Tolerances.REORDERED_FLOAT64);
    }

    @Test
    void badInputIsRefused() {
        double[] scores = {1, 2, 3, -1};
        assertThrows(IllegalArgumentException.class, () -> PowerLaw.fit(scores, 1));
        assertThrows(IllegalArgumentException.class, () -> PowerLaw.fit(scores, 4));
        assertThrows(IllegalArgumentException.class, () -> PowerLaw.fit(scores, 3), "threshold is negative");
        assertThrows(IllegalArgumentException.class, () -> PowerLaw.fit(new double[] {1, Double.NaN, 2, 3}, 2));
        assertThrows(IllegalArgumentException.class, () -> PowerLaw.fit(new double[] {1, 1, 1, 1}, 2));
        assertThrows(
                IllegalArgumentException.class, () -> PowerLaw.fit(scores, 2).goodness(scores, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new PowerLaw(1, 1, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> Coverage.ofTop(scores, 0));
        assertThrows(IllegalArgumentException.class, () -> Coverage.ofTop(new double[] {-1}, 0.5));
        assertThrows(IllegalArgumentException.class, () -> Coverage.ofTop(new double[] {Double.NaN}, 0.5));
    }
}
