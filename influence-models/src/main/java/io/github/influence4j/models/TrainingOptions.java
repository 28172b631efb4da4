package io.github.influence4j.models;

/**
 * How a network is trained.
 *
 * <p>The objective of a step is the <em>mean</em> loss of its batch. Weight decay applies to biases too; with SGD it is the
 * gradient of decay/2 · ‖w‖², with Adam it is decoupled from the gradient.
 *
 * @param optimizer the rule of a step
 * @param learningRate rate of the first step, positive
 * @param schedule how the rate goes on
 * @param weightDecay at least 0
 * @param batchSize examples of a step; the last batch of an epoch may hold fewer
 * @param epochs how often every example is seen
 * @param seed determines the order of the examples, which is drawn anew in every epoch
 */
public record TrainingOptions(
        Optimizer optimizer,
        double learningRate,
        Schedule schedule,
        double weightDecay,
        int batchSize,
        int epochs,
        long seed) {

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
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if a number is out of its range
     */
    public TrainingOptions {
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
    }

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
}
