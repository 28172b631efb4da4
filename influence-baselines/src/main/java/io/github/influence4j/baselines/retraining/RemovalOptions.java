package io.github.influence4j.baselines.retraining;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * How many examples are removed, how often models are trained without them, and where that is kept.
 *
 * <p>Immutable; each {@code with…} gives new options.
 */
public final class RemovalOptions {

    /** Decides which examples are removed at random. */
    private static final long RANDOM_SEED = 17;

    private final List<Integer> counts;
    private final int together;
    private final int randomDraws;
    private final int repeats;
    private final long firstSeed;
    private final Optional<Path> folder;
    private final String trainer;

    private RemovalOptions(
            List<Integer> counts,
            int together,
            int randomDraws,
            int repeats,
            long firstSeed,
            Optional<Path> folder,
            String trainer) {
        if (counts.isEmpty() || counts.stream().anyMatch(count -> count < 1)) {
            throw new IllegalArgumentException("numbers of examples to remove must be positive, found " + counts);
        }
        if (together < 1 || randomDraws < 1 || repeats < 1) {
            throw new IllegalArgumentException(
                    "queries of a training, random draws and repeats must be positive, found " + together + ", "
                            + randomDraws + " and " + repeats);
        }
        this.counts = List.copyOf(counts);
        this.together = together;
        this.randomDraws = randomDraws;
        this.repeats = repeats;
        this.firstSeed = firstSeed;
        this.folder = folder;
        this.trainer = trainer;
    }

    /**
     * Removes for one query at a time, trains once without each set, and compares with three random sets.
     *
     * @param counts numbers of examples that are removed for each query, the points of the curve
     * @return options that keep nothing
     * @throws IllegalArgumentException if there is no number or one is not positive
     */
    public static RemovalOptions of(List<Integer> counts) {
        return new RemovalOptions(counts, 1, 3, 1, 1, Optional.empty(), "");
    }

    /**
     * Removes for several queries at once, which costs so many times fewer trainings: what is left out is the union.
     *
     * @param value queries that share a training; the last may be fewer
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public RemovalOptions withTogether(int value) {
        return new RemovalOptions(counts, value, randomDraws, repeats, firstSeed, folder, trainer);
    }

    /**
     * Changes how many random sets of each size are removed.
     *
     * @param value number of sets, whose rises are averaged
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public RemovalOptions withRandomDraws(int value) {
        return new RemovalOptions(counts, together, value, repeats, firstSeed, folder, trainer);
    }

    /**
     * Changes how often models are trained on the same examples.
     *
     * @param value models, whose losses are averaged
     * @param seed of the first; the others are derived from it
     * @return new options
     * @throws IllegalArgumentException if the number is not positive
     */
    public RemovalOptions withRepeats(int value, long seed) {
        return new RemovalOptions(counts, together, randomDraws, value, seed, folder, trainer);
    }

    /**
     * Keeps what is finished, in a file for each method and count, so that others can be added later.
     *
     * @param value folder of the files; made if there is none
     * @param trainerInWords the trainer's form and options
     * @return new options
     */
    public RemovalOptions withFolder(Path value, String trainerInWords) {
        return new RemovalOptions(
                counts, together, randomDraws, repeats, firstSeed, Optional.of(value), trainerInWords);
    }

    /**
     * Returns numbers of examples that are removed for each query.
     *
     * @return the points of the curve
     */
    public List<Integer> counts() {
        return counts;
    }

    int together() {
        return together;
    }

    int randomDraws() {
        return randomDraws;
    }

    static long randomSeed() {
        return RANDOM_SEED;
    }

    /** How models are trained without the sets of this name. */
    RetrainingOptions retraining(String name) {
        RetrainingOptions options = RetrainingOptions.of(repeats).withFirstSeed(firstSeed);
        return folder.map(path -> options.withProgressFile(path.resolve("without-" + name + ".tsv"), trainer))
                .orElse(options);
    }

    @Override
    public String toString() {
        return "RemovalOptions[counts=" + counts + ", together=" + together + ", randomDraws=" + randomDraws
                + ", repeats=" + repeats + ", firstSeed=" + firstSeed + "]";
    }
}
