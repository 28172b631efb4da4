package io.github.influence4j.baselines.retraining;

import java.nio.file.Path;
import java.util.Optional;

/**
 * How often models are trained again and where that is kept.
 *
 * @param repeats models trained on each subset, each with its own seed
 * @param firstSeed seed of the first; the others are derived from it ({@link io.github.influence4j.api.Seeds})
 * @param progressFile each finished training is added to it, and those in it are not done again; empty to keep nothing
 * @param trainer the trainer in words (its form and options): a progress file of another trainer is refused
 */
public record RetrainingOptions(int repeats, long firstSeed, Optional<Path> progressFile, String trainer) {

    /**
     * Checks the number of models.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public RetrainingOptions {
        if (repeats < 1) {
            throw new IllegalArgumentException("retraining needs a model or more for each subset, found " + repeats);
        }
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
}
