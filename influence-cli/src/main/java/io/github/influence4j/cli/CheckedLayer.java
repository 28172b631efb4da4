package io.github.influence4j.cli;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.store.captures.CaptureObjective;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** What the captures of one layer look like, added up example by example. */
final class CheckedLayer {

    private final LayerSpec layer;
    private final SoftmaxHead head;
    private OptionalLong notFinite = OptionalLong.empty();
    private double activationSquares;
    private double gradientSquares;
    private long rows;
    private double largest;
    private long largestExample;
    private boolean repeated = true;
    private int examples;
    private long someExample;
    private double[] usesSquares = {};

    CheckedLayer(LayerSpec layer) {
        this.layer = layer;
        this.head = new SoftmaxHead(layer.name());
    }

    String name() {
        return layer.name();
    }

    /**
     * Adds an example of a shard of n.
     *
     * @return Σ g²
     */
    double add(long id, int n, int uses, double[] a, double[] g, boolean[] real) {
        int t = real.length;
        if (usesSquares.length != uses) {
            usesSquares = Arrays.copyOf(usesSquares, uses);
        }
        double squares = 0;
        for (int p = 0; p < t; p++) {
            if (!real[p]) {
                continue;
            }
            double inputs = squares(a, p, layer.inputs());
            double outputs = squares(g, p, layer.outputs());
            if (!Double.isFinite(inputs + outputs) && notFinite.isEmpty()) {
                notFinite = OptionalLong.of(id);
            }
            activationSquares += inputs;
            squares += outputs;
            usesSquares[p * uses / t] += outputs;
            rows++;
            head.add(id, n, g, p * layer.outputs(), layer.outputs());
        }
        gradientSquares += squares;
        if (squares > largest) {
            largest = squares;
            largestExample = id;
        }
        int half = a.length / 2;
        repeated &= t % 2 == 0 && Arrays.equals(a, 0, half, a, half, a.length);
        examples++;
        someExample = id;
        return squares;
    }

    private static double squares(double[] values, int row, int width) {
        double sum = 0;
        for (int k = row * width; k < (row + 1) * width; k++) {
            sum += values[k] * values[k];
        }
        return sum;
    }

    /** √(mean g²), 0 where there is none. */
    double gradientSize() {
        return rows == 0 ? 0 : Math.sqrt(gradientSquares / rows / layer.outputs());
    }

    long largestExample() {
        return largestExample;
    }

    List<Finding> findings(CaptureObjective objective) {
        List<Finding> findings = new ArrayList<>();
        if (notFinite.isPresent()) {
            findings.add(Finding.of(
                    "not finite",
                    name(),
                    notFinite.getAsLong(),
                    "holds NaN, an infinite number, or numbers whose squares overflow",
                    "run this example alone, in float32"));
            return findings;
        }
        if (rows == 0) {
            findings.add(Finding.of("dead layer", name(), "has no real position", "look at its mask"));
            return findings;
        }
        if (gradientSquares == 0) {
            findings.add(
                    Finding.of(
                            "dead layer",
                            name(),
                            someExample,
                            "all its gradients are 0",
                            "is it cut off from the loss, never active, or the first of an adapter whose second is 0? leave it out"));
        } else if (activationSquares == 0) {
            findings.add(
                    Finding.of("dead layer", name(), someExample, "all its inputs are 0", "look at what feeds it"));
        }
        for (int use = 0; gradientSquares > 0 && use < usesSquares.length; use++) {
            if (usesSquares[use] == 0) {
                findings.add(Finding.of(
                        "use not seen",
                        name(),
                        someExample,
                        "no gradient comes from use " + (use + 1) + " of " + usesSquares.length,
                        "declare the uses that the model runs, and write the gradients of each"));
            }
        }
        if (repeated && examples > 1 && activationSquares > 0) {
            findings.add(Finding.of(
                    "counted twice",
                    name(),
                    someExample,
                    "the second half of its positions has the inputs of the first, in every example",
                    "record a layer once: checkpointing and a second forward pass run it again"));
        }
        Optional<Finding> labels = head.finding(objective);
        labels.ifPresent(findings::add);
        return findings;
    }
}
