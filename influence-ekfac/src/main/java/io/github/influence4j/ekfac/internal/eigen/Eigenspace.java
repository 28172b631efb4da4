package io.github.influence4j.ekfac.internal.eigen;

import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.factor.BlockDiagonal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Eigenvectors of a covariance whose eigenvalues rounding does not tell apart. Any orthonormal basis of the space that they span has
 * those eigenvalues, rounding chooses one, and what is measured in that basis depends on the choice.
 *
 * @param block which diagonal block of the covariance
 * @param first the first of the eigenvectors, a column of the block
 * @param size how many there are, at least 2
 */
public record Eigenspace(int block, int first, int size) {

    /**
     * Roundoffs of the working precision, times the eigenvalue or the mean of all, by which sums of products move eigenvalues that are
     * equal. Terms are rounded at random, so that a covariance is off by some roundoffs of its typical element in every direction:
     * much less than as many of its largest eigenvalue, within which a language model has neighbours by chance. Neighbours that
     * should be equal, in sums over 120,000 inputs that share a large direction, were up to 73 apart.
     */
    private static final double SUM_ERROR = 128;

    /**
     * A choice changes scores by no more than its share of the effective dimensions: with up to .012 of these in 27 of 150 covariances
     * of a language model, scores by .002 of the largest.
     */
    private static final double LEAST_SHARE = 0.02;

    /** Damping at which effective dimensions are counted, of the mean eigenvalue: the usual one. */
    private static final double DAMPING = 0.1;

    /**
     * Finds eigenspaces of more than one dimension.
     *
     * @param vectors the eigenvectors, for the blocks
     * @param values the eigenvalues, ascending within each block
     * @param precision of the sums that were decomposed
     * @return the eigenspaces, without those that chance makes in a wide layer ({@link Neighbours}); none where they have less than one in
     *     fifty of the effective dimensions Σ v/(v + 0.1 mean) together
     */
    public static List<Eigenspace> find(BlockDiagonal vectors, double[] values, Precision precision) {
        List<Eigenspace> found = new ArrayList<>();
        int start = 0;
        for (int b = 0; b < vectors.blocks().size(); b++) {
            int end = start + vectors.blocks().get(b).columns();
            double[] own = Arrays.copyOfRange(values, start, end);
            Neighbours neighbours = neighbours(own, precision);
            boolean all = neighbours.more();
            spaces(b, neighbours, own.length).stream()
                    .filter(space -> all || neighbours.meant(space))
                    .forEach(found::add);
            start = end;
        }
        return share(found, vectors, values) >= LEAST_SHARE ? found : List.of();
    }

    /** The share of the effective dimensions that lies in eigenspaces. */
    private static double share(List<Eigenspace> spaces, BlockDiagonal vectors, double[] values) {
        double damping = DAMPING * Arrays.stream(values).average().orElse(0);
        double all = effective(values, 0, values.length, damping);
        double own = 0;
        for (Eigenspace space : spaces) {
            int start = space.first();
            for (int b = 0; b < space.block(); b++) {
                start += vectors.blocks().get(b).columns();
            }
            own += effective(values, start, space.size(), damping);
        }
        return own > 0 ? own / all : 0;
    }

    private static double effective(double[] values, int start, int count, double damping) {
        return Arrays.stream(values, start, start + count)
                .map(v -> Math.max(0, v))
                .map(v -> v / (v + damping))
                .sum();
    }

    /** Finds eigenspaces among the eigenvalues of one block, ascending, however few they are. */
    static List<Eigenspace> ofBlock(int block, double[] values, Precision precision) {
        return spaces(block, neighbours(values, precision), values.length);
    }

    private static Neighbours neighbours(double[] values, Precision precision) {
        int n = values.length;
        double mean = Arrays.stream(values).sum() / n;
        double sums = SUM_ERROR * (precision == Precision.FLOAT32 ? 0x1p-24 : 0x1p-53);
        // what a decomposition in float64 is off by at most
        double decomposition = n * 0x1p-53 * values[n - 1];
        return new Neighbours(
                values,
                Arrays.stream(values)
                        .map(value -> sums * Math.max(value, mean) + decomposition)
                        .toArray());
    }

    private static List<Eigenspace> spaces(int block, Neighbours neighbours, int n) {
        List<Eigenspace> found = new ArrayList<>();
        int first = 0;
        for (int k = 1; k <= n; k++) {
            if (k == n || !neighbours.equal(k)) {
                if (k - first > 1) {
                    found.add(new Eigenspace(block, first, k - first));
                }
                first = k;
            }
        }
        return found;
    }

    /**
     * Tells whether a choice of directions is more than scores that differ a little.
     *
     * @param directions how many can be chosen
     * @param all how many there are
     * @return whether they are one in fifty
     */
    public static boolean matters(int directions, int all) {
        return directions >= LEAST_SHARE * all && directions > 0;
    }

    /**
     * Counts directions.
     *
     * @param spaces eigenspaces
     * @return the sum of their dimensions
     */
    public static int directions(List<Eigenspace> spaces) {
        return spaces.stream().mapToInt(Eigenspace::size).sum();
    }
}
