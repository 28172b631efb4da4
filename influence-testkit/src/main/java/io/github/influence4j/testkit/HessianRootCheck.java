package io.github.influence4j.testkit;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assertions;

/**
 * Judges the columns g_k of {@link Objective.OutputHessianRoot} by sampled labels: Σ_k g_k g_kᵀ must be the mean of g gᵀ over
 * all draws of labels.
 *
 * <p>At the outputs the mean is known, diag(p) − ppᵀ or the scale of a squared error. At every layer, and without the noise of
 * a mean, each drawn gradient must be the same combination Σ_k c_k g_k of the columns that it is at the outputs: there g =
 * R Rᵀ x for x = g / p (or g / scale), so that c = Rᵀ x.
 *
 * @param <E> the host's type of an example
 */
final class HessianRootCheck<E> {

    private static final int DRAWS = 3;

    private final HostModel<E> host;
    private final ExampleBatch<E> batch;
    private final double tolerance;
    private final List<Prediction> predictions;

    HessianRootCheck(HostModel<E> host, ExampleBatch<E> batch, double tolerance) {
        this.host = host;
        this.batch = batch;
        this.tolerance = tolerance;
        this.predictions = batch.examples().stream().map(host::prediction).toList();
    }

    void check(int columns) {
        List<List<double[][]>> roots = new ArrayList<>();
        for (int k = 0; k < columns; k++) {
            List<double[][]> ofExamples = outputs(new Objective.OutputHessianRoot(k));
            for (int e = 0; e < batch.size(); e++) {
                if (k == 0) {
                    roots.add(new ArrayList<>());
                }
                roots.get(e).add(ofExamples.get(e));
            }
        }
        for (int e = 0; e < batch.size(); e++) {
            checkHessian(e, roots.get(e));
        }
        for (int draw = 0; draw < DRAWS; draw++) {
            checkCombination(new Objective.SampledLabels(5, draw), roots);
        }
    }

    private List<double[][]> outputs(Objective objective) {
        List<ExampleCaptures> captures = ExampleCaptures.of(
                        host.provider(), batch, objective, List.of(host.outputLayer()))
                .get(0);
        return captures.stream().map(ExampleCaptures::outputGradients).toList();
    }

    /** Compares Σ_k r_k r_kᵀ with the Hessian, all positions and outputs of an example with each other. */
    private void checkHessian(int e, List<double[][]> roots) {
        int positions = roots.get(0).length;
        int outputs = host.outputLayer().outputs();
        for (int row = 0; row < positions * outputs; row++) {
            for (int column = 0; column <= row; column++) {
                double sum = 0;
                for (double[][] root : roots) {
                    sum += root[row / outputs][row % outputs] * root[column / outputs][column % outputs];
                }
                double expected = row / outputs == column / outputs
                        ? hessian(e, row / outputs, row % outputs, column % outputs)
                        : 0;
                if (!(Math.abs(sum - expected) <= tolerance * largest(e))) {
                    Assertions.fail("layer " + host.outputLayer().name()
                            + ": the columns of OutputHessianRoot do not square to the Hessian of the loss, which is the "
                            + "mean of g gᵀ over sampled labels. Example " + batch.ids()[e] + ", outputs "
                            + row % outputs + " and " + column % outputs + " at positions " + row / outputs + " and "
                            + column / outputs + ": expected " + (float) expected + ", found " + (float) sum
                            + ". Column k at one position is sqrt(p_k) (e_k - p) for cross-entropy, sqrt(scale) e_k "
                            + "for squared error, and every position has its own columns: is the objective taken for "
                            + "the training loss, or are there too few columns?");
                }
            }
        }
    }

    private double hessian(int e, int position, int c, int d) {
        if (predictions.get(e) instanceof Prediction.Classes classes) {
            double[] p = classes.probabilities()[position];
            return p.length == 0 ? 0 : (c == d ? p[c] : 0) - p[c] * p[d];
        }
        return c == d ? scale(e) : 0;
    }

    private double scale(int e) {
        return predictions.get(e) instanceof Prediction.Normal normal ? normal.scale() : 1;
    }

    private double largest(int e) {
        return Math.max(1, scale(e));
    }

    private void checkCombination(Objective.SampledLabels labels, List<List<double[][]>> roots) {
        List<LayerSpec> layers = host.provider().layers();
        List<List<ExampleCaptures>> drawn = ExampleCaptures.of(host.provider(), batch, labels, layers);
        double[][] coefficients = coefficients(outputs(labels), roots);
        List<List<double[][]>> combined = new ArrayList<>();
        for (LayerSpec layer : layers) {
            List<double[][]> zeros = new ArrayList<>();
            batch.examples().forEach(example -> zeros.add(new double[layer.outputs()][layer.gradientColumns()]));
            combined.add(zeros);
        }
        for (int k = 0; k < roots.get(0).size(); k++) {
            List<List<ExampleCaptures>> column =
                    ExampleCaptures.of(host.provider(), batch, new Objective.OutputHessianRoot(k), layers);
            for (int l = 0; l < layers.size(); l++) {
                for (int e = 0; e < batch.size(); e++) {
                    double[][] gradient = column.get(l).get(e).gradient(layers.get(l));
                    add(coefficients[e][k], gradient, combined.get(l).get(e));
                }
            }
        }
        for (int l = 0; l < layers.size(); l++) {
            compare(layers.get(l), drawn.get(l), combined.get(l));
        }
    }

    /** c_k = Σ_p ⟨r_k, g / p⟩ of each example. */
    private double[][] coefficients(List<double[][]> drawn, List<List<double[][]>> roots) {
        double[][] coefficients = new double[batch.size()][roots.get(0).size()];
        for (int e = 0; e < coefficients.length; e++) {
            for (int k = 0; k < coefficients[e].length; k++) {
                double[][] root = roots.get(e).get(k);
                for (int p = 0; p < root.length; p++) {
                    for (int c = 0; c < root[p].length; c++) {
                        coefficients[e][k] += root[p][c] * weighted(e, p, c, drawn.get(e)[p][c]);
                    }
                }
            }
        }
        return coefficients;
    }

    private double weighted(int e, int position, int c, double g) {
        if (predictions.get(e) instanceof Prediction.Classes classes) {
            double[] p = classes.probabilities()[position];
            return p.length == 0 || p[c] == 0 ? 0 : g / p[c];
        }
        return g / scale(e);
    }

    private void compare(LayerSpec layer, List<ExampleCaptures> drawn, List<double[][]> combined) {
        double largest = 0;
        double worst = 0;
        int where = 0;
        for (int e = 0; e < drawn.size(); e++) {
            double[][] expected = drawn.get(e).gradient(layer);
            for (int o = 0; o < expected.length; o++) {
                for (int i = 0; i < expected[o].length; i++) {
                    largest = Math.max(largest, Math.abs(expected[o][i]));
                    double difference = Math.abs(expected[o][i] - combined.get(e)[o][i]);
                    if (!(difference <= worst)) {
                        worst = difference;
                        where = e;
                    }
                }
            }
        }
        if (!(worst <= tolerance * largest)) {
            Assertions.fail("layer " + layer.name() + ": example " + batch.ids()[where]
                    + ": the gradient with sampled labels is not the combination of the columns of OutputHessianRoot that it is "
                    + "at the outputs (off by " + (float) worst + ", the largest is " + (float) largest
                    + "): do the columns reach this layer, and is R held constant on the way back?");
        }
    }

    private static void add(double factor, double[][] from, double[][] to) {
        for (int o = 0; o < to.length; o++) {
            for (int i = 0; i < to[o].length; i++) {
                to[o][i] += factor * from[o][i];
            }
        }
    }
}
