package io.github.influence4j.testkit;

import io.github.influence4j.api.LayerSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** Finds the usual reason why captured gradients differ from the slopes of the loss, in words that name the remedy. */
final class GradientDiagnosis {

    private final LayerSpec layer;
    private final LossSlopes slopes;
    private final List<LayerSpec> layers;
    private final List<List<ExampleCaptures>> captures;
    private final List<ExampleCaptures> own;
    private final double tolerance;

    /** Takes the layer that is wrong, its slopes, and what was captured for all layers. */
    GradientDiagnosis(
            LayerSpec layer,
            LossSlopes slopes,
            List<LayerSpec> layers,
            List<List<ExampleCaptures>> captures,
            double tolerance) {
        this.layer = layer;
        this.slopes = slopes;
        this.layers = layers;
        this.captures = captures;
        this.own = captures.get(layers.indexOf(layer));
        this.tolerance = tolerance;
    }

    /** Returns a sentence about what is wrong with the gradients of the layer's weights. */
    String sentence() {
        String name = "layer " + layer.name() + ": gradients ";
        int n = own.size();
        double[] positions =
                own.stream().mapToDouble(ExampleCaptures::positions).toArray();
        double longest = Arrays.stream(positions).max().orElse(1);
        double total = Arrays.stream(positions).sum();
        if (holds(constant(n, n))) {
            return name + "look averaged over the batch of " + n
                    + ": sum the loss over examples, or multiply the gradients by " + n;
        }
        if (longest > 1 && holds(positions)) {
            return name
                    + "look averaged over the positions of each example: sum the loss over positions, or multiply the "
                    + "gradients by the number of real positions";
        }
        if (longest > 1 && holds(constant(n, longest))) {
            return name + "look averaged over all " + (int) longest
                    + " positions of the batch, padding included: sum the loss over positions";
        }
        if (longest > 1 && holds(constant(n, total))) {
            return name + "look averaged over the " + (int) total + " positions of the batch: sum the loss instead, or "
                    + "multiply the gradients by " + (int) total;
        }
        if (holds(constant(n, -1))) {
            return name + "have the wrong sign: they are of the log-probability, not of the loss; multiply by -1";
        }
        double factor = slopes.bestFactor();
        if (factor != 0 && holds(constant(n, factor))) {
            return name + "are those of the loss but for a factor: divide by " + (float) (1 / factor)
                    + " (or give HostModel.losses the scale that the provider uses)";
        }
        if (factor == 0) {
            return name + "are all zero: is the layer cut off from the loss?";
        }
        return name + rearranged();
    }

    private String rearranged() {
        for (int l = 0; l < layers.size(); l++) {
            LayerSpec other = layers.get(l);
            if (!other.equals(layer)
                    && other.outputs() == layer.outputs()
                    && other.gradientColumns() == layer.gradientColumns()
                    && explain(gradients(captures.get(l)))) {
                return "are another layer's; what was captured as layer " + other.name()
                        + " fits: the names of the two are exchanged, in the captures or in HostModel.weights";
            }
        }
        if (layer.inputs() == layer.outputs() && explain(transposed(gradients(own)))) {
            return "are transposed: HostModel.weights must be [outputs, inputs], or inputs and output gradients are "
                    + "exchanged";
        }
        if (own.stream().allMatch(e -> e.positions() == own.get(0).positions())
                && explain(gradients(positionsFirst()))) {
            return "belong to other examples: rows come position by position; they must come example by example, all "
                    + "positions of the first, then those of the second";
        }
        if (explain(gradients(reversed()))) {
            return "belong to other examples: the batch is captured in reverse order";
        }
        return "are not those of the loss (worst difference " + percent(slopes.error(constant(own.size(), 1)))
                + " of the largest slope): look at which tensor is captured as input (before or after the activation?), at "
                + "the order of rows (example by example) and at dropout";
    }

    private List<double[][]> gradients(List<ExampleCaptures> examples) {
        return examples.stream().map(e -> e.gradient(layer)).toList();
    }

    /** The weights of each gradient transposed, its bias as it is. */
    private static List<double[][]> transposed(List<double[][]> gradients) {
        List<double[][]> transposed = new ArrayList<>();
        for (double[][] gradient : gradients) {
            double[][] other = new double[gradient.length][gradient[0].length];
            for (int o = 0; o < other.length; o++) {
                for (int i = 0; i < other[o].length; i++) {
                    other[o][i] = i < gradient.length ? gradient[i][o] : gradient[o][i];
                }
            }
            transposed.add(other);
        }
        return transposed;
    }

    /** The examples as they are if row r is position r / n of example r % n. */
    private List<ExampleCaptures> positionsFirst() {
        int n = own.size();
        int positions = own.get(0).positions();
        List<ExampleCaptures> regrouped = new ArrayList<>();
        for (int e = 0; e < n; e++) {
            double[][] inputs = new double[positions][];
            double[][] gradients = new double[positions][];
            for (int p = 0; p < positions; p++) {
                int row = p * n + e;
                inputs[p] = own.get(row / positions).inputs()[row % positions];
                gradients[p] = own.get(row / positions).outputGradients()[row % positions];
            }
            regrouped.add(new ExampleCaptures(inputs, gradients, 0));
        }
        return regrouped;
    }

    private List<ExampleCaptures> reversed() {
        List<ExampleCaptures> examples = new ArrayList<>(own);
        Collections.reverse(examples);
        return examples;
    }

    private boolean holds(double[] factors) {
        return slopes.error(factors) <= tolerance;
    }

    private boolean explain(List<double[][]> gradients) {
        return slopes.with(gradients).error(constant(gradients.size(), 1)) <= tolerance;
    }

    static double[] constant(int length, double value) {
        double[] factors = new double[length];
        Arrays.fill(factors, value);
        return factors;
    }

    static String percent(double fraction) {
        return (float) (100 * fraction) + " %";
    }
}
