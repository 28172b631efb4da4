package io.github.influence4j.testkit;

import io.github.influence4j.api.LayerSpec;
import java.util.Arrays;
import java.util.List;

/** Finds the usual reason why captured gradients differ from the slopes of the loss, in words that name the remedy. */
final class ScaleDiagnosis {

    private ScaleDiagnosis() {}

    /** Returns a sentence about what is wrong with the gradients of a layer's weights. */
    static String of(LayerSpec layer, LossSlopes slopes, List<ExampleCaptures> captures, double tolerance) {
        String name = "layer " + layer.name() + ": gradients ";
        int n = captures.size();
        double[] positions =
                captures.stream().mapToDouble(ExampleCaptures::positions).toArray();
        double longest = Arrays.stream(positions).max().orElse(1);
        if (holds(slopes, constant(n, n), tolerance)) {
            return name + "look averaged over the batch of " + n
                    + ": sum the loss over examples, or multiply the gradients by " + n;
        }
        if (longest > 1 && holds(slopes, positions, tolerance)) {
            return name
                    + "look averaged over the positions of each example: sum the loss over positions, or multiply the "
                    + "gradients by the number of real positions";
        }
        if (longest > 1 && holds(slopes, constant(n, longest), tolerance)) {
            return name + "look averaged over all " + (int) longest
                    + " positions of the batch, padding included: sum the " + "loss over positions";
        }
        double total = Arrays.stream(positions).sum();
        if (longest > 1 && holds(slopes, constant(n, total), tolerance)) {
            return name + "look averaged over the " + (int) total + " positions of the batch: sum the loss instead, or "
                    + "multiply the gradients by " + (int) total;
        }
        if (holds(slopes, constant(n, -1), tolerance)) {
            return name + "have the wrong sign: they are of the log-probability, not of the loss; multiply by -1";
        }
        double factor = slopes.bestFactor();
        if (factor != 0 && holds(slopes, constant(n, factor), tolerance)) {
            return name + "are those of the loss but for a factor: divide by " + (float) (1 / factor)
                    + " (or give HostModel.losses the scale that the provider uses)";
        }
        if (factor == 0) {
            return name + "are all zero: is the layer cut off from the loss?";
        }
        return name + "are not those of the loss (worst difference " + percent(slopes.error(constant(n, 1)))
                + " of the largest slope): look at which tensor is captured as input (before or after the activation?), at "
                + "the order of rows (example by example) and at dropout";
    }

    private static boolean holds(LossSlopes slopes, double[] factors, double tolerance) {
        return slopes.error(factors) <= tolerance;
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
