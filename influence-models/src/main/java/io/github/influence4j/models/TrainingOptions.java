package io.github.influence4j.models;

/**
 * How a network is trained.
 *
 * <p>The objective of a step is the <em>mean</em> loss of its batch. Weight decay applies to biases too; with SGD it is the
 * gradient of decay/2 · ‖w‖², with Adam it is decoupled from the gradient.
 */
public final class TrainingOptions {

    private final Optimizer optimizer;
    private final double learningRate;
    private final Schedule schedule;
    private final double weightDecay;
    private final int batchSize;
    private final int epochs;
    private final long seed;

    private TrainingOptions(
            Optimizer optimizer,
            double learningRate,
            Schedule schedule,
            double weightDecay,
            int batchSize,
            int epochs,
            long seed) {
        if (!(learningRate > 0) || learningRate == Double.POSITIVE_INFINITY) {
            throw new IllegalArgumentException("learning rate must be positive and finite, found " + learningRate);
        }
        if (!(weightDecay >= 0) || weightDecay == Double.POSITIVE_INFINITY) {
            throw new IllegalArgumentException("weight decay must be finite and not negative, found " + weightDecay);
        }
        if (batchSize < 1 || epochs < 1) {
            throw new IllegalArgumentException(
                    "batch size and epochs must be positive, found " + batchSize + " and " + epochs);
        }
        this.optimizer = optimizer;
        this.learningRate = learningRate;
        this.schedule = schedule;
        this.weightDecay = weightDecay;
        this.batchSize = batchSize;
        this.epochs = epochs;
        this.seed = seed;
    }

    /** How the learning rate changes from step to step. */
    public enum Schedule {
        /** It stays. */
        CONSTANT,
        /** It falls to 0 along half a cosine, rate · ½(1 + cos(π · step / steps)) (Loshchilov and Hutter 2017). */
        COSINE
    }

    /** Seed where none is given. */
    public static final long DEFAULT_SEED = 1;

    /**
     * Returns SGD with momentum 0.9, rate 0.05 on a cosine, no weight decay, 30 epochs in batches of 32.
     *
     * @return options to be changed
     */
    public static TrainingOptions sgd() {
        return new TrainingOptions(new Optimizer.Sgd(0.9), 0.05, Schedule.COSINE, 0, 32, 30, DEFAULT_SEED);
    }

    /**
     * Returns Adam with β 0.9 and 0.999, ε 1e-8, rate 0.003 on a cosine, no weight decay, 30 epochs in batches of 32.
     *
     * @return options to be changed
     */
    public static TrainingOptions adam() {
        return new TrainingOptions(
                new Optimizer.Adam(0.9, 0.999, 1e-8), 0.003, Schedule.COSINE, 0, 32, 30, DEFAULT_SEED);
    }

    /**
     * Returns other options with this rule of a step.
     *
     * @param value the rule
     * @return new options
     */
    public TrainingOptions withOptimizer(Optimizer value) {
        return new TrainingOptions(value, learningRate, schedule, weightDecay, batchSize, epochs, seed);
    }

    /**
     * Returns other options with this rate.
     *
     * @param value rate of the first step
     * @return new options
     * @throws IllegalArgumentException if it is not positive and finite
     */
    public TrainingOptions withLearningRate(double value) {
        return new TrainingOptions(optimizer, value, schedule, weightDecay, batchSize, epochs, seed);
    }

    /**
     * Returns other options with this schedule.
     *
     * @param value how the rate goes on
     * @return new options
     */
    public TrainingOptions withSchedule(Schedule value) {
        return new TrainingOptions(optimizer, learningRate, value, weightDecay, batchSize, epochs, seed);
    }

    /**
     * Returns other options with this weight decay.
     *
     * @param value at least 0
     * @return new options
     * @throws IllegalArgumentException if it is negative or not finite
     */
    public TrainingOptions withWeightDecay(double value) {
        return new TrainingOptions(optimizer, learningRate, schedule, value, batchSize, epochs, seed);
    }

    /**
     * Returns other options with this batch size.
     *
     * @param value examples of a step
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public TrainingOptions withBatchSize(int value) {
        return new TrainingOptions(optimizer, learningRate, schedule, weightDecay, value, epochs, seed);
    }

    /**
     * Returns other options with this number of epochs.
     *
     * @param value how often every example is seen
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public TrainingOptions withEpochs(int value) {
        return new TrainingOptions(optimizer, learningRate, schedule, weightDecay, batchSize, value, seed);
    }

    /**
     * Returns other options with this seed.
     *
     * @param value determines the order of the examples
     * @return new options
     */
    public TrainingOptions withSeed(long value) {
        return new TrainingOptions(optimizer, learningRate, schedule, weightDecay, batchSize, epochs, value);
    }

    double rate(long step, long steps) {
        return schedule == Schedule.CONSTANT
                ? learningRate
                : learningRate * 0.5 * (1 + Math.cos(Math.PI * step / steps));
    }

    /**
     * Returns the rule of a step.
     *
     * @return the rule of a step
     */
    public Optimizer optimizer() {
        return optimizer;
    }

    /**
     * Returns rate of the first step, positive.
     *
     * @return rate of the first step, positive
     */
    public double learningRate() {
        return learningRate;
    }

    /**
     * Returns how the rate goes on.
     *
     * @return how the rate goes on
     */
    public Schedule schedule() {
        return schedule;
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
     * Returns examples of a step; the last batch of an epoch may hold fewer.
     *
     * @return examples of a step; the last batch of an epoch may hold fewer
     */
    public int batchSize() {
        return batchSize;
    }

    /**
     * Returns how often every example is seen.
     *
     * @return how often every example is seen
     */
    public int epochs() {
        return epochs;
    }

    /**
     * Returns the seed.
     *
     * @return what determines the order of the examples, which is drawn anew in every epoch
     */
    public long seed() {
        return seed;
    }

    @Override
    public String toString() {
        return "TrainingOptions[optimizer=" + optimizer + ", learningRate=" + learningRate + ", schedule=" + schedule
                + ", weightDecay=" + weightDecay + ", batchSize=" + batchSize + ", epochs=" + epochs + ", seed=" + seed
                + "]";
    }
}
