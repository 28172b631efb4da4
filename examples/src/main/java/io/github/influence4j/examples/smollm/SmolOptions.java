package io.github.influence4j.examples.smollm;

import java.util.List;

/**
 * What the study does.
 *
 * @param facts planted facts, each asked for once
 * @param plain passages without a fact
 * @param epochs how often fine-tuning sees every passage
 * @param batchSize passages of a step
 * @param learningRate highest rate of AdamW
 * @param removed how many passages each method removes for each fact, from few to many
 * @param tunings how often fine-tuning is done on the same passages, each time in another order; what is left is averaged
 * @param seed decides the corpus, the order of training and the labels
 */
public record SmolOptions(
        int facts,
        int plain,
        int epochs,
        int batchSize,
        double learningRate,
        List<Integer> removed,
        int tunings,
        long seed) {

    /**
     * Returns the options of the study as it is reported.
     *
     * @return the options
     */
    public static SmolOptions defaults() {
        return new SmolOptions(24, 100, 4, 8, 3e-4, List.of(2, 4, 6), 3, 1);
    }

    /**
     * Returns other options with this number of planted facts.
     *
     * @param value planted facts
     * @return new options
     */
    public SmolOptions withFacts(int value) {
        return new SmolOptions(value, plain, epochs, batchSize, learningRate, removed, tunings, seed);
    }

    /**
     * Returns other options with this number of plain passages.
     *
     * @param value passages without a fact
     * @return new options
     */
    public SmolOptions withPlain(int value) {
        return new SmolOptions(facts, value, epochs, batchSize, learningRate, removed, tunings, seed);
    }

    /**
     * Returns other options with this number of epochs.
     *
     * @param value how often every passage is seen
     * @return new options
     */
    public SmolOptions withEpochs(int value) {
        return new SmolOptions(facts, plain, value, batchSize, learningRate, removed, tunings, seed);
    }

    /**
     * Returns other options with this sizes of what is removed.
     *
     * @param value passages for each fact, from few to many
     * @return new options
     */
    public SmolOptions withRemoved(List<Integer> value) {
        return new SmolOptions(facts, plain, epochs, batchSize, learningRate, List.copyOf(value), tunings, seed);
    }

    /**
     * Returns other options with this learning rate.
     *
     * @param value highest rate
     * @return new options
     */
    public SmolOptions withLearningRate(double value) {
        return new SmolOptions(facts, plain, epochs, batchSize, value, removed, tunings, seed);
    }

    /**
     * Returns other options with this number of fine-tunings.
     *
     * @param value how often fine-tuning is done on the same passages
     * @return new options
     */
    public SmolOptions withTunings(int value) {
        return new SmolOptions(facts, plain, epochs, batchSize, learningRate, removed, value, seed);
    }
}
