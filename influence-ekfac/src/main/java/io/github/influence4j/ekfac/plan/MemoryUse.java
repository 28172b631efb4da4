package io.github.influence4j.ekfac.plan;

import java.util.Locale;

/**
 * What is held at the fullest moment of a stage, in bytes.
 *
 * @param factors covariances or eigenvectors, eigenvalues and their reciprocals
 * @param workspace intermediate matrices of a batch, and of decompositions
 * @param captures one uploaded batch of one layer
 * @param queries preconditioned queries
 * @param scores the score matrix and its parts, on the Java heap
 */
public record MemoryUse(double factors, double workspace, double captures, double queries, double scores) {

    /**
     * Returns what the backend holds.
     *
     * @return all but the scores
     */
    public double backend() {
        return factors + workspace + captures + queries;
    }

    /**
     * Returns all of it.
     *
     * @return bytes
     */
    public double total() {
        return backend() + scores;
    }

    MemoryUse orLarger(MemoryUse other) {
        return other.total() > total() ? other : this;
    }

    @Override
    public String toString() {
        return words(total()) + " (factors " + words(factors) + ", workspace " + words(workspace)
                + ", captures " + words(captures) + ", queries " + words(queries) + ", scores "
                + words(scores) + ")";
    }

    static String words(double bytes) {
        if (bytes == 0) {
            return "none";
        }
        return bytes < 1 << 20
                ? String.format(Locale.ROOT, "%.1f KiB", bytes / (1 << 10))
                : String.format(Locale.ROOT, "%.1f MiB", bytes / (1 << 20));
    }
}
