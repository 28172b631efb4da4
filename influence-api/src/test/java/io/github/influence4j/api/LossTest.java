package io.github.influence4j.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** The losses against central differences of their values, and their roots against the Hessian. */
class LossTest {

    /** Outputs are at most 5, so values are at most some 100: roundoff of 1e-14 over a step of 1e-5, and the step's square. */
    private static final double DIFFERENCE = 1e-7;

    private static final double STEP = 1e-5;

    /** A few operations on numbers of at most 10. */
    private static final double ROUNDOFF = 1e-14;

    @Provide
    Arbitrary<double[]> outputs() {
        return Arbitraries.doubles()
                .between(-5, 5)
                .array(double[].class)
                .ofMinSize(1)
                .ofMaxSize(5);
    }

    private static double[] target(Loss loss, double[] outputs) {
        return loss == Loss.SQUARED_ERROR
                ? Arrays.stream(outputs).map(o -> 1 - o).toArray()
                : new double[] {outputs.length - 1};
    }

    private static double[] gradient(Loss loss, Objective objective, double[] outputs, int position) {
        double[] result = new double[outputs.length];
        loss.outputGradient(objective, outputs, target(loss, outputs), 7, position, result);
        return result;
    }

    @Property
    void gradientsAreDifferencesOfTheValue(@ForAll Loss loss, @ForAll("outputs") double[] outputs) {
        double[] target = target(loss, outputs);
        for (Objective objective : new Objective[] {new Objective.TrainingLoss(), new Objective.Measurement()}) {
            double[] found = gradient(loss, objective, outputs, 0);
            for (int c = 0; c < outputs.length; c++) {
                double[] moved = outputs.clone();
                moved[c] += STEP;
                double above = loss.value(moved, target);
                moved[c] -= 2 * STEP;
                assertEquals((above - loss.value(moved, target)) / (2 * STEP), found[c], DIFFERENCE);
            }
        }
    }

    @Property
    void hessianProductsAreDifferencesOfTheGradient(@ForAll Loss loss, @ForAll("outputs") double[] outputs) {
        double[] target = target(loss, outputs);
        int n = outputs.length;
        for (int k = 0; k < n; k++) {
            double[] unit = new double[n];
            unit[k] = 1;
            double[] product = new double[n];
            loss.hessianProduct(outputs, unit, product);
            double[] moved = outputs.clone();
            moved[k] += STEP;
            double[] above = new double[n];
            loss.gradient(moved, target, above);
            moved[k] -= 2 * STEP;
            double[] below = new double[n];
            loss.gradient(moved, target, below);
            for (int c = 0; c < n; c++) {
                assertEquals((above[c] - below[c]) / (2 * STEP), product[c], DIFFERENCE);
            }
        }
    }

    @Property
    void columnsOfTheRootGiveTheHessian(@ForAll Loss loss, @ForAll("outputs") double[] outputs) {
        int n = outputs.length;
        for (int k = 0; k < n; k++) {
            double[] unit = new double[n];
            unit[k] = 1;
            double[] product = new double[n];
            loss.hessianProduct(outputs, unit, product);
            double[] sum = new double[n];
            // columns of the second position are n to 2n - 1, and 0 at the first
            for (int column = 0; column < 2 * n; column++) {
                double[] root = gradient(loss, new Objective.OutputHessianRoot(column), outputs, 1);
                for (int c = 0; c < n; c++) {
                    sum[c] += root[c] * root[k];
                }
            }
            for (int c = 0; c < n; c++) {
                assertEquals(product[c], sum[c], ROUNDOFF);
            }
        }
    }

    @Property
    void sampledLabelsAreThoseOfTheDraw(@ForAll("outputs") double[] outputs, @ForAll long seed) {
        Assume.that(outputs.length > 1);
        Objective.SampledLabels labels = new Objective.SampledLabels(seed);
        double[] predicted = new double[outputs.length];
        Loss.SOFTMAX_CROSS_ENTROPY.predict(outputs, predicted);
        assertEquals(1, Arrays.stream(predicted).sum(), ROUNDOFF);
        int drawn = labels.category(7, 3, predicted);
        double[] found = gradient(Loss.SOFTMAX_CROSS_ENTROPY, labels, outputs, 3);
        double[] noise = gradient(Loss.SQUARED_ERROR, labels, outputs, 3);
        for (int c = 0; c < outputs.length; c++) {
            assertEquals(predicted[c] - (c == drawn ? 1 : 0), found[c], ROUNDOFF);
            assertEquals(labels.gaussian(7, 3, c), noise[c]);
        }
    }

    @Test
    void squaredErrorPredictsItsOutputs() {
        double[] predicted = new double[2];
        Loss.SQUARED_ERROR.predict(new double[] {3, -1}, predicted);
        assertEquals(3, predicted[0]);
        assertEquals(-1, predicted[1]);
    }

    @Test
    void targetsThatDoNotFitAreRefused() {
        Refusals.refused(
                IllegalArgumentException.class,
                () -> Loss.SQUARED_ERROR.checkTarget(new double[1], 5, 2),
                "example 5: expected 2 targets, found 1");
        Refusals.refused(
                NumericalException.class,
                () -> Loss.SQUARED_ERROR.checkTarget(new double[] {0, Double.NaN}, 5, 2),
                "example 5: target 1 is NaN");
        Refusals.refused(
                IllegalArgumentException.class,
                () -> Loss.SOFTMAX_CROSS_ENTROPY.checkTarget(new double[2], 5, 2),
                "found a target of 2 numbers");
        for (double label : new double[] {-1, 2, 0.5, Double.NaN}) {
            Refusals.refused(
                    IllegalArgumentException.class,
                    () -> Loss.SOFTMAX_CROSS_ENTROPY.checkTarget(new double[] {label}, 5, 2),
                    "label must be one of 0..1, found " + label);
        }
    }

    /** 1 − p of a class that is certain but for e⁻⁴⁰, which float64 cannot subtract from 1. */
    @Test
    void certainClassesKeepTheirGradient() {
        double[] outputs = {0, 40, -1};
        double others = Math.exp(-40) + Math.exp(-41);
        double[] expected = {Math.exp(-40), -others, Math.exp(-41)};
        double[] found = new double[3];
        Loss.SOFTMAX_CROSS_ENTROPY.gradient(outputs, new double[] {1}, found);
        for (int c = 0; c < 3; c++) {
            assertEquals(expected[c], found[c], ROUNDOFF * others);
        }
        double[] column = new double[3];
        Loss.SOFTMAX_CROSS_ENTROPY.hessianRoot(outputs, 1, column);
        for (int c = 0; c < 3; c++) {
            assertEquals(-expected[c], column[c], ROUNDOFF * others);
        }
        // (H v)_c = Σ_j p_c p_j (v_c - v_j), and p of the certain class is 1 to all digits
        double[] v = {1, 2, -3};
        double[] product = new double[3];
        Loss.SOFTMAX_CROSS_ENTROPY.hessianProduct(outputs, v, product);
        assertEquals(Math.exp(-40) + 5 * Math.exp(-41), product[1], ROUNDOFF * others);
        assertEquals(-Math.exp(-40), product[0], ROUNDOFF * others);
        assertEquals(-5 * Math.exp(-41), product[2], ROUNDOFF * others);
    }
}
