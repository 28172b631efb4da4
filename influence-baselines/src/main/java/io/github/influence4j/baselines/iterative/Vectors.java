package io.github.influence4j.baselines.iterative;

import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.NumericalException;
import java.util.List;
import java.util.SplittableRandom;

/** Arithmetic of flat float64 vectors over all layers. */
final class Vectors {

    private Vectors() {}

    static double dot(double[] x, double[] y) {
        double sum = 0;
        for (int k = 0; k < x.length; k++) {
            sum += x[k] * y[k];
        }
        return sum;
    }

    static double norm(double[] x) {
        return Math.sqrt(dot(x, x));
    }

    /** y += alpha · x. */
    static void add(double alpha, double[] x, double[] y) {
        for (int k = 0; k < x.length; k++) {
            y[k] += alpha * x[k];
        }
    }

    static double[] scaled(double alpha, double[] x) {
        double[] result = new double[x.length];
        for (int k = 0; k < x.length; k++) {
            result[k] = alpha * x[k];
        }
        return result;
    }

    static double[] minus(double[] x, double[] y) {
        double[] result = new double[x.length];
        for (int k = 0; k < x.length; k++) {
            result[k] = x[k] - y[k];
        }
        return result;
    }

    static double[] random(int length, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] x = new double[length];
        for (int k = 0; k < length; k++) {
            x[k] = random.nextDouble(-1, 1);
        }
        return x;
    }

    /** The λ of each parameter. */
    static double[] lambdas(List<LayerSpec> layers, LayerDamping damping) {
        double[] lambdas = new double[parameters(layers)];
        int k = 0;
        for (LayerSpec layer : layers) {
            double lambda = damping.lambda(layer.name());
            for (long p = 0; p < layer.parameters(); p++) {
                lambdas[k++] = lambda;
            }
        }
        return lambdas;
    }

    static int parameters(List<LayerSpec> layers) {
        return Math.toIntExact(layers.stream().mapToLong(LayerSpec::parameters).sum());
    }

    /** Takes the numbers of a vector, which must be of these layers and finite. */
    static double[] flat(List<LayerSpec> layers, LayerGradients vector, String what) {
        vector.requireLayers(layers);
        double[] flat = vector.toFlat();
        int start = 0;
        for (LayerSpec layer : layers) {
            for (int k = 0; k < layer.parameters(); k++) {
                if (!Double.isFinite(flat[start + k])) {
                    throw new NumericalException("layer " + layer.name() + ": " + what + " is " + flat[start + k]
                            + " at [" + k / layer.gradientColumns() + ", " + k % layer.gradientColumns() + "]");
                }
            }
            start += (int) layer.parameters();
        }
        return flat;
    }

    static double[][] flat(List<LayerSpec> layers, List<LayerGradients> vectors, String what) {
        return vectors.stream().map(v -> flat(layers, v, what)).toArray(double[][]::new);
    }

    static List<LayerGradients> wrapped(List<LayerSpec> layers, double[]... vectors) {
        return List.of(vectors).stream()
                .map(v -> LayerGradients.ofFlat(layers, v))
                .toList();
    }
}
