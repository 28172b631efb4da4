package io.github.influence4j.baselines.pbrf;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/** Directions of descent by the two loops of L-BFGS around (G+λ)⁻¹ (Nocedal 1980); memory of 2mP numbers for m steps. */
final class LimitedMemory {

    private final int size;
    private final Deque<Pair> pairs = new ArrayDeque<>();

    private record Pair(double[] step, double[] change, double product) {}

    private double[] weights = new double[0];

    LimitedMemory(int size) {
        this.size = size;
    }

    /** Keeps a step and the change of the gradient along it, where the objective curves upwards. */
    void add(double[] step, double[] change) {
        double product = ProximalBregman.dot(step, change);
        if (size == 0 || !(product > 0)) {
            return;
        }
        if (pairs.size() == size) {
            pairs.removeFirst();
        }
        pairs.addLast(new Pair(step, change, product));
    }

    /** The first loop: what (G+λ)⁻¹ is to be multiplied with. */
    double[] beforeSolve(double[] gradient) {
        double[] vector = gradient.clone();
        weights = new double[pairs.size()];
        int k = weights.length;
        for (Iterator<Pair> newestFirst = pairs.descendingIterator(); newestFirst.hasNext(); ) {
            Pair pair = newestFirst.next();
            k--;
            weights[k] = ProximalBregman.dot(pair.step(), vector) / pair.product();
            addScaled(-weights[k], pair.change(), vector);
        }
        return vector;
    }

    /** The second loop: the direction, from the solution. */
    double[] afterSolve(double[] solution) {
        double[] direction = solution.clone();
        int k = 0;
        for (Pair pair : pairs) {
            double weight = weights[k] - ProximalBregman.dot(pair.change(), direction) / pair.product();
            addScaled(weight, pair.step(), direction);
            k++;
        }
        for (int i = 0; i < direction.length; i++) {
            direction[i] = -direction[i];
        }
        return direction;
    }

    private static void addScaled(double factor, double[] x, double[] y) {
        for (int k = 0; k < y.length; k++) {
            y[k] += factor * x[k];
        }
    }
}
