package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.eigen.RotationCost;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.score.ScoringCost;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.QueryRank;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.linalg.Operand;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.bytedeco.javacpp.Pointer;

/**
 * Scores a stream of sequences of a transformer against 100 queries and compares the time with what the flops need at the
 * rate of plain products of the same shapes, measured in the same run; and the memory for ten times the sequences.
 *
 * <p>Captures that lie in memory are scored, in several batches as a stream has them, and the plain products are timed before and after each
 * pass. A layer takes the cheaper of whole queries, for which each example's gradient is formed, and factors of rank 32; where
 * the former is cheaper at every layer, the queries are not cut to a rank at all. Flops are those of {@link ScoringCost}.
 */
final class StreamScoring {

    private static final int QUERIES = 100;
    private static final int RANK = 32;
    private static final int BATCH = 256;
    private static final int TOP = 20;
    private static final int RUNS = 5;

    private final MatrixBackend backend;
    private final Size size;

    /**
     * What is measured on.
     *
     * @param name how it is printed
     * @param shape form of the model
     * @param sequences sequences of a pass over captures, each as long as the context; a quarter of them goes through the model
     */
    record Size(String name, DecoderShape shape, int sequences) {
        int positions() {
            return shape.context() - 1;
        }

        int throughModel() {
            return sequences / 4;
        }
    }

    /**
     * What was measured.
     *
     * @param gflop flops of the scores of a pass over captures, in 10⁹
     * @param idealSeconds what they need at the rates of plain products of the same shapes, median
     * @param scoreSeconds scoring captures that lie in memory, median
     * @param ratio of the two, median over the passes
     * @param captureSeconds the model's forward and backward passes alone, a quarter of the sequences
     * @param togetherSeconds scoring the model's sequences, a quarter of them
     * @param bytes most physical memory of the process during a pass
     * @param tenfoldBytes the same for ten times the sequences
     */
    record Result(
            double gflop,
            double idealSeconds,
            double scoreSeconds,
            double ratio,
            double captureSeconds,
            double togetherSeconds,
            long bytes,
            long tenfoldBytes) {}

    StreamScoring(MatrixBackend backend, Size size) {
        this.backend = backend;
        this.size = size;
    }

    /** Measures two sizes, that of the synthetic language and one of 2.9 million parameters, or those named, and prints the results. */
    public static void main(String[] arguments) {
        List<Size> sizes = List.of(
                new Size("L", DecoderShape.of(312, 21, 3, 48, 4), 8192),
                new Size("wide", DecoderShape.of(1000, 129, 2, 256, 4), 1024));
        try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT32)) {
            System.out.println(Machine.here(backend));
            for (Size size : sizes) {
                if (arguments.length > 0 && !List.of(arguments).contains(size.name())) {
                    continue;
                }
                Result r = new StreamScoring(backend, size).measure();
                System.out.printf(
                        Locale.ROOT,
                        "%s: %.2f GFLOP, %.1f ms at the rates of these shapes (%.1f GFLOP/s), scores %.1f ms, ratio %.2f;"
                                + " model %.1f ms, together %.1f ms; memory %d MB, tenfold %d MB%n",
                        size.name(),
                        r.gflop(),
                        1e3 * r.idealSeconds(),
                        r.gflop() / r.idealSeconds(),
                        1e3 * r.scoreSeconds(),
                        r.ratio(),
                        1e3 * r.captureSeconds(),
                        1e3 * r.togetherSeconds(),
                        r.bytes() >> 20,
                        r.tenfoldBytes() >> 20);
            }
        }
    }

    Result measure() {
        try (Decoder model = Decoder.create(backend, size.shape(), 1);
                EigenbasisCurvature curvature =
                        EigenbasisApproximator.<TokenSequence>ekfac(backend).fit(model, sequences(64, 2));
                EigenbasisSolver solver = curvature.solver(Damping.relative(0.1))) {
            ExampleSource<TokenSequence> train = sequences(size.throughModel(), 3);
            StoredCaptures stored = new StoredCaptures(model.layers(), size.positions(), size.sequences());
            double gflop = model.layers().stream()
                    .map(layer -> new ScoringCost(layer, size.positions(), QUERIES, RANK))
                    .mapToDouble(cost -> 1e-9 * size.sequences() * Math.min(cost.gradient(), cost.factored()))
                    .sum();
            double[] alone = new double[RUNS];
            double[] ideal = new double[RUNS];
            double[] ratios = new double[RUNS];
            score(stored, solver, stored.source(QUERIES), stored.source(size.sequences()), new long[1]);
            double before = idealSeconds(model.layers());
            for (int k = 0; k < RUNS; k++) {
                alone[k] = score(stored, solver, stored.source(QUERIES), stored.source(size.sequences()), new long[1]);
                double after = idealSeconds(model.layers());
                ideal[k] = (before + after) / 2;
                ratios[k] = alone[k] / ideal[k];
                before = after;
            }
            long[] bytes = new long[1];
            double together = seconds(model, solver, sequences(QUERIES, 4), train, bytes);
            long[] tenfold = new long[1];
            score(model, solver, sequences(QUERIES, 4), sequences(10 * size.throughModel(), 3), tenfold);
            return new Result(
                    gflop,
                    Sgemm.median(ideal),
                    Sgemm.median(alone),
                    Sgemm.median(ratios),
                    captureSeconds(model, train),
                    together,
                    bytes[0],
                    tenfold[0]);
        }
    }

    private double idealSeconds(List<LayerSpec> layers) {
        return layers.stream()
                .mapToDouble(layer -> wholeIsCheaper(layer) ? gradientProducts(layer) : factoredProducts(layer))
                .sum();
    }

    private boolean wholeIsCheaper(LayerSpec layer) {
        ScoringCost cost = new ScoringCost(layer, size.positions(), QUERIES, RANK);
        return cost.gradient() < cost.factored();
    }

    private ExampleSource<TokenSequence> sequences(int count, long seed) {
        Random random = new Random(seed);
        List<TokenSequence> sequences = new ArrayList<>();
        for (int k = 0; k < count; k++) {
            int[] tokens = random.ints(size.shape().context(), 0, size.shape().vocabulary())
                    .toArray();
            sequences.add(TokenSequence.after(tokens, size.positions() / 2));
        }
        return ExampleSource.of(sequences);
    }

    /** The median of some passes, after one to warm up. */
    private <E> double seconds(
            GradientProvider<E> model,
            EigenbasisSolver solver,
            ExampleSource<E> queries,
            ExampleSource<E> train,
            long[] bytes) {
        score(model, solver, queries, train, bytes);
        double[] seconds = new double[RUNS];
        Arrays.setAll(seconds, k -> score(model, solver, queries, train, bytes));
        return Sgemm.median(seconds);
    }

    /** One pass, from when the queries are ready, which the progress tells. */
    private <E> double score(
            GradientProvider<E> model,
            EigenbasisSolver solver,
            ExampleSource<E> queries,
            ExampleSource<E> train,
            long[] bytes) {
        long[] times = new long[2];
        ProgressListener watch = (stage, done, total) -> {
            times[stage.equals("queries") ? 0 : 1] = System.nanoTime();
            bytes[0] = Math.max(bytes[0], Pointer.physicalBytes());
        };
        ScoreOptions options = ScoreOptions.defaults().withBatchSize(BATCH).withQueryBatchSize(QUERIES);
        if (!model.layers().stream().allMatch(this::wholeIsCheaper)) {
            options = options.withRank(QueryRank.randomised(RANK, 1));
        }
        new InfluenceScorer<>(backend, model, options, watch).topK(solver, queries, train, TOP);
        return (times[1] - times[0]) / 1e9;
    }

    private double captureSeconds(Decoder model, ExampleSource<TokenSequence> train) {
        return median(() -> {
            for (ExampleBatch<TokenSequence> batch : train.batches(BATCH)) {
                model.capture(batch, new Objective.TrainingLoss(), model.layers(), capture -> {});
            }
        });
    }

    /** A tile of gradients, as many examples and outputs as scoring takes, formed on all cores, and its inner products with whole queries. */
    private double gradientProducts(LayerSpec layer) {
        int t = size.positions();
        int i = layer.gradientColumns();
        int cores = backend.parallelism();
        RotationCost cost = new RotationCost(layer, t, 0, backend.workSizes());
        int examples = cost.gradientsAtOnce(BATCH, Rotation.CHEAPEST);
        int outputs = cost.outputsAtOnce(examples);
        try (BackendMatrix g = random(examples * t, layer.outputs());
                BackendMatrix a = random(examples * t, i);
                BackendMatrix gradients = random(examples * outputs, i);
                BackendMatrix queries = random(QUERIES, layer.outputs() * i);
                BackendMatrix scores = random(examples, QUERIES)) {
            BackendMatrix tile = g.view(0, g.rows(), 0, outputs);
            BackendMatrix flat = gradients.reshape(examples, outputs * i);
            BackendMatrix part = queries.view(0, QUERIES, 0, outputs * i);
            double form = median(() -> backend.inParallel(cores, core -> {
                for (int z = core; z < examples; z += cores) {
                    backend.multiply(
                            Operand.transposed(tile.rows(z * t, t)),
                            Operand.of(a.rows(z * t, t)),
                            gradients.rows(z * outputs, outputs));
                }
            }));
            double meet = median(() -> backend.multiply(Operand.of(flat), Operand.transposed(part), scores));
            return (form + meet) * size.sequences() / examples * layer.outputs() / outputs;
        }
    }

    private double factoredProducts(LayerSpec layer) {
        int rows = BATCH * size.positions();
        int width = QUERIES * RANK;
        int count = ScoringCost.atOnce(backend.workSizes(), rows, width);
        double seconds = 0;
        for (int columns : new int[] {layer.gradientColumns(), layer.outputs()}) {
            try (BackendMatrix x = random(count, columns);
                    BackendMatrix factors = random(width, columns);
                    BackendMatrix projected = random(count, width)) {
                seconds += median(() -> backend.multiply(Operand.of(x), Operand.transposed(factors), projected));
            }
        }
        return seconds * size.sequences() * size.positions() / count;
    }

    private BackendMatrix random(int rows, int columns) {
        BackendMatrix matrix = backend.zeros(rows, columns);
        Random random = new Random(5);
        float[] row = new float[columns];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                row[c] = random.nextFloat() - 0.5f;
            }
            backend.upload(row, matrix.rows(r, 1));
        }
        return matrix;
    }

    private static double median(Runnable work) {
        double[] seconds = new double[2 * RUNS + 1];
        work.run();
        for (int k = 0; k < seconds.length; k++) {
            long start = System.nanoTime();
            work.run();
            seconds[k] = (System.nanoTime() - start) / 1e9;
        }
        return Sgemm.median(seconds);
    }
}
