package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Objective.SampledLabels;
import io.github.influence4j.linalg.internal.Exponential;

/**
 * A loss that is summed over the positions of an example. Its gradient at the model's outputs is what is predicted less the
 * target.
 */
enum Loss {
    /** −log softmax(y)_c; probabilities are predicted, and a target is the number of the class. */
    CROSS_ENTROPY {
        @Override
        int targetWidth(int outputs) {
            return 1;
        }

        @Override
        void predict(float[] values, int rows, int outputs, float[] room) {
            softmax(values, rows, outputs, room);
        }

        @Override
        void subtractTarget(float[] values, int start, int outputs, float[] targets, int target) {
            values[start + (int) targets[target]] -= 1;
        }

        @Override
        void sample(
                SampledLabels labels,
                long id,
                int position,
                float[] values,
                int start,
                int outputs,
                float[] drawn,
                int at) {
            double[] probabilities = new double[outputs];
            for (int c = 0; c < outputs; c++) {
                probabilities[c] = values[start + c];
            }
            drawn[at] = labels.category(id, position, probabilities);
        }
    },

    /** ½ Σ_c (y_c − target_c)², the unit Gaussian; its mean y is predicted. */
    SQUARED_ERROR {
        @Override
        int targetWidth(int outputs) {
            return outputs;
        }

        @Override
        void predict(float[] values, int rows, int outputs, float[] room) {}

        @Override
        void subtractTarget(float[] values, int start, int outputs, float[] targets, int target) {
            for (int c = 0; c < outputs; c++) {
                values[start + c] -= targets[target + c];
            }
        }

        @Override
        void sample(
                SampledLabels labels,
                long id,
                int position,
                float[] values,
                int start,
                int outputs,
                float[] drawn,
                int at) {
            for (int c = 0; c < outputs; c++) {
                drawn[at + c] = (float) (values[start + c] + labels.gaussian(id, position, c));
            }
        }
    };

    /** Numbers that a position's target takes. */
    abstract int targetWidth(int outputs);

    /** Replaces the first rows of outputs, [rows·outputs], by what they predict; {@code room} is for as many numbers. */
    abstract void predict(float[] values, int rows, int outputs, float[] room);

    /** Replaces the prediction at one position by the gradient of the loss in the outputs. */
    abstract void subtractTarget(float[] values, int start, int outputs, float[] targets, int target);

    /** Draws a target from the prediction at one position. */
    abstract void sample(
            SampledLabels labels, long id, int position, float[] values, int start, int outputs, float[] drawn, int at);

    /** All rows at once between their maxima and their sums: exponentials of many numbers are vector instructions. */
    private static void softmax(float[] values, int rows, int outputs, float[] room) {
        for (int start = 0; start < rows * outputs; start += outputs) {
            float largest = Float.NEGATIVE_INFINITY;
            for (int c = start; c < start + outputs; c++) {
                largest = Math.max(largest, values[c]);
            }
            for (int c = start; c < start + outputs; c++) {
                values[c] -= largest;
            }
        }
        Exponential.replace(values, room, rows * outputs);
        for (int start = 0; start < rows * outputs; start += outputs) {
            double sum = 0;
            for (int c = start; c < start + outputs; c++) {
                sum += values[c];
            }
            float scale = (float) (1 / sum);
            for (int c = start; c < start + outputs; c++) {
                values[c] *= scale;
            }
        }
    }
}
