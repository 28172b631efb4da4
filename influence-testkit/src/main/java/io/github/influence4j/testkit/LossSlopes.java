package io.github.influence4j.testkit;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import java.util.List;
import java.util.Random;

/**
 * Slopes of the host's own loss along a few directions in the weights of one layer: central differences of fourth order,
 * (8(L(h) − L(−h)) − (L(2h) − L(−2h))) / 12h along unit vectors.
 */
final class LossSlopes {

    private static final int DIRECTIONS = 6;
    private static final double STEP_FLOAT64 = 1e-3;
    private static final double STEP_FLOAT32 = 2e-2;

    private final double[][] measured;
    private final double[][] captured;

    private LossSlopes(double[][] measured, double[][] captured) {
        this.measured = measured;
        this.captured = captured;
    }

    /** Measures slopes of the weights (or, with {@code bias}, of the bias) and takes those of the captured gradients. */
    static <E> LossSlopes of(
            HostModel<E> host, LayerSpec layer, boolean bias, List<E> examples, List<ExampleCaptures> captures) {
        double step = host.precision() == Precision.FLOAT64 ? STEP_FLOAT64 : STEP_FLOAT32;
        double[][] weights = host.weights(layer);
        if (weights.length != layer.outputs() || weights[0].length != layer.gradientColumns()) {
            throw new AssertionError("layer " + layer.name() + ": HostModel.weights must be " + layer.outputs() + " x "
                    + layer.gradientColumns() + " (bias last), found " + weights.length + " x " + weights[0].length);
        }
        double[][] measured = new double[DIRECTIONS][];
        double[][] captured = new double[DIRECTIONS][examples.size()];
        Random random = new Random(7);
        for (int k = 0; k < DIRECTIONS; k++) {
            double[][] own = captures.get(k % captures.size()).gradient(layer);
            double[][] direction = direction(own, layer, bias, random);
            double[] far = difference(host, layer, weights, direction, 2 * step, examples);
            double[] near = difference(host, layer, weights, direction, step, examples);
            measured[k] = new double[examples.size()];
            for (int e = 0; e < examples.size(); e++) {
                measured[k][e] = (8 * near[e] - far[e]) / (12 * step);
                captured[k][e] = inner(captures.get(e).gradient(layer), direction);
            }
        }
        host.setWeights(layer, weights);
        return new LossSlopes(measured, captured);
    }

    /** Half along an example's captured gradient, so that the slope is not small, and half at random; length 1. */
    private static double[][] direction(double[][] own, LayerSpec layer, boolean bias, Random random) {
        double[][] direction = new double[own.length][own[0].length];
        double ownNorm = 0;
        double noiseNorm = 0;
        double[][] noise = new double[own.length][own[0].length];
        for (int o = 0; o < own.length; o++) {
            for (int i = 0; i < own[o].length; i++) {
                boolean moves = i >= layer.inputs() == bias;
                own[o][i] = moves ? own[o][i] : 0;
                noise[o][i] = moves ? random.nextGaussian() : 0;
                ownNorm += own[o][i] * own[o][i];
                noiseNorm += noise[o][i] * noise[o][i];
            }
        }
        double norm = 0;
        for (int o = 0; o < own.length; o++) {
            for (int i = 0; i < own[o].length; i++) {
                direction[o][i] =
                        (ownNorm > 0 ? own[o][i] / Math.sqrt(ownNorm) : 0) + noise[o][i] / Math.sqrt(noiseNorm);
                norm += direction[o][i] * direction[o][i];
            }
        }
        for (double[] row : direction) {
            for (int i = 0; i < row.length; i++) {
                row[i] /= Math.sqrt(norm);
            }
        }
        return direction;
    }

    private static <E> double[] difference(
            HostModel<E> host,
            LayerSpec layer,
            double[][] weights,
            double[][] direction,
            double step,
            List<E> examples) {
        double[] above = moved(host, layer, weights, direction, step, examples);
        double[] below = moved(host, layer, weights, direction, -step, examples);
        for (int e = 0; e < above.length; e++) {
            above[e] -= below[e];
        }
        return above;
    }

    private static <E> double[] moved(
            HostModel<E> host,
            LayerSpec layer,
            double[][] weights,
            double[][] direction,
            double step,
            List<E> examples) {
        double[][] moved = new double[weights.length][weights[0].length];
        for (int o = 0; o < moved.length; o++) {
            for (int i = 0; i < moved[o].length; i++) {
                moved[o][i] = weights[o][i] + step * direction[o][i];
            }
        }
        host.setWeights(layer, moved);
        double[] losses = host.losses(examples).clone();
        if (losses.length != examples.size()) {
            throw new AssertionError("HostModel.losses must give one loss an example: expected " + examples.size()
                    + ", found " + losses.length);
        }
        return losses;
    }

    private static double inner(double[][] left, double[][] right) {
        double sum = 0;
        for (int o = 0; o < left.length; o++) {
            for (int i = 0; i < left[o].length; i++) {
                sum += left[o][i] * right[o][i];
            }
        }
        return sum;
    }

    /** Largest difference between measured slopes and captured ones times a factor for each example, relative. */
    double error(double[] factors) {
        return error(factors, 0);
    }

    /** The same, relative to at least {@code floor}. */
    double error(double[] factors, double floor) {
        double scale = Math.max(floor, scale());
        double worst = 0;
        for (int k = 0; k < measured.length; k++) {
            for (int e = 0; e < factors.length; e++) {
                double difference = Math.abs(measured[k][e] - factors[e] * captured[k][e]);
                if (!(difference <= worst)) {
                    worst = difference;
                }
            }
        }
        return scale == 0 ? (worst == 0 ? 0 : Double.POSITIVE_INFINITY) : worst / scale;
    }

    /** The largest measured slope. */
    double scale() {
        double scale = 0;
        for (double[] row : measured) {
            for (double slope : row) {
                scale = Math.max(scale, Math.abs(slope));
            }
        }
        return scale;
    }

    /** Σ measured × captured / Σ captured², the factor by which the captures are wrong if it is one factor. */
    double bestFactor() {
        double product = 0;
        double square = 0;
        for (int k = 0; k < measured.length; k++) {
            for (int e = 0; e < measured[k].length; e++) {
                product += measured[k][e] * captured[k][e];
                square += captured[k][e] * captured[k][e];
            }
        }
        return square == 0 ? 0 : product / square;
    }
}
