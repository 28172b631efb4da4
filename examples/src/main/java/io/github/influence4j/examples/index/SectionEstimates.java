package io.github.influence4j.examples.index;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.index.internal.sketch.ProjectionCoder;
import io.github.influence4j.index.internal.sketch.QuerySketch;
import io.github.influence4j.index.internal.sketch.RowShape;
import io.github.influence4j.index.internal.sketch.SectionCoder;
import io.github.influence4j.index.internal.sketch.SignCell;
import io.github.influence4j.index.internal.sketch.SignRows;
import io.github.influence4j.index.internal.sketch.SketchLayout;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Scores by a section of an index whose rows are asked as soon as a batch is there, and not kept in files. */
final class SectionEstimates implements Representation {

    /** Bits that the number of an index's scale loses in bfloat16. */
    private static final int LOST = 16;

    private final MatrixBackend backend;
    private final SectionCoder coder;
    private final List<LayerSpec> layers;
    private final Optional<SketchLayout> signs;
    private final List<SectionCoder.Task> tasks;
    private final List<QuerySketch> asked;
    private double[][] scores = {};
    private double[][] errors = {};
    private int batch;
    private SignRows rows = new SignRows(new long[0], new float[0], new long[0]);

    SectionEstimates(MatrixBackend backend, SectionCoder coder, List<LayerSpec> layers, int questions) {
        this.backend = backend;
        this.layers = layers;
        this.coder = coder;
        this.signs =
                coder instanceof ProjectionCoder projections ? Optional.of(projections.layout()) : Optional.empty();
        this.tasks = IntStream.range(0, Math.max(1, backend.parallelism()))
                .mapToObj(task -> coder.task())
                .toList();
        this.asked = LongStream.range(0, questions).mapToObj(coder::question).toList();
    }

    /** Bytes of a sequence. */
    long bytes() {
        return coder.layout().shape().bytes();
    }

    private interface Each {
        void take(SectionCoder.Task task, int example);
    }

    private void forEach(int examples, Each each) {
        int count = Math.min(examples, tasks.size());
        backend.inParallel(count, task -> {
            for (int e = task; e < examples; e += count) {
                each.take(tasks.get(task), e);
            }
        });
    }

    @Override
    public void ask(int layer, int first, int questions, float[] gradients) {
        int numbers = Math.toIntExact(layers.get(layer).parameters());
        forEach(questions, (task, e) -> task.ask(layer, gradients, e * numbers, asked.get(first + e)));
    }

    @Override
    public void begin(int sequences) {
        scores = new double[asked.size()][sequences];
        errors = new double[signs.isPresent() ? asked.size() : 0][sequences];
    }

    @Override
    public void startBatch(int first, int sequences) {
        RowShape shape = coder.layout().shape();
        batch = first;
        rows = new SignRows(
                new long[sequences], new float[sequences * shape.scales()], new long[sequences * shape.words()]);
    }

    @Override
    public void keep(int layer, int first, int sequences, float[] gradients) {
        int numbers = Math.toIntExact(layers.get(layer).parameters());
        forEach(sequences, (task, e) -> task.keep(layer, gradients, e * numbers, rows, first + e));
    }

    @Override
    public void finishBatch() {
        float[] scales = rows.scales();
        for (int k = 0; k < scales.length; k++) {
            scales[k] = asKept(scales[k]);
        }
        int count = rows.ids().length;
        int[][] ones =
                coder.layout().cells().stream().map(cell -> ones(cell, count)).toArray(int[][]::new);
        backend.inParallel(asked.size(), q -> {
            double[] found = new double[count];
            for (SignCell cell : coder.layout().cells()) {
                asked.get(q).addScores(cell, rows, count, ones[cell.index()], found);
            }
            System.arraycopy(found, 0, scores[q], batch, count);
            signs.ifPresent(layout -> addErrors(layout, q, count));
        });
    }

    private void addErrors(SketchLayout layout, int q, int count) {
        int cells = layout.cells().size();
        float[] scales = new float[cells];
        for (int r = 0; r < count; r++) {
            System.arraycopy(rows.scales(), r * cells, scales, 0, cells);
            errors[q][batch + r] = layout.standardError(asked.get(q), scales);
        }
    }

    private int[] ones(SignCell cell, int count) {
        int words = coder.layout().shape().words();
        int[] ones = new int[count];
        for (int r = 0; r < count; r++) {
            for (int w = 0; w < cell.words(); w++) {
                ones[r] += Long.bitCount(rows.signs()[r * words + cell.firstWord() + w]);
            }
        }
        return ones;
    }

    /** In bfloat16, to the nearest, and of two equally near to the even one. */
    private static float asKept(float scale) {
        int bits = Float.floatToRawIntBits(scale);
        int rounded = bits + (1 << LOST - 1) - 1 + (bits >>> LOST & 1);
        return Float.intBitsToFloat(rounded >>> LOST << LOST);
    }

    @Override
    public double[][] scores() {
        return scores;
    }

    @Override
    public Optional<double[][]> errors() {
        return signs.isPresent() ? Optional.of(errors) : Optional.empty();
    }
}
