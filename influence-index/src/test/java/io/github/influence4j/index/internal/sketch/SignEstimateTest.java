package io.github.influence4j.index.internal.sketch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.testkit.Tolerances;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SignEstimateTest {

    /** Three layers of very different size. */
    private static final List<Integer> LAYERS = List.of(3_000, 700, 20_000);

    private static final int ALL = 23_700;

    @Test
    void theTransformIsThatOfWalshAndHadamard() {
        int n = 64;
        SplittableRandom random = new SplittableRandom(1);
        float[] x = new float[n];
        for (int k = 0; k < n; k++) {
            x[k] = (float) random.nextDouble(-1, 1);
        }
        float[] found = x.clone();
        Hadamard.transform(found, 0, n);
        for (int r = 0; r < n; r++) {
            double sum = 0;
            for (int c = 0; c < n; c++) {
                sum += Integer.bitCount(r & c) % 2 == 0 ? x[c] : -x[c];
            }
            assertEquals(sum, found[r], n * Tolerances.REORDERED_FLOAT32);
        }
    }

    @Property(tries = 200)
    void everyCoordinateIsInOneCellAndEveryResultIsChosenOnce(
            @ForAll @Size(min = 1, max = 5) List<@IntRange(min = 1, max = 200_000) Integer> layers,
            @ForAll @IntRange(min = 0, max = 100) int share,
            @ForAll @LongRange long seed) {
        long all = layers.stream().mapToLong(Integer::intValue).sum();
        SketchLayout least = SketchLayout.of(layers, minimum(layers), seed);
        long most = least.shape().bytes() + Math.max(0, all / 64 - least.cells().size()) * 8;
        long asked = least.shape().bytes() + (most - least.shape().bytes()) * share / 100;
        SketchLayout layout = SketchLayout.of(layers, asked, seed);
        assertTrue(
                layout.shape().bytes() <= asked && layout.shape().bytes() > asked - 8,
                layout.shape().bytes() + " of " + asked);
        int word = 0;
        long coordinates = 0;
        for (Cell cell : layout.cells()) {
            assertEquals(word, cell.firstWord());
            word += cell.words();
            coordinates += cell.count();
            assertTrue(cell.first() + (cell.count() - 1) * cell.step() < layers.get(cell.layer()));
            assertTrue(cell.bits() <= cell.size() && cell.count() <= cell.size());
        }
        assertEquals(all, coordinates);
        Cell cell = layout.cells().get(0);
        // the transform of a single number is that number everywhere, with signs; of an index it cannot be told apart,
        // so
        // what is chosen is read from a gradient whose results all differ
        float[] gradient = new float[layers.get(0)];
        SplittableRandom random = new SplittableRandom(seed);
        for (int k = 0; k < gradient.length; k++) {
            gradient[k] = (float) random.nextDouble(1, 2);
        }
        float[] chosen = new float[cell.buckets()];
        float[] work = new float[cell.buckets()];
        cell.project(gradient, 0, new RandomSigns(seed), work, chosen);
        assertTrue(cell.bits() <= cell.buckets() && cell.buckets() <= cell.size());
        if (cell.count() > cell.size() / 2 && cell.count() > 30 && cell.size() <= 4096) {
            BitSet used = new BitSet();
            for (int k = 0; k < cell.bits(); k++) {
                int at = k;
                int row = -1;
                for (int r = 0; r < cell.buckets() && row < 0; r++) {
                    row = work[r] == chosen[at] && !used.get(r) ? r : -1;
                }
                assertTrue(row >= 0, "result " + k + " was chosen twice");
                used.set(row);
            }
        }
    }

    private static long minimum(List<Integer> layers) {
        long cells = layers.stream().mapToLong(n -> (n - 1) / Cell.MOST + 1).sum();
        return 8 + 10 * cells;
    }

    /**
     * Of 2,000 pairs, errors lie within two standard errors as often as those of a normal distribution, for the smallest and the
     * largest size on offer, whether gradients are noise, heavy-tailed, or share a few large coordinates, as the best pairs do.
     */
    @ParameterizedTest
    @CsvSource({
        "noise, 1", "noise, 8", "noise, 33", "noise, 100",
        "heavy, 1", "heavy, 8", "heavy, 33", "heavy, 100",
        "shared, 1", "shared, 8", "shared, 33", "shared, 100",
        "layers, 1", "layers, 8", "layers, 33", "layers, 100",
        "matrix, 1", "matrix, 8", "matrix, 33"
    })
    void errorsAreWhatTheyAreSaidToBe(String kind, int percentOfBits) {
        long bytes = minimum(LAYERS) + (long) (ALL / 8 - minimum(LAYERS)) * percentOfBits / 100;
        SplittableRandom random = new SplittableRandom(kind.hashCode() * 31L + percentOfBits);
        int different = 20;
        float[][] q = new float[different][];
        Arrays.setAll(q, k -> gradient(kind, random));
        float[][] z = new float[different][];
        Arrays.setAll(z, k -> gradient(kind, random));
        int pairs = 2_000;
        int within = 0;
        double sum = 0;
        double squares = 0;
        for (int pair = 0; pair < pairs; pair++) {
            float[] query = q[pair % different];
            float[] row = z[pair / different % different];
            double exact = 0;
            for (int k = 0; k < ALL; k++) {
                exact += (double) query[k] * row[k];
            }
            // a seed of its own for each pair: errors of pairs that share coordinates would not be independent
            SketchLayout layout = SketchLayout.of(LAYERS, bytes, random.nextLong());
            ProjectionCoder coder = new ProjectionCoder(layout);
            SignRows kept = rows(coder, row);
            QuerySketch sketch = sketch(coder, query);
            double error = scores(layout, sketch, kept, 1)[0] - exact;
            double standardised = error / layout.standardError(sketch, kept.scales());
            within += Math.abs(standardised) <= 2 ? 1 : 0;
            sum += standardised;
            squares += standardised * standardised;
        }
        String found = "within " + (double) within / pairs + ", mean " + sum / pairs + ", variance " + squares / pairs;
        assertTrue(within >= 0.93 * pairs && within <= 0.98 * pairs, found);
        assertTrue(Math.abs(sum / pairs) < Tolerances.MEAN_OF_2000_PAIRS, found);
    }

    private static float[] gradient(String kind, SplittableRandom random) {
        float[] g = new float[ALL];
        for (int k = 0; k < ALL; k++) {
            double normal = random.nextGaussian();
            g[k] = (float) (kind.equals("heavy") ? normal * normal * normal : normal);
        }
        if (kind.equals("shared")) {
            for (int k = 0; k < 5; k++) {
                g[k * 4_000] += 60;
            }
        }
        if (kind.equals("matrix")) {
            // as whitened gradients are where λ is large: less from row to row and from column to column
            for (int k = 0; k < ALL; k++) {
                g[k] *= 300f / (1 + k % 3_700 / 100) / (1 + k % 100);
            }
        }
        if (kind.equals("layers")) {
            // nearly all of it in the small layer
            for (int k = 3_000; k < 3_700; k++) {
                g[k] = 30 * g[k];
            }
        }
        return g;
    }

    private static final int[] STARTS = {0, 3_000, 3_700};

    private static SignRows rows(ProjectionCoder coder, float[] z) {
        SignRows rows = SignRows.empty(new long[1], coder.layout().shape());
        SectionCoder.Task task = coder.task();
        for (int layer = 0; layer < STARTS.length; layer++) {
            task.keep(layer, z, STARTS[layer], rows, 0);
        }
        return rows;
    }

    private static QuerySketch sketch(ProjectionCoder coder, float[] q) {
        QuerySketch sketch = coder.question(0);
        SectionCoder.Task task = coder.task();
        for (int layer = 0; layer < STARTS.length; layer++) {
            task.ask(layer, q, STARTS[layer], sketch);
        }
        return sketch;
    }

    private static double[] scores(SketchLayout layout, QuerySketch sketch, SignRows rows, int count) {
        double[] scores = new double[count];
        for (Cell cell : layout.cells()) {
            int[] ones = new int[count];
            for (int r = 0; r < count; r++) {
                for (int w = 0; w < cell.words(); w++) {
                    ones[r] += Long.bitCount(rows.signs()[r * layout.shape().words() + cell.firstWord() + w]);
                }
            }
            sketch.addScores(cell, rows, count, ones, scores);
        }
        return scores;
    }

    /** Counts of bits against the sum that they stand for. */
    @Property(tries = 50)
    void countsOfBitsAreTheSumOfRoundedResults(
            @ForAll @LongRange long seed, @ForAll @IntRange(min = 1, max = 9) int words) {
        SketchLayout layout = SketchLayout.of(List.of(64 * words + 7), 10 + 8L * words, seed);
        SplittableRandom random = new SplittableRandom(seed);
        Cell cell = layout.cells().get(0);
        float[] q = new float[cell.bits()];
        float[] z = new float[cell.bits()];
        for (int k = 0; k < q.length; k++) {
            q[k] = (float) random.nextGaussian();
            z[k] = (float) random.nextGaussian();
        }
        SignRows row = SignRows.empty(new long[1], layout.shape());
        row.set(layout.shape(), 0, cell, z, cell.scale(z, 100));
        QuerySketch sketch = new QuerySketch(1, layout, QuerySketch.COARSE);
        sketch.set(cell, q, 1);
        double largest = 0;
        for (float value : q) {
            largest = Math.max(largest, Math.abs(value));
        }
        double step = 2 * largest / 63;
        double sum = 0;
        double magnitudes = 0;
        for (int k = 0; k < q.length; k++) {
            double rounded = step * (Math.round(q[k] / step + 31.5) - 31.5);
            sum += z[k] >= 0 ? rounded : -rounded;
            magnitudes += Math.abs(z[k]);
        }
        double[] found = scores(layout, sketch, row, 1);
        // a result that lies between two levels may be rounded to either in float32
        assertEquals(100 / magnitudes * sum, found[0], 100 / magnitudes * step * 2);
    }
}
