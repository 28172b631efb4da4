package io.github.influence4j.store.captures;

import io.github.influence4j.api.Objective;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** What the captures in a file are gradients of; see {@link Objective}. */
public enum CaptureObjective {
    /** {@link Objective.SampledLabels}: what factors are fitted from. */
    SAMPLED,
    /** {@link Objective.TrainingLoss}: the training side of scores. */
    TRAINING,
    /** {@link Objective.Measurement}: queries. */
    MEASUREMENT;

    /**
     * Returns the word that stands for it in a file.
     *
     * @return the name in lower case
     */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Finds an objective by its word.
     *
     * @param word such as {@code training}
     * @return the objective, or nothing
     */
    public static Optional<CaptureObjective> ofWord(String word) {
        return Stream.of(values())
                .filter(objective -> objective.word().equals(word))
                .findFirst();
    }

    /**
     * Returns what a file must hold to serve an objective.
     *
     * @param objective what is asked for
     * @return its kind
     * @throws UnsupportedOperationException for columns of the output Hessian's root, which files do not hold
     */
    public static CaptureObjective of(Objective objective) {
        if (objective instanceof Objective.SampledLabels) {
            return SAMPLED;
        }
        if (objective instanceof Objective.TrainingLoss) {
            return TRAINING;
        }
        if (objective instanceof Objective.Measurement) {
            return MEASUREMENT;
        }
        throw new UnsupportedOperationException("capture files do not hold " + objective);
    }
}
