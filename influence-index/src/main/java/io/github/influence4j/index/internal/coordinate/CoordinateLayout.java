package io.github.influence4j.index.internal.coordinate;

import io.github.influence4j.index.internal.sketch.RowShape;
import io.github.influence4j.index.internal.sketch.SignCell;
import io.github.influence4j.index.internal.sketch.SignLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Which coordinates have how many bits: the next bit goes where it lessens Σ v²d most, with v = Λ/(Λ+λ) the variance of a whitened
 * coordinate, of gradients and of questions, and d the share of it that the bits leave.
 *
 * <p>The size follows from the layers' sizes and the bytes alone; which coordinates are meant follows from Λ and λ. Bits that are not
 * used are 0.
 */
public final class CoordinateLayout implements SignLayout {

    /** Most bits of a coordinate. */
    private static final int PLANES = 4;

    /** Distance of the levels of a number of variance 1, by its bits, that leaves least of it (Max 1960, table II). */
    private static final double[] DISTANCES = {1.596, 0.9957, 0.5860, 0.3352};

    /** By how much each bit lessens d: what these levels leave is .3634, .1188, .03744 and .01154. */
    private static final double[] GAINS = {0.6366, 0.2446, 0.08136, 0.0259};

    /** Brings the threshold to its last digit. */
    private static final int HALVINGS = 64;

    private final RowShape shape;
    private final List<CoordinateCell> cells;
    private final Map<Integer, List<CoordinateCell>> byLayer;
    /** Σv of each layer's coordinates that are kept. */
    private final double[] variances;

    private CoordinateLayout(RowShape shape, List<CoordinateCell> cells, double[] variances) {
        this.shape = shape;
        this.cells = List.copyOf(cells);
        this.byLayer = this.cells.stream().collect(Collectors.groupingBy(CoordinateCell::layer));
        this.variances = variances;
    }

    /**
     * Returns the size of a row.
     *
     * @param parameters of each layer
     * @param bytes most bytes of a sequence
     * @return its shape, of at most so many bytes
     * @throws IllegalArgumentException if that is too little, or more than so many bits can use
     */
    public static RowShape shape(List<Integer> parameters, long bytes) {
        int planes = planes(parameters, bytes);
        int scales = Math.multiplyExact(parameters.size(), planes);
        long fixed = RowShape.bytesWithoutWords(scales);
        long words = Math.floorDiv(bytes - fixed, (long) Long.BYTES);
        if (words < parameters.size()) {
            throw new IllegalArgumentException("coordinates of these layers take at least "
                    + (fixed + (long) Long.BYTES * parameters.size()) + " bytes a sequence, asked for were " + bytes);
        }
        long most =
                planes * parameters.stream().mapToLong(CoordinateCell::words).sum();
        if (words > most) {
            throw new IllegalArgumentException("coordinates take at most " + PLANES + " bits each, here "
                    + (fixed + Long.BYTES * most) + " bytes a sequence, asked for were " + bytes);
        }
        return new RowShape(scales, Math.toIntExact(words));
    }

    /**
     * Returns the size that a row of so many bytes has.
     *
     * @param parameters of each layer
     * @param bytes most bytes of a sequence
     * @return bytes that {@link #shape} gives back as they are
     * @throws IllegalArgumentException if {@link #shape} refuses it
     */
    public static long size(List<Integer> parameters, long bytes) {
        long size = bytes;
        // what is left over may be what a further bit needed
        for (long next = shape(parameters, size).bytes(); next < size; ) {
            size = next;
            next = shape(parameters, size).bytes();
        }
        return size;
    }

    /** A second bit is never used where there is less than half a bit a coordinate, to the first digits that matter. */
    private static int planes(List<Integer> parameters, long bytes) {
        double bits = (double) Byte.SIZE
                * bytes
                / parameters.stream().mapToLong(Integer::longValue).sum();
        return bits < 0.5 ? 1 : bits < 1 ? 2 : bits < 2 ? 3 : PLANES;
    }

    /**
     * Divides the bits of a row.
     *
     * @param shares v of each layer's coordinates, [o, i] row-major; looked at, not kept
     * @param bytes most bytes of a sequence
     * @return the layout, of the size that {@link #shape} says
     * @throws IllegalArgumentException if {@link #shape} refuses it
     */
    public static CoordinateLayout of(List<double[]> shares, long bytes) {
        List<Integer> parameters = shares.stream().map(layer -> layer.length).toList();
        RowShape shape = shape(parameters, bytes);
        int planes = planes(parameters, bytes);
        double low = 0;
        double high = words(counts(shares, planes, 0)) <= shape.words() ? 0 : 1;
        for (int halving = 0; halving < HALVINGS && high > 0; halving++) {
            double middle = (low + high) / 2;
            if (words(counts(shares, planes, middle)) <= shape.words()) {
                high = middle;
            } else {
                low = middle;
            }
        }
        return new Division(shares, shape, planes, low, high).layout();
    }

    private static int[] counts(List<double[]> shares, int planes, double threshold) {
        int[] counts = new int[shares.size() * planes];
        for (int l = 0; l < shares.size(); l++) {
            for (double share : shares.get(l)) {
                double square = share * share;
                for (int b = 0; b < planes && square * GAINS[b] >= threshold; b++) {
                    counts[l * planes + b]++;
                }
            }
        }
        return counts;
    }

    private static long words(int[] counts) {
        return Arrays.stream(counts).mapToLong(CoordinateCell::words).sum();
    }

    /** Divides bits by two thresholds: all above the higher, and in their order those between that there is room for. */
    private static final class Division {
        private final List<double[]> shares;
        private final RowShape shape;
        private final int planes;
        private final double low;
        private final double high;
        private final int[] counts;
        private long free;

        Division(List<double[]> shares, RowShape shape, int planes, double low, double high) {
            this.shares = shares;
            this.shape = shape;
            this.planes = planes;
            this.low = low;
            this.high = high;
            this.counts = counts(shares, planes, high);
            this.free = shape.words() - words(counts);
        }

        CoordinateLayout layout() {
            List<CoordinateCell> cells = new ArrayList<>();
            double[] variances = new double[shares.size()];
            int word = 0;
            for (int l = 0; l < shares.size(); l++) {
                double[] values = shares.get(l);
                int[][] positions = new int[planes][];
                byte[] bits = new byte[values.length];
                for (int b = 0; b < planes; b++) {
                    positions[b] = positions(l, b);
                    for (int position : positions[b]) {
                        bits[position]++;
                        variances[l] += b == 0 ? values[position] : 0;
                    }
                }
                for (int b = 0; b < planes; b++) {
                    float[] steps = steps(values, bits, b, positions[b]);
                    CoordinateCell cell = new CoordinateCell(cells.size(), l, word, positions[b], steps, steps);
                    word += cell.words();
                    cells.add(cell);
                }
            }
            return new CoordinateLayout(shape, cells, variances);
        }

        private int[] positions(int layer, int plane) {
            double[] values = shares.get(layer);
            int[] positions = new int[values.length];
            int count = 0;
            for (int k = 0; k < values.length; k++) {
                double gain = values[k] * values[k] * GAINS[plane];
                if (gain >= high || (gain >= low && fits(layer * planes + plane))) {
                    positions[count++] = k;
                }
            }
            return Arrays.copyOf(positions, count);
        }

        /** Each bit has half the step of the one before, so that all levels are one distance apart. */
        private static float[] steps(double[] values, byte[] bits, int plane, int[] positions) {
            float[] steps = new float[positions.length];
            for (int k = 0; k < steps.length; k++) {
                int all = bits[positions[k]];
                double step = Math.scalb(DISTANCES[all - 1], all - 2 - plane);
                steps[k] = (float) (step * Math.sqrt(values[positions[k]]));
            }
            return steps;
        }

        private boolean fits(int index) {
            if (counts[index] % Long.SIZE == 0) {
                if (free == 0) {
                    return false;
                }
                free--;
            }
            counts[index]++;
            return true;
        }
    }

    /**
     * Returns the layout for questions with another damping.
     *
     * @param factors what each layer's coordinates of a question are multiplied with, (Λ+λ)/(Λ+λ') for λ' in place of λ
     * @return a layout of the same rows
     */
    public CoordinateLayout reweighted(List<double[]> factors) {
        return new CoordinateLayout(
                shape,
                cells.stream()
                        .map(cell -> {
                            float[] weights = new float[cell.bits()];
                            for (int k = 0; k < weights.length; k++) {
                                weights[k] = (float) (cell.steps()[k] * factors.get(cell.layer())[cell.positions()[k]]);
                            }
                            return new CoordinateCell(
                                    cell.index(),
                                    cell.layer(),
                                    cell.firstWord(),
                                    cell.positions(),
                                    cell.steps(),
                                    weights);
                        })
                        .toList(),
                variances);
    }

    @Override
    public List<? extends SignCell> cells() {
        return cells;
    }

    @Override
    public RowShape shape() {
        return shape;
    }

    /** The cells of a layer, the first bits first. */
    List<CoordinateCell> of(int layer) {
        return byLayer.getOrDefault(layer, List.of());
    }

    /** By how much the kept coordinates of a gradient are larger than their variances say, √(Σz²/Σv). */
    double scale(int layer, float[] gradient) {
        double squares = 0;
        for (int position : of(layer).get(0).positions()) {
            squares += (double) gradient[position] * gradient[position];
        }
        return squares == 0 ? 0 : Math.sqrt(squares / variances[layer]);
    }

    /** Numbers of a layer's gradient that have to be looked at: those up to the last that is kept. */
    int numbers(int layer) {
        return of(layer).stream().mapToInt(CoordinateCell::end).max().orElse(0);
    }

    /** Coordinates of the largest cell. */
    int largest() {
        return cells.stream().mapToInt(CoordinateCell::bits).max().orElse(0);
    }
}
