package io.github.influence4j.cli;

import io.github.influence4j.store.captures.CaptureObjective;
import java.util.Optional;

/**
 * Labels and probabilities, as the gradients of a layer of logits show them: g = p − e_y for cross-entropy, so that the label y is
 * the one output with a negative gradient, p_y = 1 + g_y, and the other probabilities are the gradients themselves.
 *
 * <p>Where labels are drawn from p, Σ(−ln p_y − H(p)) has mean 0 and variance Σ Var(ln p).
 */
final class SoftmaxHead {

    /** Of a sum of gradients, relative to their size: rounding of bfloat16 over many outputs. */
    private static final double ROUNDING = 0x1p-6;

    /** Standard errors, which chance exceeds in fewer than one of a hundred million sets. */
    private static final double STANDARD_ERRORS = 6;

    /** Of Σ Var(ln p), so that the sum is nearly normal. */
    private static final double LEAST_VARIANCE = 20;

    private final String layer;
    private boolean possible = true;
    private double surprise;
    private double variance;
    private double largest;
    private long largestExample;
    private int examplesAtLargest;
    private long rows;

    SoftmaxHead(String layer) {
        this.layer = layer;
    }

    /** Adds the gradients of one position of an example, in a shard of n. */
    void add(long id, int n, double[] g, int from, int outputs) {
        if (!possible) {
            return;
        }
        int label = -1;
        double sum = 0;
        double size = 0;
        for (int o = 0; o < outputs; o++) {
            double value = g[from + o];
            sum += value;
            size += Math.abs(value);
            if (value < 0) {
                possible &= label < 0;
                label = o;
            }
        }
        if (size == 0) {
            return;
        }
        possible &= label >= 0 && Math.abs(sum) <= ROUNDING * size && g[from + label] >= -1 - ROUNDING;
        if (!possible) {
            return;
        }
        rows++;
        double ofLabel = -g[from + label];
        if (ofLabel * n > largest) {
            largest = ofLabel * n;
            largestExample = id;
            examplesAtLargest = n;
        }
        double entropy = 0;
        double squares = 0;
        for (int o = 0; o < outputs; o++) {
            double p = o == label ? 1 - ofLabel : g[from + o];
            if (p > 0) {
                entropy -= p * Math.log(p);
                squares += p * Math.log(p) * Math.log(p);
            }
        }
        surprise += -Math.log(Math.max(1 - ofLabel, Double.MIN_NORMAL)) - entropy;
        variance += squares - entropy * entropy;
    }

    Optional<Finding> finding(CaptureObjective objective) {
        if (!possible || rows == 0) {
            return Optional.empty();
        }
        // of a loss that is summed, the largest is near 1 before division by n unless all labels are all but certain
        boolean averaged = examplesAtLargest >= 4 && rows >= 4L * examplesAtLargest && largest <= 1 + ROUNDING;
        if (averaged && largest >= 0.5) {
            return Optional.of(Finding.of(
                    "averaged loss",
                    layer,
                    largestExample,
                    "no gradient of a logit exceeds 1/n in a shard of n = " + examplesAtLargest
                            + " examples, as if the loss were averaged over them",
                    "add up the loss of each example, and do not divide by the batch's size"));
        }
        double z = surprise / Math.sqrt(variance);
        if (objective == CaptureObjective.SAMPLED && variance >= LEAST_VARIANCE && Math.abs(z) > STANDARD_ERRORS) {
            return Optional.of(
                    Finding.of(
                            "labels not sampled",
                            layer,
                            "its labels are " + (z < 0 ? "more" : "less")
                                    + " probable than labels that are drawn from the model's own" + " predictions, by "
                                    + TensorSummary.number(Math.abs(z)) + " standard errors",
                            "draw the labels of sampled captures from the model's predictions, at every position that has one"));
        }
        return Optional.empty();
    }
}
