package io.github.influence4j.examples.index;

import java.util.List;

/**
 * What the study does.
 *
 * @param sequences training sequences of 64 tokens, which do not overlap
 * @param questions held-out sequences that are asked about
 * @param width numbers of the model's hidden state
 * @param blocks the model's blocks, with seven matrices each
 * @param epochs passes of training over the sequences
 * @param percents sizes of an index, as percent of a gradient in float32
 * @param seed decides the held-out sequences, the model, the labels and the projections
 */
public record IndexStudyOptions(
        int sequences, int questions, int width, int blocks, int epochs, List<Double> percents, long seed) {

    /** Copies the list. */
    public IndexStudyOptions {
        percents = List.copyOf(percents);
    }

    /**
     * Returns the options of the study as it is reported.
     *
     * @return 10,000 sequences, 64 questions, 28 matrices at a width of 128
     */
    public static IndexStudyOptions defaults() {
        return new IndexStudyOptions(10_000, 64, 128, 4, 2, List.of(0.25, 1.0), 1);
    }

    /**
     * Returns options of a run that is over in seconds and shows nothing but that it runs.
     *
     * @return 300 sequences, 8 questions, 14 matrices at a width of 32
     */
    public static IndexStudyOptions small() {
        return new IndexStudyOptions(300, 8, 32, 2, 1, List.of(1.0, 2.0), 1);
    }

    /**
     * Returns other options with this number of sequences.
     *
     * @param value training sequences
     * @return new options
     */
    public IndexStudyOptions withSequences(int value) {
        return new IndexStudyOptions(value, questions, width, blocks, epochs, percents, seed);
    }

    /**
     * Returns other options with this number of questions.
     *
     * @param value held-out sequences
     * @return new options
     */
    public IndexStudyOptions withQuestions(int value) {
        return new IndexStudyOptions(sequences, value, width, blocks, epochs, percents, seed);
    }

    /**
     * Returns other options with this width.
     *
     * @param value numbers of a hidden state, a multiple of 16
     * @return new options
     */
    public IndexStudyOptions withWidth(int value) {
        return new IndexStudyOptions(sequences, questions, value, blocks, epochs, percents, seed);
    }

    /**
     * Returns other options with this seed.
     *
     * @param value the seed
     * @return new options
     */
    public IndexStudyOptions withSeed(long value) {
        return new IndexStudyOptions(sequences, questions, width, blocks, epochs, percents, value);
    }
}
