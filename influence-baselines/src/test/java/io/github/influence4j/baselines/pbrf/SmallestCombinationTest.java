package io.github.influence4j.baselines.pbrf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.testkit.Tolerances;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.DecompositionSolver;
import org.apache.commons.math3.linear.LUDecomposition;
import org.junit.jupiter.api.Test;

/** The element of least norm against all faces of the hull, and against the condition that it alone fulfils. */
class SmallestCombinationTest {

    @Test
    void knownHulls() {
        assertArrayEquals(new double[] {1}, weights(new double[][] {{3, 4}}));
        assertArrayEquals(new double[] {0.25, 0.75}, weights(new double[][] {{3, 0}, {-1, 0}}), 1e-15);
        assertArrayEquals(new double[] {0, 1, 0}, weights(new double[][] {{3, 1}, {1, 0}, {2, -1}}), 1e-15);
        double[] inside = weights(new double[][] {{1, 0}, {-1, 1}, {-1, -1}});
        assertArrayEquals(new double[] {0.5, 0.25, 0.25}, inside, 1e-15);
        assertArrayEquals(new double[] {0, 1}, weights(new double[][] {{1, 1}, {0, 0}}), 1e-15);
    }

    @Property(tries = 300)
    void noFaceHoldsASmallerOne(
            @ForAll @IntRange(min = 1, max = 6) int count,
            @ForAll @IntRange(min = 1, max = 5) int width,
            @ForAll long seed) {
        double[][] vectors = vectors(new Random(seed), count, width);
        double[][] products = products(vectors);
        double least = Double.POSITIVE_INFINITY;
        for (int face = 1; face < 1 << count; face++) {
            least = Math.min(least, leastOfFace(products, face));
        }
        double[] weights = weights(vectors);
        double found = SmallestCombination.squared(products, weights);
        assertEquals(least, found, Tolerances.REORDERED_FLOAT64 * largest(products));
    }

    /** Also with equal vectors, more vectors than dimensions, and lengths far apart, as gradients near a kink are. */
    @Property(tries = 300)
    void allVectorsReachAsFarAsTheCombination(
            @ForAll @IntRange(min = 1, max = 40) int count,
            @ForAll @IntRange(min = 1, max = 30) int width,
            @ForAll @IntRange(min = 0, max = 6) int decades,
            @ForAll long seed) {
        Random random = new Random(seed);
        double[][] vectors = vectors(random, count, width);
        for (int i = 0; i < count; i++) {
            double scale = Math.pow(10, -random.nextInt(decades + 1));
            for (int k = 0; k < width; k++) {
                vectors[i][k] = i % 5 == 4 ? vectors[i - 1][k] : scale * (vectors[i][k] + 0.3);
            }
        }
        double[][] products = products(vectors);
        double[] weights = weights(vectors);
        double sum = 0;
        double[] combination = new double[width];
        for (int i = 0; i < count; i++) {
            assertTrue(weights[i] >= 0, "weight " + weights[i]);
            sum += weights[i];
            for (int k = 0; k < width; k++) {
                combination[k] += weights[i] * vectors[i][k];
            }
        }
        assertEquals(1, sum, Tolerances.REORDERED_FLOAT64);
        double squared = ProximalBregman.dot(combination, combination);
        for (double[] vector : vectors) {
            double product = ProximalBregman.dot(vector, combination);
            assertTrue(
                    product >= squared - Tolerances.REORDERED_FLOAT64 * largest(products),
                    product + " below " + squared);
        }
    }

    private static double[] weights(double[][] vectors) {
        return SmallestCombination.weights(products(vectors), vectors.length);
    }

    /** ‖·‖² of the point nearest to 0 in the affine hull of a face, if it lies in the face, by Lagrange's equations. */
    private static double leastOfFace(double[][] products, int face) {
        int[] members = IntStream.range(0, products.length)
                .filter(i -> (face >> i & 1) == 1)
                .toArray();
        int size = members.length;
        double[][] system = new double[size + 1][size + 1];
        for (int s = 0; s < size; s++) {
            for (int t = 0; t < size; t++) {
                system[s][t] = products[members[s]][members[t]];
            }
            system[s][size] = 1;
            system[size][s] = 1;
        }
        ArrayRealVector right = new ArrayRealVector(size + 1);
        right.setEntry(size, 1);
        DecompositionSolver solver = new LUDecomposition(new Array2DRowRealMatrix(system)).getSolver();
        if (!solver.isNonSingular()) {
            return Double.POSITIVE_INFINITY; // a smaller face holds the point too
        }
        double[] solution = solver.solve(right).toArray();
        double[] weights = new double[products.length];
        for (int s = 0; s < size; s++) {
            if (solution[s] < 0) {
                return Double.POSITIVE_INFINITY;
            }
            weights[members[s]] = solution[s];
        }
        return SmallestCombination.squared(products, weights);
    }

    private static double[][] vectors(Random random, int count, int width) {
        double[][] vectors = new double[count][width];
        for (double[] vector : vectors) {
            for (int k = 0; k < width; k++) {
                vector[k] = random.nextGaussian();
            }
        }
        return vectors;
    }

    private static double[][] products(double[][] vectors) {
        double[][] products = new double[vectors.length][vectors.length];
        for (int i = 0; i < vectors.length; i++) {
            for (int j = 0; j < vectors.length; j++) {
                products[i][j] = ProximalBregman.dot(vectors[i], vectors[j]);
            }
        }
        return products;
    }

    private static double largest(double[][] products) {
        double largest = 0;
        for (int i = 0; i < products.length; i++) {
            largest = Math.max(largest, products[i][i]);
        }
        return largest;
    }
}
