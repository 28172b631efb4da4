package io.github.influence4j.examples.sequences;

import java.util.List;

/**
 * How large the study of sequences is.
 *
 * @param sequences training sequences: the first of the synthetic corpus, without those of other facts and most of the filler
 * @param topics facts that they state
 * @param facts questions about these, that at least two sequences state
 * @param translations questions about translations; all quotes are asked for too
 * @param blocks of the model
 * @param width of the model
 * @param epochs times that training sees its sequences
 * @param batchSize sequences of a step
 * @param halves random halves that models are trained on
 * @param repeats models of each half and of each removal
 * @param removed how many sequences are removed for each question, from few to many
 * @param together questions whose sequences are removed together
 */
public record SequenceOptions(
        int sequences,
        int topics,
        int facts,
        int translations,
        int blocks,
        int width,
        int epochs,
        int batchSize,
        int halves,
        int repeats,
        List<Integer> removed,
        int together) {

    /** Copies the list. */
    public SequenceOptions {
        removed = List.copyOf(removed);
    }

    /**
     * Returns the options of the study as it is reported.
     *
     * @return the options
     */
    public static SequenceOptions defaults() {
        return new SequenceOptions(1200, 60, 24, 8, 2, 48, 20, 32, 60, 2, List.of(1, 3, 6), 20);
    }

    /**
     * Changes the number of training sequences.
     *
     * @param value training sequences
     * @return new options
     */
    public SequenceOptions withSequences(int value) {
        return new SequenceOptions(
                value,
                topics,
                facts,
                translations,
                blocks,
                width,
                epochs,
                batchSize,
                halves,
                repeats,
                removed,
                together);
    }

    /**
     * Changes the number of facts that the corpus states.
     *
     * @param value facts
     * @return new options
     */
    public SequenceOptions withTopics(int value) {
        return new SequenceOptions(
                sequences,
                value,
                facts,
                translations,
                blocks,
                width,
                epochs,
                batchSize,
                halves,
                repeats,
                removed,
                together);
    }

    /**
     * Changes the numbers of questions.
     *
     * @param newFacts about facts
     * @param newTranslations about translations
     * @return new options
     */
    public SequenceOptions withQuestions(int newFacts, int newTranslations) {
        return new SequenceOptions(
                sequences,
                topics,
                newFacts,
                newTranslations,
                blocks,
                width,
                epochs,
                batchSize,
                halves,
                repeats,
                removed,
                together);
    }

    /**
     * Changes the model and how long it is trained.
     *
     * @param newBlocks blocks
     * @param newWidth width
     * @param newEpochs epochs
     * @return new options
     */
    public SequenceOptions withModel(int newBlocks, int newWidth, int newEpochs) {
        return new SequenceOptions(
                sequences,
                topics,
                facts,
                translations,
                newBlocks,
                newWidth,
                newEpochs,
                batchSize,
                halves,
                repeats,
                removed,
                together);
    }

    /**
     * Changes how often models are trained.
     *
     * @param newHalves random halves
     * @param newRepeats models of each
     * @return new options
     */
    public SequenceOptions withTrainings(int newHalves, int newRepeats) {
        return new SequenceOptions(
                sequences,
                topics,
                facts,
                translations,
                blocks,
                width,
                epochs,
                batchSize,
                newHalves,
                newRepeats,
                removed,
                together);
    }

    /**
     * Changes what is removed.
     *
     * @param value sequences for each question, from few to many; empty to leave removal out
     * @param newTogether questions whose sequences are removed together
     * @return new options
     */
    public SequenceOptions withRemoved(List<Integer> value, int newTogether) {
        return new SequenceOptions(
                sequences,
                topics,
                facts,
                translations,
                blocks,
                width,
                epochs,
                batchSize,
                halves,
                repeats,
                value,
                newTogether);
    }
}
