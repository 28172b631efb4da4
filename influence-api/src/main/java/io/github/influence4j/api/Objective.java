package io.github.influence4j.api;

/**
 * What a capture is the gradient of.
 *
 * <p>Always something to be <em>lowered</em>, always <b>summed</b> (never averaged) over the positions of an example, and
 * never scaled by the size of the batch.
 */
public sealed interface Objective {

    /** The training loss with the example's own label. */
    record TrainingLoss() implements Objective {}

    /**
     * What a query is about: a loss or −log p of a completion. A host without a measurement of its own uses its training
     * loss.
     */
    record Measurement() implements Objective {}

    /**
     * The training loss with labels drawn from the model's own predictions (for softmax cross-entropy the output gradient
     * is p − e_ŷ with ŷ ~ p, for squared error ½‖ŷ−y‖² it is a standard normal vector).
     *
     * <p>The Gauss-Newton matrix is the mean of the squared gradients of this objective. Draws are <b>counter-based</b>:
     * a label depends on the seed, the draw, the example's id and the position only, so that results do not depend on batch
     * size, order, partition or thread. Draws of the same and of other seeds are independent of each other.
     *
     * @param seed names a series of draws
     * @param draw which draw of the series, from 0 on
     */
    record SampledLabels(long seed, int draw) implements Objective {

        /**
         * Checks the draw.
         *
         * @throws IllegalArgumentException if it is negative
         */
        public SampledLabels {
            if (draw < 0) {
                throw new IllegalArgumentException("draws of labels are numbered from 0 on, found " + draw);
            }
        }

        /**
         * The first draw of a series.
         *
         * @param seed names the series
         */
        public SampledLabels(long seed) {
            this(seed, 0);
        }

        /**
         * Draws a number that is uniform on the open interval (0, 1).
         *
         * @param exampleId id of the example
         * @param position position in the example
         * @param number which number at this position
         * @return one of 2⁵² equally spaced numbers
         */
        public double uniform(long exampleId, int position, int number) {
            return CounterRandom.uniform(Seeds.derived(seed, draw), exampleId, position, number);
        }

        /**
         * Draws a class by inverting the cumulative distribution in float64.
         *
         * @param exampleId id of the example
         * @param position position in the example
         * @param probabilities non-negative weights; they need not sum to 1 exactly
         * @return index of the drawn class
         * @throws IllegalArgumentException if a weight is negative or the weights do not sum to a positive finite number
         */
        public int category(long exampleId, int position, double[] probabilities) {
            double total = 0;
            for (int c = 0; c < probabilities.length; c++) {
                if (!(probabilities[c] >= 0)) {
                    throw new IllegalArgumentException(
                            "example " + exampleId + ": probability of class " + c + " is " + probabilities[c]);
                }
                total += probabilities[c];
            }
            if (!(total > 0) || total == Double.POSITIVE_INFINITY) {
                throw new IllegalArgumentException("example " + exampleId + ": probabilities sum to " + total);
            }
            double target = uniform(exampleId, position, 0) * total;
            double cumulated = 0;
            int last = 0;
            for (int c = 0; c < probabilities.length; c++) {
                cumulated += probabilities[c];
                if (probabilities[c] > 0) {
                    last = c;
                    if (target < cumulated) {
                        return c;
                    }
                }
            }
            return last;
        }

        /**
         * Draws a standard normal number (Box-Muller, strict arithmetic).
         *
         * @param exampleId id of the example
         * @param position position in the example
         * @param output index of the output
         * @return a draw from N(0, 1)
         */
        public double gaussian(long exampleId, int position, int output) {
            double radius = StrictMath.sqrt(-2 * StrictMath.log(uniform(exampleId, position, 2 * output)));
            return radius * StrictMath.cos(2 * Math.PI * uniform(exampleId, position, 2 * output + 1));
        }
    }

    /**
     * Column {@code column} of a square root R of the loss's Hessian in the model's outputs, R Rᵀ = H: the capture is of
     * Σ outputs · R[:, column] with R held constant.
     *
     * <p>The captures of all columns give the Gauss-Newton matrix without sampling, G = (1/N) Σ_z Σ_k g_zk g_zkᵀ. For
     * softmax cross-entropy column k of one position is √p_k (e_k − p); for squared error ½‖ŷ−y‖² it is e_k.
     *
     * @param column from 0 to {@link OutputHessianRoots#outputHessianColumns()} − 1
     */
    record OutputHessianRoot(int column) implements Objective {
        /**
         * Checks the column.
         *
         * @throws IllegalArgumentException if the column is negative
         */
        public OutputHessianRoot {
            if (column < 0) {
                throw new IllegalArgumentException("column of the output Hessian's root is " + column);
            }
        }
    }
}
