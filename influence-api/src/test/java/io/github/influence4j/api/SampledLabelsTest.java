package io.github.influence4j.api;

import static io.github.influence4j.api.Refusals.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.apache.commons.math3.stat.correlation.PearsonsCorrelation;
import org.apache.commons.math3.stat.inference.ChiSquareTest;
import org.apache.commons.math3.stat.inference.KolmogorovSmirnovTest;
import org.junit.jupiter.api.Test;

/** The counter-based draws against the distributions they promise; Commons Math is the judge. */
class SampledLabelsTest {

    /** A right distribution falls below it once in ten thousand seeds, and the seeds here are fixed. */
    private static final double P_VALUE = 1e-4;

    private static final int DRAWS = 50_000;
    private static final Objective.SampledLabels LABELS = new Objective.SampledLabels(2026);

    @Test
    void uniformIsTheDocumentedFunctionOfItsKey() {
        // computed in Python from the definition of the SplitMix64 finaliser: stored results must stay reproducible
        assertEquals(0.28176129772258507, new Objective.SampledLabels(0).uniform(0, 0, 0));
        assertEquals(0.4243303622051774, new Objective.SampledLabels(1).uniform(2, 3, 4));
        assertEquals(0.324223528195004, new Objective.SampledLabels(-5).uniform(123456789012L, 7, 1));
        assertEquals(0.12106773844135599, new Objective.SampledLabels(1, 1).uniform(2, 3, 4));
        assertEquals(0.2496583361945094, new Objective.SampledLabels(-5, 9).uniform(123456789012L, 7, 1));
    }

    @Test
    void uniformFillsTheIntervalAlongEveryPartOfTheKey() {
        assertUniform("ids", k -> LABELS.uniform(k, 0, 0));
        assertUniform("negative ids", k -> LABELS.uniform(-k, 3, 1));
        assertUniform("ids far apart", k -> LABELS.uniform((long) k << 40, 0, 0));
        assertUniform("positions", k -> LABELS.uniform(5, k, 0));
        assertUniform("numbers", k -> LABELS.uniform(5, 9, k));
        assertUniform("seeds", k -> new Objective.SampledLabels(k).uniform(1, 0, 0));
        assertUniform("draws of a seed", k -> new Objective.SampledLabels(1, k).uniform(1, 0, 0));
    }

    @Test
    void nearbyKeysAreIndependent() {
        IntToDoubleFunction base = k -> LABELS.uniform(k, 0, 0);
        assertUncorrelated("next id", base, k -> LABELS.uniform(k + 1, 0, 0));
        assertUncorrelated("next position", base, k -> LABELS.uniform(k, 1, 0));
        assertUncorrelated("next number", base, k -> LABELS.uniform(k, 0, 1));
        assertUncorrelated("next seed", base, k -> new Objective.SampledLabels(2027).uniform(k, 0, 0));
        assertUncorrelated("next draw", base, k -> new Objective.SampledLabels(2026, 1).uniform(k, 0, 0));
        assertUncorrelated(
                "seed and draw",
                k -> new Objective.SampledLabels(2026, 2).uniform(k, 0, 0),
                k -> new Objective.SampledLabels(2027, 1).uniform(k, 0, 0));
        assertUncorrelated("id and position exchanged", k -> LABELS.uniform(k, 7, 0), k -> LABELS.uniform(7, k, 0));
        assertUncorrelated("position and draw exchanged", k -> LABELS.uniform(1, k, 2), k -> LABELS.uniform(1, 2, k));
        assertUncorrelated("outputs", k -> LABELS.gaussian(k, 0, 0), k -> LABELS.gaussian(k, 0, 1));
    }

    @Test
    void classesComeAsOftenAsTheirWeightsSay() {
        double[] weights = {0, 0.5, 0, 2, 1.25, 0.01, 0};
        long[] counts = new long[weights.length];
        for (int k = 0; k < DRAWS; k++) {
            counts[LABELS.category(k, 0, weights)]++;
        }
        assertEquals(0, counts[0] + counts[2] + counts[6], "classes of probability 0");
        double p = new ChiSquareTest()
                .chiSquareTest(
                        new double[] {0.5, 2, 1.25, 0.01}, new long[] {counts[1], counts[3], counts[4], counts[5]});
        assertTrue(p > P_VALUE, () -> "p = " + p + " for " + Arrays.toString(counts));
    }

    @Property(tries = 500)
    void classIsWhereTheCumulativeWeightsPassTheUniformNumber(
            @ForAll long seed,
            @ForAll long id,
            @ForAll @IntRange(min = 0, max = 5000) int position,
            @ForAll @IntRange(min = 1, max = 12) int classes) {
        Random random = new Random(seed ^ id);
        double[] weights = new double[classes];
        Arrays.setAll(weights, c -> random.nextInt(3) == 0 ? 0 : random.nextDouble());
        weights[random.nextInt(classes)] = 1;
        Objective.SampledLabels labels = new Objective.SampledLabels(seed);
        int drawn = labels.category(id, position, weights);
        double target = labels.uniform(id, position, 0) * Arrays.stream(weights).sum();
        double below = Arrays.stream(weights, 0, drawn).sum();
        double slack = 1e-14 * classes; // the sums here round otherwise
        assertTrue(weights[drawn] > 0, "a class of probability 0 was drawn");
        assertTrue(below <= target + slack && target <= below + weights[drawn] + slack);

        double[] scaled = Arrays.stream(weights).map(w -> 1024 * w).toArray();
        assertEquals(drawn, labels.category(id, position, scaled), "weights need not sum to 1");
    }

    @Test
    void rangeOfAClassBeginsAndEndsExactly() {
        double u = LABELS.uniform(3, 0, 0);
        assertEquals(1, LABELS.category(3, 0, new double[] {u, 1 - u}));
        assertEquals(0, LABELS.category(3, 0, new double[] {Math.nextUp(u), 1 - u}));
        assertEquals(1, LABELS.category(3, 0, new double[] {0, Double.MIN_VALUE, 0}));
    }

    @Test
    void badProbabilitiesAreRefused() {
        refused(() -> LABELS.category(8, 0, new double[] {0.5, Double.NaN}), "example 8", "class 1 is NaN");
        refused(() -> LABELS.category(8, 0, new double[] {-0.5, 1}), "example 8", "class 0 is -0.5");
        refused(() -> LABELS.category(8, 0, new double[] {0, 0}), "example 8", "sum to 0.0");
        refused(() -> LABELS.category(8, 0, new double[0]), "example 8", "sum to 0.0");
        refused(() -> LABELS.category(8, 0, new double[] {1, Double.POSITIVE_INFINITY}), "sum to Infinity");
        refused(() -> new Objective.OutputHessianRoot(-1), "-1");
        refused(() -> new Objective.SampledLabels(3, -1), "found -1");
    }

    @Test
    void gaussianIsStandardNormal() {
        for (int output : new int[] {0, 1, 17}) {
            double[] draws = draws(k -> LABELS.gaussian(k, 2, output));
            double p = new KolmogorovSmirnovTest().kolmogorovSmirnovTest(new NormalDistribution(), draws);
            assertTrue(p > P_VALUE, () -> "output " + output + ": p = " + p);
        }
    }

    private static void assertUniform(String what, IntToDoubleFunction draw) {
        long[] counts = new long[100];
        for (double u : draws(draw)) {
            assertTrue(u > 0 && u < 1, () -> what + ": " + u);
            counts[(int) (100 * u)]++;
        }
        double[] expected = new double[counts.length];
        Arrays.fill(expected, 1);
        double p = new ChiSquareTest().chiSquareTest(expected, counts);
        assertTrue(p > P_VALUE, () -> what + ": p = " + p);
    }

    private static void assertUncorrelated(String what, IntToDoubleFunction left, IntToDoubleFunction right) {
        double r = new PearsonsCorrelation().correlation(draws(left), draws(right));
        double bound = new NormalDistribution().inverseCumulativeProbability(1 - P_VALUE / 2) / Math.sqrt(DRAWS);
        assertTrue(Math.abs(r) < bound, () -> what + ": correlation " + r + ", bound " + bound);
    }

    private static double[] draws(IntToDoubleFunction draw) {
        double[] draws = new double[DRAWS];
        Arrays.setAll(draws, draw);
        return draws;
    }
}
