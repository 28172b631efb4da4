package io.github.influence4j.baselines.pbrf;

import java.util.ArrayList;
import java.util.List;

/** Gradients at points very near to one, on the sides of the kinks there: their convex hull stands for the gradient. */
final class Sides {

    /** Most gradients; some thirty were the most that a search on digits needed. */
    static final int MOST = 100;

    private final List<double[]> gradients = new ArrayList<>();
    private final List<double[]> solutions = new ArrayList<>();
    private final double[][] products = new double[MOST][MOST];
    private final double[][] solvedProducts = new double[MOST][MOST];
    private double[] latest;

    /** The way down from the point, −(G+λ)⁻¹g with the g of the hull that is shortest in that metric, and −(its slope there). */
    record Way(double[] direction, double fall) {}

    Sides(double[] gradient) {
        this.latest = gradient;
    }

    /** The gradient that (G+λ)⁻¹ is to be multiplied with. */
    double[] latest() {
        return latest;
    }

    boolean full() {
        return gradients.size() == MOST;
    }

    /** Takes (G+λ)⁻¹ times the latest gradient, which now belongs to the hull. */
    void solved(double[] solution) {
        gradients.add(latest);
        solutions.add(solution);
        int last = gradients.size() - 1;
        for (int k = 0; k <= last; k++) {
            products[last][k] = ProximalBregman.dot(latest, gradients.get(k));
            products[k][last] = products[last][k];
            solvedProducts[last][k] = ProximalBregman.dot(solution, gradients.get(k));
            solvedProducts[k][last] = solvedProducts[last][k];
        }
    }

    /** Takes the gradient on another side. */
    void add(double[] gradient) {
        latest = gradient;
    }

    /** The least norm in the hull. */
    double leastNorm() {
        return ProximalBregman.norm(combined(gradients, SmallestCombination.weights(products, gradients.size())));
    }

    Way way() {
        double[] weights = SmallestCombination.weights(solvedProducts, gradients.size());
        double[] direction = combined(solutions, weights);
        for (int k = 0; k < direction.length; k++) {
            direction[k] = -direction[k];
        }
        return new Way(direction, -ProximalBregman.dot(combined(gradients, weights), direction));
    }

    private static double[] combined(List<double[]> vectors, double[] weights) {
        double[] sum = new double[vectors.get(0).length];
        for (int i = 0; i < weights.length; i++) {
            double[] vector = vectors.get(i);
            for (int k = 0; k < sum.length && weights[i] != 0; k++) {
                sum[k] += weights[i] * vector[k];
            }
        }
        return sum;
    }
}
