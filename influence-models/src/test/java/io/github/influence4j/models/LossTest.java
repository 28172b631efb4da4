package io.github.influence4j.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Objective;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** The losses' derivatives in the outputs against central differences and against each other. */
class LossTest {

    private static final double STEP = 1e-5;

    @Property(tries = 50)
    void gradientIsTheDerivativeOfTheValue(
            @ForAll Loss loss, @ForAll @IntRange(min = 2, max = 6) int size, @ForAll long seed) {
        Random random = new Random(seed);
        double[] outputs = Networks.normal(random, size);
        double[] target = target(loss, random, size);
        double[] expected = new double[size];
        Arrays.setAll(
                expected,
                c -> (loss.value(moved(outputs, c, STEP), target) - loss.value(moved(outputs, c, -STEP), target))
                        / (2 * STEP));
        double[] actual = new double[size];
        loss.gradient(outputs, target, actual);
        MatrixAssert.assertClose(expected, actual, Tolerances.FINITE_DIFFERENCE, "gradient");
    }

    @Property(tries = 50)
    void hessianIsTheDerivativeOfTheGradientAndTheSquareOfItsRoot(
            @ForAll Loss loss, @ForAll @IntRange(min = 2, max = 6) int size, @ForAll long seed) {
        Random random = new Random(seed);
        double[] outputs = Networks.normal(random, size);
        double[] target = target(loss, random, size);
        double[][] differences = new double[size][size];
        double[][] product = new double[size][size];
        double[][] roots = new double[size][size];
        for (int c = 0; c < size; c++) {
            double[] above = new double[size];
            double[] below = new double[size];
            loss.gradient(moved(outputs, c, STEP), target, above);
            loss.gradient(moved(outputs, c, -STEP), target, below);
            Arrays.setAll(differences[c], k -> (above[k] - below[k]) / (2 * STEP));
            loss.hessianProduct(outputs, moved(new double[size], c, 1), product[c]);
            loss.hessianRoot(outputs, c, roots[c]);
        }
        double[][] squared = new double[size][size];
        for (double[] root : roots) {
            for (int a = 0; a < size; a++) {
                for (int b = 0; b < size; b++) {
                    squared[a][b] += root[a] * root[b];
                }
            }
        }
        MatrixAssert.assertClose(differences, product, Tolerances.FINITE_DIFFERENCE, "Hessian");
        MatrixAssert.assertClose(product, squared, Tolerances.REORDERED_FLOAT64, "R Rᵀ");
    }

    @Property(tries = 50)
    void sampledGradientIsTheGradientOfTheSampledLabel(
            @ForAll Loss loss, @ForAll @IntRange(min = 2, max = 6) int size, @ForAll long seed, @ForAll long id) {
        Random random = new Random(seed);
        double[] outputs = Networks.normal(random, size);
        double[] predicted = new double[size];
        loss.predict(outputs, predicted);
        Objective.SampledLabels labels = new Objective.SampledLabels(seed);
        double[] target = new double[size];
        if (loss == Loss.SOFTMAX_CROSS_ENTROPY) {
            target = new double[] {labels.category(id, 0, predicted)};
        } else {
            for (int c = 0; c < size; c++) {
                target[c] = outputs[c] - labels.gaussian(id, 0, c);
            }
        }
        double[] expected = new double[size];
        loss.gradient(outputs, target, expected);
        double[] actual = new double[size];
        loss.sampledGradient(outputs, labels, id, 0, actual);
        MatrixAssert.assertClose(expected, actual, Tolerances.REORDERED_FLOAT64, "sampled gradient");
    }

    @Test
    void squaredErrorIsHalfTheSquaredDistance() {
        assertEquals(2.5, Loss.SQUARED_ERROR.value(new double[] {1, 2}, new double[] {3, 1}));
    }

    @Test
    void softmaxSurvivesLargeOutputs() {
        double[] outputs = {1000, 0, -1000};
        double[] predicted = new double[3];
        Loss.SOFTMAX_CROSS_ENTROPY.predict(outputs, predicted);
        assertArrayEquals(new double[] {1, 0, 0}, predicted);
        assertEquals(2000, Loss.SOFTMAX_CROSS_ENTROPY.value(outputs, new double[] {2}));
        assertEquals(0, Loss.SOFTMAX_CROSS_ENTROPY.value(outputs, new double[] {0}));
    }

    private static double[] target(Loss loss, Random random, int size) {
        return loss == Loss.SOFTMAX_CROSS_ENTROPY ? new double[] {random.nextInt(size)} : Networks.normal(random, size);
    }

    private static double[] moved(double[] from, int index, double by) {
        double[] moved = from.clone();
        moved[index] += by;
        return moved;
    }
}
