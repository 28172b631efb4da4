package io.github.influence4j.index.internal.coordinate;

import io.github.influence4j.index.internal.sketch.RowShape;
import io.github.influence4j.index.internal.sketch.SignCell;
import io.github.influence4j.index.internal.sketch.SignLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

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

    /** By how much each bit lessens d of a normal number, with levels that are best for it (Max 1960). */
    private static final double[] GAINS = {0.6366, 0.2459, 0.0830, 0.0250};

    /** Brings the threshold to its last digit. */
    private static final int HALVINGS = 64;

    private final RowShape shape;
    private final List<CoordinateCell> cells;

    private CoordinateLayout(RowShape shape, List<CoordinateCell> cells) {
        this.shape = shape;
        this.cells = List.copyOf(cells);
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
            int word = 0;
            for (int l = 0; l < shares.size(); l++) {
                for (int b = 0; b < planes; b++) {
                    CoordinateCell cell = cell(cells.size(), l, b, word);
                    word += cell.words();
                    cells.add(cell);
                }
            }
            return new CoordinateLayout(shape, cells);
        }

        private CoordinateCell cell(int index, int layer, int plane, int word) {
            double[] values = shares.get(layer);
            int[] positions = new int[values.length];
            int count = 0;
            for (int k = 0; k < values.length; k++) {
                double gain = values[k] * values[k] * GAINS[plane];
                if (gain >= high || (gain >= low && fits(index))) {
                    positions[count++] = k;
                }
            }
            float[] roots = new float[count];
            for (int k = 0; k < count; k++) {
                roots[k] = (float) Math.sqrt(values[positions[k]]);
            }
            return new CoordinateCell(index, layer, word, Arrays.copyOf(positions, count), roots, roots);
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
                                weights[k] = (float) (cell.roots()[k] * factors.get(cell.layer())[cell.positions()[k]]);
                            }
                            return new CoordinateCell(
                                    cell.index(),
                                    cell.layer(),
                                    cell.firstWord(),
                                    cell.positions(),
                                    cell.roots(),
                                    weights);
                        })
                        .toList());
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
        return cells.stream().filter(cell -> cell.layer() == layer).toList();
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
