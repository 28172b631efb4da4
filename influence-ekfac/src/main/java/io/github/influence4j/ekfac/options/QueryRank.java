package io.github.influence4j.ekfac.options;

import java.util.OptionalLong;

/**
 * To which rank preconditioned query gradients are cut, and how.
 *
 * @param rank r, at least 1
 * @param seed seed of a randomised decomposition (Halko, Martinsson, Tropp 2011; 10 columns more than the rank, 2 power
 *     iterations); empty for the exact truncated SVD, the best approximation of this rank in Frobenius norm
 */
public record QueryRank(int rank, OptionalLong seed) {

    /**
     * Checks the rank.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public QueryRank {
        if (rank < 1) {
            throw new IllegalArgumentException("rank must be positive, found " + rank);
        }
    }

    /**
     * Cuts exactly.
     *
     * @param rank r
     * @return the exact truncated SVD
     * @throws IllegalArgumentException if r is not positive
     */
    public static QueryRank exact(int rank) {
        return new QueryRank(rank, OptionalLong.empty());
    }

    /**
     * Cuts by a randomised decomposition, which needs 12·i·o·(r+10) flops instead of about 14·i·o·min(i, o).
     *
     * @param rank r
     * @param seed decides the random directions
     * @return a randomised SVD
     * @throws IllegalArgumentException if r is not positive
     */
    public static QueryRank randomised(int rank, long seed) {
        return new QueryRank(rank, OptionalLong.of(seed));
    }

    @Override
    public String toString() {
        return rank + (seed.isPresent() ? " (randomised, seed " + seed.getAsLong() + ")" : "");
    }
}
