package io.github.influence4j.baselines.retraining;

import java.nio.file.Path;
import java.util.Optional;

/**
 * How often models are trained again and where that is kept.
 *
 * <p>Immutable; each {@code with…} gives new options.
 */
public final class RetrainingOptions {

    private final int repeats;
    private final long firstSeed;
    private final Optional<Path> progressFile;
    private final String trainer;

    private RetrainingOptions(int repeats, long firstSeed, Optional<Path> progressFile, String trainer) {
        if (repeats < 1) {
            throw new IllegalArgumentException("retraining needs a model or more for each subset, found " + repeats);
        }
        this.repeats = repeats;
        this.firstSeed = firstSeed;
        this.progressFile = progressFile;
        this.trainer = trainer;
    }

    /**
     * Keeps nothing.
     *
     * @param repeats models trained on each subset
     * @return options with first seed 1
     * @throws IllegalArgumentException if the number is not positive
     */
    public static RetrainingOptions of(int repeats) {
        return new RetrainingOptions(repeats, 1, Optional.empty(), "");
    }

    /**
     * Changes the first seed.
     *
     * @param value seed of the first model of each subset
     * @return new options
     */
    public RetrainingOptions withFirstSeed(long value) {
        return new RetrainingOptions(repeats, value, progressFile, trainer);
    }

    /**
     * Keeps what is finished.
     *
     * @param file to be created or continued
     * @param trainerInWords the trainer's form and options
     * @return new options
     */
    public RetrainingOptions withProgressFile(Path file, String trainerInWords) {
        return new RetrainingOptions(repeats, firstSeed, Optional.of(file), trainerInWords);
    }

    /**
     * Returns models trained on each subset, each with its own seed.
     *
     * @return models trained on each subset, each with its own seed
     */
    public int repeats() {
        return repeats;
    }

    /**
     * Returns seed of the first; the others are derived from it ({@link io.github.influence4j.api.Seeds}).
     *
     * @return seed of the first; the others are derived from it ({@link io.github.influence4j.api.Seeds})
     */
    public long firstSeed() {
        return firstSeed;
    }

    /**
     * Returns each finished training is added to it, and those in it are not done again; empty to keep nothing.
     *
     * @return each finished training is added to it, and those in it are not done again; empty to keep nothing
     */
    public Optional<Path> progressFile() {
        return progressFile;
    }

    /**
     * Returns the trainer in words (its form and options): a progress file of another trainer is refused.
     *
     * @return the trainer in words (its form and options): a progress file of another trainer is refused
     */
    public String trainer() {
        return trainer;
    }

    @Override
    public String toString() {
        return "RetrainingOptions["
                + "repeats=" + repeats
                + ", firstSeed=" + firstSeed
                + ", progressFile=" + progressFile
                + ", trainer=" + trainer
                + "]";
    }
}
