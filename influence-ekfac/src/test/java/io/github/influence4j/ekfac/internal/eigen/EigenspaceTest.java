package io.github.influence4j.ekfac.internal.eigen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.factor.BlockDiagonal;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Equal eigenvalues are found where they are, and neighbours that are close by chance are left alone. */
class EigenspaceTest {

    /** The inner width of SmolLM2's MLP, where chance pairs were seen. */
    private static final int WIDE = 1536;

    private static List<Eigenspace> find(double[] values) {
        try (MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);
                BackendMatrix vectors = backend.uninitialised(values.length, values.length, Precision.FLOAT64)) {
            return Eigenspace.find(BlockDiagonal.of(List.of(vectors)), values, Precision.FLOAT32);
        }
    }

    /** Eigenvalues that know nothing of each other, from a hundredth to three times the typical one. */
    private static double[] independent(int count, long seed) {
        double least = Math.log(0.01);
        double most = Math.log(3);
        return new SplittableRandom(seed)
                .doubles(count, least, most)
                .map(Math::exp)
                .sorted()
                .toArray();
    }

    /** Makes some of them equal but for roundoffs of float32. */
    private static void makeEqual(double[] values, int first, int count) {
        for (int k = 1; k < count; k++) {
            values[first + k] = values[first] * (1 + k * 0x1p-24);
        }
        Arrays.sort(values);
    }

    /** Defect: a pass over the data for 54 directions of 1,536 that were 27 pairs of neighbours by chance. */
    @Test
    void neighboursByChanceAreLeftAlone() {
        int seen = 0;
        for (int seed = 0; seed < 20; seed++) {
            double[] values = independent(WIDE, seed);
            List<Eigenspace> neighbours = Eigenspace.ofBlock(0, values, Precision.FLOAT32);
            seen += Eigenspace.directions(neighbours);
            assertEquals(List.of(), find(values), "seed " + seed + ", neighbours " + neighbours);
        }
        assertTrue(seen > 20 * 30, "pairs by chance: " + seen);
    }

    @Test
    void spaceAmongThemIsFound() {
        for (int seed = 0; seed < 20; seed++) {
            double[] values = independent(WIDE, seed);
            makeEqual(values, 1000, 60);
            int largest = find(values).stream().mapToInt(Eigenspace::size).max().orElse(0);
            assertTrue(largest >= 60, "seed " + seed + ": " + largest);
        }
    }

    /** Each pair alone could be chance, so many cannot. */
    @Test
    void pairsEverywhereAreFound() {
        double[] values = independent(WIDE, 1);
        for (int k = 1; k < WIDE; k += 2) {
            values[k] = values[k - 1];
        }
        assertTrue(Eigenspace.directions(find(values)) >= WIDE);
    }

    @Test
    void pairOfSmallLayerIsFound() {
        for (int seed = 0; seed < 20; seed++) {
            double[] values = independent(30, seed);
            makeEqual(values, 15, 2);
            assertEquals(List.of(new Eigenspace(0, 15, 2)), find(values), "seed " + seed);
        }
    }

    /** A space that is too small to show in the count of neighbours is known by its size. */
    @Test
    void sizeTellsSpaceFromChance() {
        double[] values = independent(WIDE, 3);
        makeEqual(values, 1000, 8);
        double[] errors = Arrays.stream(values)
                .map(value -> 128 * 0x1p-24 * Math.max(value, 0.5))
                .toArray();
        Neighbours neighbours = new Neighbours(values, errors);
        assertFalse(neighbours.more());
        assertTrue(neighbours.meant(new Eigenspace(0, 1000, 8)));
        for (int k = 1; k < 990; k++) {
            assertFalse(neighbours.equal(k) && neighbours.meant(new Eigenspace(0, k - 1, 2)), "pair at " + k);
        }
    }
}
