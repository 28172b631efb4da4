package io.github.influence4j.baselines.pbrf;

import java.util.ArrayList;
import java.util.List;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.MatrixUtils;
import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.linear.SingularValueDecomposition;

/**
 * The element of least norm of the convex hull of some vectors, from their inner products (Wolfe 1976). Its squared norm is exact to
 * about 1e-13 of the largest vector's.
 */
final class SmallestCombination {

    private static final double EXACTNESS = 1e-13;

    private SmallestCombination() {}

    /**
     * Finds the weights, none negative and with sum 1, that make wᵀKw least.
     *
     * @param products K, symmetric and positive semidefinite; only the first {@code size} rows and columns count
     */
    static double[] weights(double[][] products, int size) {
        double[] weights = new double[size];
        double largest = 0;
        int shortest = 0;
        for (int i = 0; i < size; i++) {
            largest = Math.max(largest, products[i][i]);
            shortest = products[i][i] < products[shortest][shortest] ? i : shortest;
        }
        weights[shortest] = 1;
        List<Integer> used = new ArrayList<>(List.of(shortest));
        double before = Double.POSITIVE_INFINITY;
        for (double now = squared(products, weights); now < before; now = squared(products, weights)) {
            int wanted = mostOpposed(products, weights, now - EXACTNESS * largest);
            if (wanted < 0 || used.contains(wanted)) {
                break;
            }
            before = now;
            double[] kept = weights.clone();
            used.add(wanted);
            shrink(products, weights, used);
            if (squared(products, weights) > now) {
                return kept; // rounding: nothing is left to gain
            }
        }
        return weights;
    }

    /** Which vector's product with the combination is least, if it is below a bound, or -1. */
    private static int mostOpposed(double[][] products, double[] weights, double bound) {
        int found = -1;
        double least = bound;
        for (int i = 0; i < weights.length; i++) {
            double product = product(products[i], weights);
            if (product < least) {
                least = product;
                found = i;
            }
        }
        return found;
    }

    /** Goes to the least norm in the vectors' affine hull, and drops vectors whose weights would become negative on the way. */
    private static void shrink(double[][] products, double[] weights, List<Integer> used) {
        while (true) {
            double[] aim = affine(products, used);
            double part = 1;
            int dropped = -1;
            for (int s = 0; s < aim.length; s++) {
                double weight = weights[used.get(s)];
                if (aim[s] <= 0 && (dropped < 0 || weight < part * (weight - aim[s]))) {
                    part = weight == aim[s] ? 0 : weight / (weight - aim[s]);
                    dropped = s;
                }
            }
            for (int s = 0; s < aim.length; s++) {
                int i = used.get(s);
                weights[i] += part * (aim[s] - weights[i]);
            }
            if (dropped < 0) {
                return;
            }
            weights[used.get(dropped)] = 0;
            used.remove(dropped);
        }
    }

    /**
     * The weights of the least norm in the affine hull: from the shortest vector along the differences to the others, scaled to length
     * 1, so that short vectors are not lost beside long ones. Where they depend on each other, the smallest such weights.
     */
    private static double[] affine(double[][] products, List<Integer> used) {
        int base = used.get(0);
        for (int i : used) {
            base = products[i][i] < products[base][base] ? i : base;
        }
        int size = used.size();
        double[] lengths = new double[size];
        for (int s = 0; s < size; s++) {
            double squared = ofDifferences(products, base, used.get(s), used.get(s));
            lengths[s] = squared > 0 ? Math.sqrt(squared) : Double.POSITIVE_INFINITY; // the base itself, or its equal
        }
        RealMatrix matrix = MatrixUtils.createRealMatrix(size, size);
        ArrayRealVector right = new ArrayRealVector(size);
        for (int s = 0; s < size; s++) {
            int i = used.get(s);
            right.setEntry(s, (products[base][base] - products[i][base]) / lengths[s]);
            for (int t = 0; t < size; t++) {
                matrix.setEntry(s, t, ofDifferences(products, base, i, used.get(t)) / lengths[s] / lengths[t]);
            }
        }
        double[] steps =
                new SingularValueDecomposition(matrix).getSolver().solve(right).toArray();
        double[] aim = new double[size];
        double rest = 1;
        for (int s = 0; s < size; s++) {
            aim[s] = steps[s] / lengths[s];
            rest -= aim[s];
        }
        aim[used.indexOf(base)] += rest;
        return aim;
    }

    /** (v_i − v_b)ᵀ(v_j − v_b). */
    private static double ofDifferences(double[][] products, int b, int i, int j) {
        return products[i][j] - products[i][b] - products[b][j] + products[b][b];
    }

    /** wᵀKw. */
    static double squared(double[][] products, double[] weights) {
        double sum = 0;
        for (int i = 0; i < weights.length; i++) {
            sum += weights[i] * product(products[i], weights);
        }
        return sum;
    }

    private static double product(double[] row, double[] weights) {
        double sum = 0;
        for (int j = 0; j < weights.length; j++) {
            sum += row[j] * weights[j];
        }
        return sum;
    }
}
