package io.github.influence4j.examples.index;

import java.nio.file.Path;
import java.util.List;

/**
 * What the study does.
 *
 * @param sequences training sequences of 64 tokens, which do not overlap
 * @param questions held-out sequences that are asked about
 * @param fitExamples of how many of the training sequences the factors are made
 * @param checkpoint path of a published model; empty to train one
 * @param width numbers of the hidden state of a model that is trained
 * @param blocks its blocks, with seven matrices each
 * @param epochs passes of training over the sequences
 * @param percents sizes of an index, as percent of a gradient in float32
 * @param seed decides the held-out sequences, the model, the labels and the projections
 */
public record IndexStudyOptions(
        int sequences,
        int questions,
        int fitExamples,
        String checkpoint,
        int width,
        int blocks,
        int epochs,
        List<Double> percents,
        long seed) {

    /**
     * Copies the list.
     *
     * @throws IllegalArgumentException if factors are to be made of none or of more than there are
     */
    public IndexStudyOptions {
        percents = List.copyOf(percents);
        if (fitExamples < 1 || fitExamples > sequences) {
            throw new IllegalArgumentException(
                    "factors are made of 1 to " + sequences + " sequences, asked for were " + fitExamples);
        }
    }

    /**
     * Returns the options of the study as it is reported.
     *
     * @return 10,000 sequences, 64 questions, 28 matrices at a width of 128
     */
    public static IndexStudyOptions defaults() {
        return new IndexStudyOptions(10_000, 64, 10_000, "", 128, 4, 2, List.of(0.25, 1.0), 1);
    }

    /**
     * Returns options of a study of a published model, whose MLPs are tracked.
     *
     * @param checkpoint a folder, or a GGUF file
     * @return 2,000 sequences, 16 questions, factors of 400
     */
    public static IndexStudyOptions published(Path checkpoint) {
        return new IndexStudyOptions(2_000, 16, 400, checkpoint.toString(), 0, 0, 0, List.of(0.25, 1.0), 1);
    }

    /**
     * Returns options of a run that is over in seconds and shows nothing but that it runs.
     *
     * @return 300 sequences, 8 questions, 14 matrices at a width of 32
     */
    public static IndexStudyOptions small() {
        return new IndexStudyOptions(300, 8, 300, "", 32, 2, 1, List.of(1.0, 2.0), 1);
    }

    /**
     * Returns other options with this number of sequences.
     *
     * @param value training sequences
     * @return new options
     */
    public IndexStudyOptions withSequences(int value) {
        return new IndexStudyOptions(
                value, questions, Math.min(value, fitExamples), checkpoint, width, blocks, epochs, percents, seed);
    }

    /**
     * Returns other options with this number of questions.
     *
     * @param value held-out sequences
     * @return new options
     */
    public IndexStudyOptions withQuestions(int value) {
        return new IndexStudyOptions(sequences, value, fitExamples, checkpoint, width, blocks, epochs, percents, seed);
    }

    /**
     * Returns other options with this number of sequences for the factors.
     *
     * @param value at least 1, at most all training sequences
     * @return new options
     */
    public IndexStudyOptions withFitExamples(int value) {
        return new IndexStudyOptions(sequences, questions, value, checkpoint, width, blocks, epochs, percents, seed);
    }

    /**
     * Returns other options with these sizes.
     *
     * @param value percent of a gradient in float32
     * @return new options
     */
    public IndexStudyOptions withPercents(List<Double> value) {
        return new IndexStudyOptions(sequences, questions, fitExamples, checkpoint, width, blocks, epochs, value, seed);
    }

    /**
     * Returns other options with this width.
     *
     * @param value numbers of a hidden state, a multiple of 16
     * @return new options
     */
    public IndexStudyOptions withWidth(int value) {
        return new IndexStudyOptions(
                sequences, questions, fitExamples, checkpoint, value, blocks, epochs, percents, seed);
    }

    /**
     * Returns other options with this seed.
     *
     * @param value the seed
     * @return new options
     */
    public IndexStudyOptions withSeed(long value) {
        return new IndexStudyOptions(
                sequences, questions, fitExamples, checkpoint, width, blocks, epochs, percents, value);
    }
}
