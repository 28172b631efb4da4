package io.github.influence4j.index.internal.sketch;

import io.github.influence4j.api.Seeds;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * How the bits of a sequence are divided among the layers: in cells of nearly equal coordinates, by their number.
 *
 * @param cells the cells, in the order of the layers
 * @param seed decides the signs that cells share
 */
public record SketchLayout(List<Cell> cells, long seed) implements SignLayout {

    /** Fewest bits of a cell: a word. */
    private static final int LEAST = Long.SIZE;

    /** Bounds what an untrusted file can ask for: enough for 6·10¹⁰ parameters. */
    private static final int MOST_CELLS = 1 << 20;

    private record Part(int layer, int first, int step, int count, int size) {}

    /** Copies the list. */
    public SketchLayout {
        cells = List.copyOf(cells);
    }

    /**
     * Divides a budget.
     *
     * @param parameters of each layer
     * @param bytes most bytes of a sequence
     * @param seed decides the projections
     * @return the layout, of at most so many bytes
     * @throws IllegalArgumentException if that is too little, or more than signs can use
     */
    public static SketchLayout of(List<Integer> parameters, long bytes, long seed) {
        List<Part> parts = parts(parameters);
        long fixed = RowShape.bytesWithoutWords(parts.size());
        long words = Math.floorDiv(bytes - fixed, (long) Long.BYTES);
        if (words < parts.size()) {
            throw new IllegalArgumentException("an index of these layers takes at least "
                    + (fixed + (long) Long.BYTES * parts.size()) + " bytes a sequence, asked for were " + bytes);
        }
        long coordinates = parts.stream().mapToLong(Part::count).sum();
        long most = Math.max(coordinates / Long.SIZE, parts.size());
        if (words > most) {
            throw new IllegalArgumentException("signs take at most one bit a coordinate, here "
                    + (fixed + Long.BYTES * most) + " bytes a sequence, asked for were " + bytes);
        }
        int[] shares = shares(parts, words, coordinates);
        List<Cell> cells = new ArrayList<>();
        int word = 0;
        for (int c = 0; c < shares.length; c++) {
            Part part = parts.get(c);
            cells.add(new Cell(
                    c,
                    part.layer(),
                    part.first(),
                    part.step(),
                    part.count(),
                    part.size(),
                    shares[c],
                    word,
                    Seeds.derived(seed, 1 + c)));
            word = Math.addExact(word, shares[c]);
        }
        return new SketchLayout(cells, Seeds.derived(seed, 0));
    }

    /** A large layer is divided into cells that each have every so many-th coordinate: they have about equal shares of the gradient. */
    private static List<Part> parts(List<Integer> parameters) {
        long all = parameters.stream().mapToLong(SketchLayout::cells).sum();
        if (all > MOST_CELLS) {
            throw new IllegalArgumentException("an index has at most " + MOST_CELLS + " cells of " + Cell.MOST
                    + " parameters, these layers would need " + all);
        }
        List<Part> parts = new ArrayList<>();
        for (int l = 0; l < parameters.size(); l++) {
            int numbers = parameters.get(l);
            int cells = cells(numbers);
            for (int c = 0; c < cells; c++) {
                int count = (numbers - c - 1) / cells + 1;
                int size = Math.max(LEAST, Integer.highestOneBit(2 * count - 1));
                parts.add(new Part(l, c, cells, count, size));
            }
        }
        return parts;
    }

    private static int cells(int numbers) {
        return (numbers - 1) / Cell.MOST + 1;
    }

    /** A word for each, the others by the number of coordinates and what is left over by the largest remainder. */
    private static int[] shares(List<Part> parts, long words, long coordinates) {
        long free = words - parts.size();
        int[] shares = new int[parts.size()];
        double[] remainders = new double[parts.size()];
        long given = 0;
        for (int c = 0; c < shares.length; c++) {
            double share = (double) free * parts.get(c).count() / coordinates;
            int whole = (int) Math.min((long) share, parts.get(c).size() / Long.SIZE - 1);
            shares[c] = 1 + whole;
            remainders[c] = share - whole;
            given += whole;
        }
        List<Integer> order = IntStream.range(0, shares.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer c) -> -remainders[c]))
                .toList();
        while (given < free) {
            long before = given;
            for (int c : order) {
                if (given < free && shares[c] < parts.get(c).size() / Long.SIZE) {
                    shares[c]++;
                    given++;
                }
            }
            if (given == before) {
                throw new IllegalStateException("no cell takes another of " + (free - given) + " words");
            }
        }
        return shares;
    }

    @Override
    public RowShape shape() {
        Cell last = cells.get(cells.size() - 1);
        return new RowShape(cells.size(), last.firstWord() + last.words());
    }

    /**
     * Returns the standard error of the score of a row, √Σ ‖q‖²‖z‖²(π/2 − k/B)/k over the cells.
     *
     * @param question the question
     * @param scales the row's scales, which tell ‖z‖ of each cell as a scale is ‖z‖√(π/2)/k on the average
     * @return the standard error
     */
    public double standardError(QuerySketch question, float[] scales) {
        double sum = 0;
        for (int c = 0; c < scales.length; c++) {
            Cell cell = cells.get(c);
            double norm = scales[c] * cell.bits() * Math.sqrt(2 / Math.PI);
            sum += question.squares(c) * norm * norm * cell.variance();
        }
        return Math.sqrt(sum);
    }

    /** Buckets of the largest cell. */
    int largest() {
        return cells.stream().mapToInt(Cell::buckets).max().orElse(0);
    }

    /** The cells of each layer. */
    Map<Integer, List<Cell>> byLayer() {
        return cells.stream().collect(Collectors.groupingBy(Cell::layer));
    }
}
