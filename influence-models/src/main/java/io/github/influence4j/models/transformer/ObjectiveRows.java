package io.github.influence4j.models.transformer;

import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Objective;

/**
 * The gradients of objectives at the logits, row by row.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class ObjectiveRows<A> {

    private final RowKernels<A> kernels;
    private final int vocabulary;
    private final SequenceRows rows;

    ObjectiveRows(RowKernels<A> kernels, int vocabulary, SequenceRows rows) {
        this.kernels = kernels;
        this.vocabulary = vocabulary;
        this.rows = rows;
    }

    /** The gradient of an objective; refuses logits that are not finite. */
    RowLoss<A> gradient(Objective objective) {
        return (sequence, row, logits, start) -> {
            requireFinite(sequence, row, logits, start);
            if (objective instanceof Objective.SampledLabels labels) {
                sampled(labels, sequence, row, logits, start);
            } else if (objective instanceof Objective.OutputHessianRoot root) {
                root(root.column(), row, logits, start);
            } else if (objective instanceof Objective.Measurement && !rows.completes(sequence, row)) {
                kernels.fill(logits, start, start + vocabulary, 0);
            } else if (objective instanceof Objective.TrainingLoss || objective instanceof Objective.Measurement) {
                return kernels.crossEntropy(vocabulary, rows.target(row), 1, logits, start);
            } else {
                throw new UnsupportedOperationException("no gradient of " + objective);
            }
            return 0;
        };
    }

    /** Leaves the logits as they are and stores each row's −log p of its target. */
    RowLoss<A> losses(double[] results) {
        return (sequence, row, logits, start) -> {
            results[row] = kernels.loss(vocabulary, rows.target(row), logits, start);
            return results[row];
        };
    }

    /** The losses, and the gradient of their mean over so many rows. */
    RowLoss<A> mean(int of) {
        double factor = 1.0 / of;
        return (sequence, row, logits, start) ->
                kernels.crossEntropy(vocabulary, rows.target(row), factor, logits, start);
    }

    private void sampled(Objective.SampledLabels labels, int sequence, int row, A logits, int start) {
        double[] p = probabilities(logits, start);
        int label = labels.category(rows.id(sequence), rows.position(row), p);
        for (int c = 0; c < vocabulary; c++) {
            kernels.set(logits, start + c, c == label ? p[c] - 1 : p[c]);
        }
    }

    private void root(int column, int row, A logits, int start) {
        if (column / vocabulary != rows.position(row)) {
            kernels.fill(logits, start, start + vocabulary, 0);
            return;
        }
        int k = column % vocabulary;
        double[] p = probabilities(logits, start);
        double factor = Math.sqrt(p[k]);
        for (int c = 0; c < vocabulary; c++) {
            kernels.set(logits, start + c, factor * ((c == k ? 1 : 0) - p[c]));
        }
    }

    /** In float64, whatever the precision of the logits. */
    private double[] probabilities(A logits, int start) {
        double[] p = new double[vocabulary];
        double max = Double.NEGATIVE_INFINITY;
        for (int c = 0; c < vocabulary; c++) {
            p[c] = kernels.get(logits, start + c);
            max = Math.max(max, p[c]);
        }
        double sum = 0;
        for (int c = 0; c < vocabulary; c++) {
            p[c] = Math.exp(p[c] - max);
            sum += p[c];
        }
        for (int c = 0; c < vocabulary; c++) {
            p[c] /= sum;
        }
        return p;
    }

    void requireFinite(int sequence, int row, A logits, int start) {
        int bad = kernels.firstNotFinite(logits, start, vocabulary);
        if (bad >= 0) {
            throw new NumericalException("example " + rows.id(sequence) + ", position " + rows.position(row)
                    + ": the logit of token " + bad + " is " + kernels.get(logits, start + bad));
        }
    }
}
