package io.github.influence4j.index.internal.coordinate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.index.internal.sketch.QuerySketch;
import io.github.influence4j.index.internal.sketch.RowShape;
import io.github.influence4j.index.internal.sketch.SectionCoder;
import io.github.influence4j.index.internal.sketch.SignRows;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class CoordinateLayoutTest {

    private static final double[] GAINS = {0.6366, 0.2459, 0.0830, 0.0250};

    private record Bit(int layer, int plane, int position, double gain) {}

    private static List<double[]> shares(List<Integer> layers, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return layers.stream().map(n -> random.doubles(n, 0.01, 1).toArray()).toList();
    }

    private static long least(List<Integer> layers) {
        return RowShape.bytesWithoutWords(4L * layers.size()) + 8L * layers.size();
    }

    private static long most(List<Integer> layers) {
        return RowShape.bytesWithoutWords(4L * layers.size())
                + 32L * layers.stream().mapToInt(n -> (n + 63) / 64).sum();
    }

    /** Against sorting all bits by what they gain, and taking as many as there is room for. */
    @Property(tries = 100)
    void theBitsThatGainMostAreKept(
            @ForAll @Size(min = 1, max = 4) List<@IntRange(min = 1, max = 700) Integer> layers,
            @ForAll @IntRange(min = 0, max = 100) int share,
            @ForAll @LongRange long seed) {
        List<double[]> shares = shares(layers, seed);
        long asked = least(layers) + (most(layers) - least(layers)) * share / 100;
        long bytes = CoordinateLayout.size(layers, asked);
        RowShape shape = CoordinateLayout.shape(layers, bytes);
        assertEquals(bytes, shape.bytes());
        assertTrue(bytes <= asked);
        CoordinateLayout layout = CoordinateLayout.of(shares, bytes);
        assertEquals(shape, layout.shape());
        int planes = shape.scales() / layers.size();
        List<Bit> bits = new ArrayList<>();
        for (int l = 0; l < layers.size(); l++) {
            for (int k = 0; k < layers.get(l); k++) {
                for (int b = 0; b < planes; b++) {
                    double v = shares.get(l)[k];
                    bits.add(new Bit(l, b, k, v * v * GAINS[b]));
                }
            }
        }
        bits.sort(Comparator.comparingDouble((Bit bit) -> -bit.gain()));
        int[] counts = new int[layers.size() * planes];
        int kept = 0;
        for (; kept < bits.size(); kept++) {
            int cell = bits.get(kept).layer() * planes + bits.get(kept).plane();
            counts[cell]++;
            if (Arrays.stream(counts).map(n -> (n + 63) / 64).sum() > shape.words()) {
                break;
            }
        }
        List<Bit> expected = bits.subList(0, kept);
        int word = 0;
        for (int l = 0; l < layers.size(); l++) {
            List<CoordinateCell> cells = layout.of(l);
            for (int b = 0; b < planes; b++) {
                int layer = l;
                int plane = b;
                CoordinateCell cell = cells.get(b);
                int[] positions = expected.stream()
                        .filter(bit -> bit.layer() == layer && bit.plane() == plane)
                        .mapToInt(Bit::position)
                        .sorted()
                        .toArray();
                assertEquals(Arrays.toString(positions), Arrays.toString(cell.positions()));
                assertEquals(word, cell.firstWord());
                assertEquals(l * planes + b, cell.index());
                word += cell.words();
            }
        }
        assertTrue(word <= shape.words());
    }

    /** Without damping all coordinates have the same variance: what there is room for is kept. */
    @Test
    void coordinatesOfTheSameVarianceFillTheRow() {
        List<double[]> equal = List.of(new double[1000], new double[500]);
        equal.forEach(layer -> Arrays.fill(layer, 1));
        List<Integer> layers = List.of(1000, 500);
        CoordinateLayout layout = CoordinateLayout.of(equal, RowShape.bytesWithoutWords(2) + 8 * 10);
        assertEquals(new RowShape(2, 10), layout.shape());
        assertEquals(640, layout.of(0).get(0).bits() + layout.of(1).get(0).bits());
        // a layer whose gradients are 0 takes nothing while there are others, and is no error
        equal.forEach(layer -> Arrays.fill(layer, 0));
        assertEquals(
                layout.shape(),
                CoordinateLayout.of(equal, layout.shape().bytes()).shape());
        assertThrows(IllegalArgumentException.class, () -> CoordinateLayout.shape(layers, 20));
        assertThrows(IllegalArgumentException.class, () -> CoordinateLayout.shape(layers, most(layers) + 8));
    }

    /** With four bits each, all coordinates are kept: their products with a question's are the score. */
    @Test
    void allCoordinatesAreKeptOnce() {
        List<Integer> layers = List.of(130, 64, 7);
        CoordinateLayout layout = CoordinateLayout.of(shares(layers, 3), most(layers));
        for (int l = 0; l < layers.size(); l++) {
            for (CoordinateCell cell : layout.of(l)) {
                assertEquals(
                        Arrays.toString(IntStream.range(0, layers.get(l)).toArray()),
                        Arrays.toString(cell.positions()));
            }
        }
    }

    /** What is read from a row is what plain loops over its bits give, and each scale is the best one. */
    @Property(tries = 30)
    void scoresAreThoseOfWhatTheBitsSay(
            @ForAll @LongRange long seed, @ForAll @IntRange(min = 10, max = 100) int share) {
        List<Integer> layers = List.of(300, 70);
        List<double[]> shares = shares(layers, seed);
        long bytes = CoordinateLayout.size(layers, least(layers) + (most(layers) - least(layers)) * share / 100);
        CoordinateLayout layout = CoordinateLayout.of(shares, bytes);
        CoordinateCoder coder = new CoordinateCoder(layout);
        SignRows rows = new SignRows(
                new long[1],
                new float[layout.shape().scales()],
                new long[layout.shape().words()]);
        QuerySketch question = coder.question(5);
        SectionCoder.Task task = coder.task();
        SplittableRandom random = new SplittableRandom(seed);
        double expected = 0;
        double bound = 0;
        for (int l = 0; l < layers.size(); l++) {
            float[] z = new float[3 + layers.get(l)];
            float[] q = new float[z.length];
            for (int k = 0; k < layers.get(l); k++) {
                z[3 + k] = (float) (random.nextGaussian() * Math.sqrt(shares.get(l)[k]));
                q[3 + k] = (float) random.nextGaussian();
            }
            task.keep(l, z, 3, rows, 0);
            task.ask(l, q, 3, question);
            double[] left = new double[layers.get(l)];
            Arrays.setAll(left, k -> z[3 + k]);
            for (CoordinateCell cell : layout.of(l)) {
                double scale = rows.scales()[cell.index()];
                double largest = 0;
                double best = squares(cell, left, rows, scale);
                assertTrue(best <= squares(cell, left, rows, 1.01 * scale) + 1e-9);
                assertTrue(best <= squares(cell, left, rows, 0.99 * scale) + 1e-9);
                for (int k = 0; k < cell.bits(); k++) {
                    int position = cell.positions()[k];
                    double said = sign(rows, cell, k) * scale * cell.roots()[k];
                    expected += q[3 + position] * said;
                    left[position] -= said;
                    largest = Math.max(largest, Math.abs(q[3 + position] * cell.weights()[k]));
                }
                // 512 levels from −largest to largest, of which each number is at most half a step away
                bound += scale * cell.bits() * largest / 511;
            }
        }
        double[] found = new double[1];
        for (int l = 0; l < layers.size(); l++) {
            for (CoordinateCell cell : layout.of(l)) {
                int ones = 0;
                for (int k = 0; k < cell.bits(); k++) {
                    ones += sign(rows, cell, k) > 0 ? 1 : 0;
                }
                question.addScores(cell, rows, 1, new int[] {ones}, found);
            }
        }
        assertEquals(expected, found[0], bound * (1 + Tolerances.REORDERED_FLOAT32));
    }

    private static double squares(CoordinateCell cell, double[] left, SignRows rows, double scale) {
        double sum = 0;
        for (int k = 0; k < cell.bits(); k++) {
            double rest = left[cell.positions()[k]] - sign(rows, cell, k) * scale * cell.roots()[k];
            sum += rest * rest;
        }
        return sum;
    }

    private static int sign(SignRows rows, CoordinateCell cell, int k) {
        return (rows.signs()[cell.firstWord() + k / 64] >>> k & 1) == 1 ? 1 : -1;
    }
}
