package io.github.influence4j.decoder;

import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Objective;

/**
 * The gradients of objectives at the logits, row by row; rows that do not count give zero.
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
        return (example, row, logits, start) -> {
            requireFinite(example, row, logits, start);
            double weight = rows.weight(row);
            if (weight == 0) {
                kernels.fill(logits, start, start + vocabulary, 0);
            } else if (objective instanceof Objective.SampledLabels labels) {
                sampled(labels, example, row, logits, start);
            } else if (objective instanceof Objective.OutputHessianRoot root) {
                root(root.column(), row - rows.start(example), logits, start);
            } else if (objective instanceof Objective.TrainingLoss || objective instanceof Objective.Measurement) {
                return weight * kernels.crossEntropy(vocabulary, rows.target(row), weight, logits, start);
            } else {
                throw new UnsupportedOperationException("no gradient of " + objective);
            }
            return 0;
        };
    }

    /** Leaves the logits as they are and stores each row's −log p of its target, negative in a contrast. */
    RowLoss<A> losses(double[] results) {
        return (example, row, logits, start) -> {
            double weight = rows.weight(row);
            results[row] = weight == 0 ? 0 : weight * kernels.loss(vocabulary, rows.target(row), logits, start);
            return results[row];
        };
    }

    /** The losses, and the gradient of their mean over so many rows. */
    RowLoss<A> mean(int of) {
        return (example, row, logits, start) -> {
            double weight = rows.weight(row);
            if (weight == 0) {
                kernels.fill(logits, start, start + vocabulary, 0);
                return 0;
            }
            return weight * kernels.crossEntropy(vocabulary, rows.target(row), weight / of, logits, start);
        };
    }

    private void sampled(Objective.SampledLabels labels, int example, int row, A logits, int start) {
        double[] p = probabilities(logits, start);
        int label = labels.category(rows.id(example), row - rows.start(example), p);
        for (int c = 0; c < vocabulary; c++) {
            kernels.set(logits, start + c, c == label ? p[c] - 1 : p[c]);
        }
    }

    private void root(int column, int position, A logits, int start) {
        if (column / vocabulary != position) {
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

    void requireFinite(int example, int row, A logits, int start) {
        int bad = kernels.firstNotFinite(logits, start, vocabulary);
        if (bad >= 0) {
            throw new NumericalException("example " + rows.id(example) + ", position " + rows.position(row)
                    + ": the logit of token " + bad + " is " + kernels.get(logits, start + bad));
        }
    }
}
