package io.github.influence4j.decoder;

/**
 * How a transformer is trained.
 *
 * <p>The objective of a step is the mean of −log p over the predictions of its batch. The rate rises linearly over the
 * warm-up and then falls to 0 along half a cosine. Weight decay is decoupled from the gradient and applies to everything but
 * the gains and shifts of norms.
 */
public final class DecoderTrainingOptions {

    private final Adam optimizer;
    private final double learningRate;
    private final int warmup;
    private final double weightDecay;
    private final int batchSize;
    private final int steps;
    private final long seed;

    private DecoderTrainingOptions(
            Adam optimizer, double learningRate, int warmup, double weightDecay, int batchSize, int steps, long seed) {
        if (!(learningRate > 0) || learningRate == Double.POSITIVE_INFINITY) {
            throw new IllegalArgumentException("learning rate must be positive and finite, found " + learningRate);
        }
        if (!(weightDecay >= 0) || weightDecay == Double.POSITIVE_INFINITY) {
            throw new IllegalArgumentException("weight decay must be finite and not negative, found " + weightDecay);
        }
        if (batchSize < 1 || steps < 1 || warmup < 0) {
            throw new IllegalArgumentException(
                    "batch size and steps must be positive and the warm-up not negative, found " + batchSize + ", "
                            + steps + " and " + warmup);
        }
        this.optimizer = optimizer;
        this.learningRate = learningRate;
        this.warmup = warmup;
        this.weightDecay = weightDecay;
        this.batchSize = batchSize;
        this.steps = steps;
        this.seed = seed;
    }

    /** Seed where none is given. */
    public static final long DEFAULT_SEED = 1;

    /**
     * Returns Adam with β 0.9 and 0.98, ε 1e-8, rate 0.003 after 100 steps, decay 0.01, 1,500 steps of 64 sequences.
     *
     * @return options to be changed
     */
    public static DecoderTrainingOptions defaults() {
        return new DecoderTrainingOptions(new Adam(0.9, 0.98, 1e-8), 0.003, 100, 0.01, 64, 1500, DEFAULT_SEED);
    }

    /**
     * Returns other options with these numbers of Adam.
     *
     * @param value β and ε
     * @return new options
     */
    public DecoderTrainingOptions withOptimizer(Adam value) {
        return new DecoderTrainingOptions(value, learningRate, warmup, weightDecay, batchSize, steps, seed);
    }

    /**
     * Returns other options with this rate.
     *
     * @param value rate at the end of the warm-up
     * @return new options
     * @throws IllegalArgumentException if it is not positive and finite
     */
    public DecoderTrainingOptions withLearningRate(double value) {
        return new DecoderTrainingOptions(optimizer, value, warmup, weightDecay, batchSize, steps, seed);
    }

    /**
     * Returns other options with this warm-up.
     *
     * @param value steps over which the rate rises
     * @return new options
     * @throws IllegalArgumentException if it is negative
     */
    public DecoderTrainingOptions withWarmup(int value) {
        return new DecoderTrainingOptions(optimizer, learningRate, value, weightDecay, batchSize, steps, seed);
    }

    /**
     * Returns other options with this weight decay.
     *
     * @param value at least 0
     * @return new options
     * @throws IllegalArgumentException if it is negative or not finite
     */
    public DecoderTrainingOptions withWeightDecay(double value) {
        return new DecoderTrainingOptions(optimizer, learningRate, warmup, value, batchSize, steps, seed);
    }

    /**
     * Returns other options with this batch size.
     *
     * @param value sequences of a step
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public DecoderTrainingOptions withBatchSize(int value) {
        return new DecoderTrainingOptions(optimizer, learningRate, warmup, weightDecay, value, steps, seed);
    }

    /**
     * Returns other options with this number of steps.
     *
     * @param value number of steps
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public DecoderTrainingOptions withSteps(int value) {
        return new DecoderTrainingOptions(optimizer, learningRate, warmup, weightDecay, batchSize, value, seed);
    }

    /**
     * Returns other options with this seed.
     *
     * @param value determines the order of the sequences
     * @return new options
     */
    public DecoderTrainingOptions withSeed(long value) {
        return new DecoderTrainingOptions(optimizer, learningRate, warmup, weightDecay, batchSize, steps, value);
    }

    double rate(int step) {
        if (step < warmup) {
            return learningRate * (step + 1) / warmup;
        }
        return learningRate * 0.5 * (1 + Math.cos(Math.PI * (step - warmup) / Math.max(1, steps - warmup)));
    }

    /**
     * Returns Adam's numbers.
     *
     * @return Adam's numbers
     */
    public Adam optimizer() {
        return optimizer;
    }

    /**
     * Returns rate at the end of the warm-up, positive.
     *
     * @return rate at the end of the warm-up, positive
     */
    public double learningRate() {
        return learningRate;
    }

    /**
     * Returns steps over which the rate rises, at least 0.
     *
     * @return steps over which the rate rises, at least 0
     */
    public int warmup() {
        return warmup;
    }

    /**
     * Returns the weight decay.
     *
     * @return weight decay, at least 0
     */
    public double weightDecay() {
        return weightDecay;
    }

    /**
     * Returns sequences of a step.
     *
     * @return sequences of a step
     */
    public int batchSize() {
        return batchSize;
    }

    /**
     * Returns number of steps.
     *
     * @return number of steps
     */
    public int steps() {
        return steps;
    }

    /**
     * Returns the seed.
     *
     * @return what determines the order of the sequences, which is drawn anew whenever all have been seen
     */
    public long seed() {
        return seed;
    }

    @Override
    public String toString() {
        return "DecoderTrainingOptions[optimizer=" + optimizer + ", learningRate=" + learningRate + ", warmup=" + warmup
                + ", weightDecay=" + weightDecay + ", batchSize=" + batchSize + ", steps=" + steps + ", seed=" + seed
                + "]";
    }
}
