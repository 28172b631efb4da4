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

    private static final double[] GAINS = {0.6366, 0.2446, 0.08136, 0.0259};

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

    /** What is read from a row is what plain loops over its bits give, and the scale of a layer is the best one. */
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
            double[] said = new double[layers.get(l)];
            for (CoordinateCell cell : layout.of(l)) {
                double scale = rows.scales()[cell.index()];
                double largest = 0;
                for (int k = 0; k < cell.bits(); k++) {
                    int position = cell.positions()[k];
                    said[position] += sign(rows, cell, k) * scale * cell.steps()[k];
                    largest = Math.max(largest, Math.abs(q[3 + position] * cell.weights()[k]));
                }
                // 512 levels from −largest to largest, of which each number is at most half a step away
                bound += scale * cell.bits() * largest / 511;
            }
            for (int k = 0; k < said.length; k++) {
                expected += q[3 + k] * said[k];
            }
            // no other scale leaves less of the coordinates
            assertTrue(left(z, said, 1) <= left(z, said, 1.01) && left(z, said, 1) <= left(z, said, 0.99));
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

    private static double left(float[] z, double[] said, double scale) {
        double sum = 0;
        for (int k = 0; k < said.length; k++) {
            sum += said[k] == 0 ? 0 : Math.pow(z[3 + k] - scale * said[k], 2);
        }
        return sum;
    }

    /** Of normal numbers, one to four bits leave what the best levels at equal distances do (Max 1960, table II). */
    @Test
    void bitsLeaveWhatTheBestLevelsLeave() {
        int n = 64_000;
        double[] leaves = {0.3634, 0.1188, 0.03744, 0.01154};
        double[] equal = new double[n];
        Arrays.fill(equal, 0.5);
        SplittableRandom random = new SplittableRandom(5);
        float[] z = new float[n];
        for (int k = 0; k < n; k++) {
            z[k] = (float) (3 * random.nextGaussian());
        }
        for (int bits = 1; bits <= 4; bits++) {
            // four planes have four scales: so many words that each number has so many bits of them
            long bytes = RowShape.bytesWithoutWords(bits) + (long) bits * n / 8;
            CoordinateLayout layout = CoordinateLayout.of(List.of(equal), bytes);
            SignRows rows = new SignRows(
                    new long[1],
                    new float[layout.shape().scales()],
                    new long[layout.shape().words()]);
            new CoordinateCoder(layout).task().keep(0, z, 0, rows, 0);
            double[] said = new double[n];
            for (CoordinateCell cell : layout.of(0)) {
                for (int k = 0; k < cell.bits(); k++) {
                    said[cell.positions()[k]] += sign(rows, cell, k) * rows.scales()[cell.index()] * cell.steps()[k];
                }
            }
            double left = 0;
            double all = 0;
            for (int k = 0; k < n; k++) {
                left += Math.pow(z[k] - said[k], 2);
                all += (double) z[k] * z[k];
            }
            assertEquals(1, left / all / leaves[bits - 1], Tolerances.LEFT_OF_64000_NUMBERS);
        }
    }

    private static int sign(SignRows rows, CoordinateCell cell, int k) {
        return (rows.signs()[cell.firstWord() + k / 64] >>> k & 1) == 1 ? 1 : -1;
    }
}
