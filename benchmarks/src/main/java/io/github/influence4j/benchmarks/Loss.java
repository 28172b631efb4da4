package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Objective.SampledLabels;

/** A loss that is summed over the positions of an example, with its gradient at the model's outputs. */
enum Loss {
    /** −log softmax(y)_c; a target is the number of the class. */
    CROSS_ENTROPY {
        @Override
        int targetWidth(int outputs) {
            return 1;
        }

        @Override
        void gradient(float[] values, int start, int outputs, float[] targets, int target) {
            softmax(values, start, outputs);
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
            softmax(values, start, outputs);
            double[] probabilities = new double[outputs];
            for (int c = 0; c < outputs; c++) {
                probabilities[c] = values[start + c];
            }
            drawn[at] = labels.category(id, position, probabilities);
        }
    },

    /** ½ Σ_c (y_c − target_c)², the unit Gaussian. */
    SQUARED_ERROR {
        @Override
        int targetWidth(int outputs) {
            return outputs;
        }

        @Override
        void gradient(float[] values, int start, int outputs, float[] targets, int target) {
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

    /** Replaces the outputs of one position by the gradient of the loss at them. */
    abstract void gradient(float[] values, int start, int outputs, float[] targets, int target);

    /** Draws a target from the prediction at one position; the outputs are overwritten. */
    abstract void sample(
            SampledLabels labels, long id, int position, float[] values, int start, int outputs, float[] drawn, int at);

    private static void softmax(float[] values, int start, int outputs) {
        float largest = Float.NEGATIVE_INFINITY;
        for (int c = start; c < start + outputs; c++) {
            largest = Math.max(largest, values[c]);
        }
        double sum = 0;
        for (int c = start; c < start + outputs; c++) {
            double e = Math.exp(values[c] - largest);
            values[c] = (float) e;
            sum += e;
        }
        float scale = (float) (1 / sum);
        for (int c = start; c < start + outputs; c++) {
            values[c] *= scale;
        }
    }
}
