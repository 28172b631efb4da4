package io.github.influence4j.ekfac.options;

/** Whose labels the gradients of the Fisher matrix are taken with. */
public sealed interface FisherLabels {

    /** The seed that is used where none is given. */
    long DEFAULT_SEED = 20230803L;

    /**
     * Labels drawn from the model's own predictions: the true Fisher, an unbiased estimate of the Gauss-Newton matrix.
     *
     * @param seed names the series of draws
     * @param draws labels drawn for each position; the error of the estimate falls with its square root, the cost rises
     *     with it
     */
    record Sampled(long seed, int draws) implements FisherLabels {
        /**
         * Checks the number of draws.
         *
         * @throws IllegalArgumentException if it is not positive
         */
        public Sampled {
            if (draws < 1) {
                throw new IllegalArgumentException("draws must be positive, found " + draws);
            }
        }
    }

    /**
     * The data set's own labels: the empirical Fisher. It is not the Gauss-Newton matrix (paper, section 2.3, warns of it);
     * offered for comparison, and for hosts that cannot sample.
     */
    record Empirical() implements FisherLabels {}

    /**
     * Returns one draw a position.
     *
     * @param seed names the series of draws
     * @return sampled labels
     */
    static FisherLabels sampled(long seed) {
        return new Sampled(seed, 1);
    }

    /**
     * Returns the data set's own labels.
     *
     * @return the empirical Fisher
     */
    static FisherLabels empirical() {
        return new Empirical();
    }
}
