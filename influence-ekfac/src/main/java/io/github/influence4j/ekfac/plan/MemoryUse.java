package io.github.influence4j.ekfac.plan;

import java.util.Locale;
import java.util.Objects;

/**
 * What is held at the fullest moment of a stage, in bytes.
 */
public final class MemoryUse {

    private final double factors;
    private final double workspace;
    private final double captures;
    private final double queries;
    private final double scores;

    MemoryUse(double factors, double workspace, double captures, double queries, double scores) {
        this.factors = factors;
        this.workspace = workspace;
        this.captures = captures;
        this.queries = queries;
        this.scores = scores;
    }

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

    /**
     * Returns covariances or eigenvectors, eigenvalues and their reciprocals.
     *
     * @return covariances or eigenvectors, eigenvalues and their reciprocals
     */
    public double factors() {
        return factors;
    }

    /**
     * Returns intermediate matrices of a batch, and of decompositions.
     *
     * @return intermediate matrices of a batch, and of decompositions
     */
    public double workspace() {
        return workspace;
    }

    /**
     * Returns one uploaded batch of one layer.
     *
     * @return one uploaded batch of one layer
     */
    public double captures() {
        return captures;
    }

    /**
     * Returns preconditioned queries.
     *
     * @return preconditioned queries
     */
    public double queries() {
        return queries;
    }

    /**
     * Returns the score matrix and its parts, on the Java heap.
     *
     * @return the score matrix and its parts, on the Java heap
     */
    public double scores() {
        return scores;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof MemoryUse that
                && Double.compare(factors, that.factors) == 0
                && Double.compare(workspace, that.workspace) == 0
                && Double.compare(captures, that.captures) == 0
                && Double.compare(queries, that.queries) == 0
                && Double.compare(scores, that.scores) == 0;
    }

    @Override
    public int hashCode() {
        return Objects.hash(factors, workspace, captures, queries, scores);
    }
}
