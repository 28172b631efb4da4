package io.github.influence4j.api;

import java.util.Arrays;

/**
 * What a model is trained to make small, as a function of its outputs ŷ and the target at one position; it fixes which labels
 * are drawn and the Bregman divergence.
 *
 * <p>H stands for the Hessian of the loss in the outputs. Everything is computed in float64. Hosts whose loss is one of these
 * need {@link #outputGradient} only.
 */
public enum Loss {
    /**
     * Half the squared distance, ½‖ŷ − y‖², summed over the outputs. H = I, and a sampled label is the output less a
     * standard normal vector, so that the gradient is that vector.
     */
    SQUARED_ERROR {
        @Override
        public double value(double[] outputs, double[] target) {
            double sum = 0;
            for (int c = 0; c < outputs.length; c++) {
                double difference = outputs[c] - target[c];
                sum += difference * difference;
            }
            return 0.5 * sum;
        }

        @Override
        public void gradient(double[] outputs, double[] target, double[] result) {
            for (int c = 0; c < outputs.length; c++) {
                result[c] = outputs[c] - target[c];
            }
        }

        @Override
        public void sampledGradient(
                double[] outputs, Objective.SampledLabels labels, long id, int position, double[] result) {
            for (int c = 0; c < outputs.length; c++) {
                result[c] = labels.gaussian(id, position, c);
            }
        }

        @Override
        public void hessianProduct(double[] outputs, double[] vector, double[] result) {
            System.arraycopy(vector, 0, result, 0, vector.length);
        }

        @Override
        public void hessianRoot(double[] outputs, int column, double[] result) {
            for (int c = 0; c < outputs.length; c++) {
                result[c] = c == column ? 1 : 0;
            }
        }

        @Override
        public void predict(double[] outputs, double[] result) {
            System.arraycopy(outputs, 0, result, 0, outputs.length);
        }

        @Override
        public void checkTarget(double[] target, long id, int outputs) {
            if (target.length != outputs) {
                throw new IllegalArgumentException(
                        "example " + id + ": expected " + outputs + " targets, found " + target.length);
            }
            for (int c = 0; c < outputs; c++) {
                if (!Double.isFinite(target[c])) {
                    throw new NumericalException("example " + id + ": target " + c + " is " + target[c]);
                }
            }
        }
    },

    /**
     * Minus the log-probability of the example's class, −log p_y with p = softmax(ŷ). H = diag(p) − ppᵀ, and a sampled
     * label is a draw from p.
     */
    SOFTMAX_CROSS_ENTROPY {
        @Override
        public double value(double[] outputs, double[] target) {
            double max = max(outputs);
            double sum = 0;
            for (double output : outputs) {
                sum += Math.exp(output - max);
            }
            return Math.log(sum) + max - outputs[(int) target[0]];
        }

        @Override
        public void gradient(double[] outputs, double[] target, double[] result) {
            predict(outputs, result);
            subtractOne(result, (int) target[0]);
        }

        @Override
        public void sampledGradient(
                double[] outputs, Objective.SampledLabels labels, long id, int position, double[] result) {
            predict(outputs, result);
            subtractOne(result, labels.category(id, position, result));
        }

        @Override
        public void hessianProduct(double[] outputs, double[] vector, double[] result) {
            predict(outputs, result);
            // H 1 = 0, and the likeliest class, of which p - p² has no digits left near 1, is better off with v = 0
            double likeliest = vector[largest(outputs)];
            double mean = 0;
            for (int c = 0; c < outputs.length; c++) {
                mean += result[c] * (vector[c] - likeliest);
            }
            for (int c = 0; c < outputs.length; c++) {
                result[c] *= vector[c] - likeliest - mean;
            }
        }

        @Override
        public void hessianRoot(double[] outputs, int column, double[] result) {
            predict(outputs, result);
            double root = Math.sqrt(result[column]);
            subtractOne(result, column);
            for (int c = 0; c < outputs.length; c++) {
                result[c] *= -root;
            }
        }

        @Override
        public void predict(double[] outputs, double[] result) {
            double max = max(outputs);
            double sum = 0;
            for (int c = 0; c < outputs.length; c++) {
                result[c] = Math.exp(outputs[c] - max);
                sum += result[c];
            }
            for (int c = 0; c < outputs.length; c++) {
                result[c] /= sum;
            }
        }

        @Override
        public void checkTarget(double[] target, long id, int outputs) {
            if (target.length != 1) {
                throw new IllegalArgumentException("example " + id
                        + ": expected the index of a class, found a target of " + target.length + " numbers");
            }
            if (!(target[0] >= 0 && target[0] < outputs) || target[0] != Math.rint(target[0])) {
                throw new IllegalArgumentException(
                        "example " + id + ": label must be one of 0.." + (outputs - 1) + ", found " + target[0]);
            }
        }
    };

    /**
     * Computes the gradient of an objective in the outputs of one position: that of the loss for {@link
     * Objective.TrainingLoss} and {@link Objective.Measurement}, with a drawn label for {@link Objective.SampledLabels}, and a
     * column of R for {@link Objective.OutputHessianRoot}, whose columns are counted position by position.
     *
     * @param objective what to take the gradient of
     * @param outputs o outputs of the last layer (before a softmax)
     * @param target the class as one number, or the values; not looked at where the objective needs no label
     * @param id the example's id
     * @param position the position in the example
     * @param result takes o numbers
     * @throws IllegalArgumentException if the target does not fit
     * @throws NumericalException if a value of the target is NaN or infinite
     * @throws UnsupportedOperationException if the objective is none of these
     */
    public final void outputGradient(
            Objective objective, double[] outputs, double[] target, long id, int position, double[] result) {
        if (objective instanceof Objective.SampledLabels labels) {
            sampledGradient(outputs, labels, id, position, result);
        } else if (objective instanceof Objective.OutputHessianRoot root) {
            if (root.column() / outputs.length == position) {
                hessianRoot(outputs, root.column() % outputs.length, result);
            } else {
                Arrays.fill(result, 0, outputs.length, 0);
            }
        } else if (objective instanceof Objective.TrainingLoss || objective instanceof Objective.Measurement) {
            checkTarget(target, id, outputs.length);
            gradient(outputs, target, result);
        } else {
            throw new UnsupportedOperationException("no gradient of " + objective);
        }
    }

    /**
     * Computes the loss at one position.
     *
     * @param outputs the outputs of the last layer
     * @param target the class as one number, or the values
     * @return the loss
     */
    public abstract double value(double[] outputs, double[] target);

    /**
     * Computes the gradient in the outputs.
     *
     * @param outputs the outputs of the last layer
     * @param target the class as one number, or the values
     * @param result takes the gradient
     */
    public abstract void gradient(double[] outputs, double[] target, double[] result);

    /**
     * Computes the gradient in the outputs with a label drawn from the model's own prediction.
     *
     * @param outputs the outputs of the last layer
     * @param labels draws
     * @param id the example's id
     * @param position the position in the example
     * @param result takes the gradient
     */
    public abstract void sampledGradient(
            double[] outputs, Objective.SampledLabels labels, long id, int position, double[] result);

    /**
     * Computes H v.
     *
     * @param outputs the outputs of the last layer
     * @param vector v
     * @param result takes the product; not {@code vector} itself
     */
    public abstract void hessianProduct(double[] outputs, double[] vector, double[] result);

    /**
     * Computes a column of R, R Rᵀ = H.
     *
     * @param outputs the outputs of the last layer
     * @param column which column, less than the number of outputs
     * @param result takes the column
     */
    public abstract void hessianRoot(double[] outputs, int column, double[] result);

    /**
     * Computes what is predicted: class probabilities, or the outputs themselves.
     *
     * @param outputs the outputs of the last layer
     * @param result takes the prediction
     */
    public abstract void predict(double[] outputs, double[] result);

    /**
     * Checks that a target fits.
     *
     * @param target the class as one number, or the values
     * @param id the example's id
     * @param outputs number of outputs
     * @throws IllegalArgumentException if it has another length, or is not the index of a class where it should be
     * @throws NumericalException if it is NaN or infinite
     */
    public abstract void checkTarget(double[] target, long id, int outputs);

    /** p_c − 1 as minus the other probabilities: their difference has no digits left where p_c is nearly 1. */
    private static void subtractOne(double[] probabilities, int index) {
        double others = 0;
        for (int c = 0; c < probabilities.length; c++) {
            others += c == index ? 0 : probabilities[c];
        }
        probabilities[index] = -others;
    }

    private static int largest(double[] values) {
        int largest = 0;
        for (int c = 1; c < values.length; c++) {
            largest = values[c] > values[largest] ? c : largest;
        }
        return largest;
    }

    private static double max(double[] values) {
        double max = values[0];
        for (double value : values) {
            max = Math.max(max, value);
        }
        return max;
    }
}
