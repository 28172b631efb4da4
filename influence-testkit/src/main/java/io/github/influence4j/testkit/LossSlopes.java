package io.github.influence4j.testkit;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import java.util.List;
import java.util.Random;

/**
 * Slopes of the host's own loss along a few directions in the weights of one layer: central differences of fourth order,
 * (8(L(h) − L(−h)) − (L(2h) − L(−2h))) / 12h along unit vectors.
 *
 * <p>A difference counts only as far as it exceeds what roundoff of the losses can make of a slope: roundoff × loss / h. So a
 * parameter that does nothing (the bias of an attention's keys) passes with gradients of zero and with no others.
 */
final class LossSlopes {

    private static final int DIRECTIONS = 6;
    private static final double STEP_FLOAT64 = 1e-3;
    private static final double STEP_FLOAT32 = 2e-2;

    private final double[][][] directions;
    private final double[][] measured;
    private final double[][] captured;
    private final double roundoff;

    private LossSlopes(double[][][] directions, double[][] measured, double[][] captured, double roundoff) {
        this.directions = directions;
        this.measured = measured;
        this.captured = captured;
        this.roundoff = roundoff;
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
        double largest = 0;
        for (double loss : host.losses(examples)) {
            largest = Math.max(largest, Math.abs(loss));
        }
        List<double[][]> gradients =
                captures.stream().map(c -> c.gradient(layer)).toList();
        double[][][] directions = new double[DIRECTIONS][][];
        double[][] measured = new double[DIRECTIONS][];
        Random random = new Random(7);
        for (int k = 0; k < DIRECTIONS; k++) {
            double[][] direction = direction(gradients.get(k % gradients.size()), layer, bias, random);
            double[] far = difference(host, layer, weights, direction, 2 * step, examples);
            double[] near = difference(host, layer, weights, direction, step, examples);
            directions[k] = direction;
            measured[k] = new double[examples.size()];
            for (int e = 0; e < examples.size(); e++) {
                measured[k][e] = (8 * near[e] - far[e]) / (12 * step);
            }
        }
        host.setWeights(layer, weights);
        double roundoff = Tolerances.lossRoundoff(host.precision()) * largest / step;
        return new LossSlopes(directions, measured, along(directions, gradients), roundoff);
    }

    /** The slopes that gradients have along the directions. */
    private static double[][] along(double[][][] directions, List<double[][]> gradients) {
        double[][] slopes = new double[directions.length][gradients.size()];
        for (int k = 0; k < slopes.length; k++) {
            for (int e = 0; e < slopes[k].length; e++) {
                slopes[k][e] = inner(gradients.get(e), directions[k]);
            }
        }
        return slopes;
    }

    /** The same measurements beside other gradients, one an example. */
    LossSlopes with(List<double[][]> gradients) {
        return new LossSlopes(directions, measured, along(directions, gradients), roundoff);
    }

    /** Half along an example's captured gradient, so that the slope is not small, and half at random; length 1. */
    private static double[][] direction(double[][] own, LayerSpec layer, boolean bias, Random random) {
        double[][] direction = new double[own.length][own[0].length];
        double ownNorm = 0;
        double noiseNorm = 0;
        double[][] noise = new double[own.length][own[0].length];
        for (int o = 0; o < own.length; o++) {
            for (int i = 0; i < own[o].length; i++) {
                if (i >= layer.inputs() == bias) {
                    direction[o][i] = own[o][i];
                    noise[o][i] = random.nextGaussian();
                    ownNorm += own[o][i] * own[o][i];
                    noiseNorm += noise[o][i] * noise[o][i];
                }
            }
        }
        double norm = 0;
        for (int o = 0; o < own.length; o++) {
            for (int i = 0; i < own[o].length; i++) {
                direction[o][i] =
                        (ownNorm > 0 ? direction[o][i] / Math.sqrt(ownNorm) : 0) + noise[o][i] / Math.sqrt(noiseNorm);
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

    /**
     * Largest difference between measured slopes and captured ones times a factor for each example, less what roundoff
     * explains, relative to the largest measured slope.
     */
    double error(double[] factors) {
        double scale = 0;
        double worst = 0;
        for (int k = 0; k < measured.length; k++) {
            for (int e = 0; e < factors.length; e++) {
                scale = Math.max(scale, Math.abs(measured[k][e]));
                double difference = Math.abs(measured[k][e] - factors[e] * captured[k][e]) - roundoff;
                if (!(difference <= worst)) {
                    worst = difference;
                }
            }
        }
        return worst == 0 ? 0 : worst / scale;
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
