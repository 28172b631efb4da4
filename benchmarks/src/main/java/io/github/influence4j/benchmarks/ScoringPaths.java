package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.score.Path;
import io.github.influence4j.ekfac.internal.score.ScoringCost;
import io.github.influence4j.ekfac.internal.score.ScoringWays;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.internal.solve.LayerCurvature;
import io.github.influence4j.ekfac.options.QueryRank;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * For how many positions and queries scores are faster through the gradients of examples than by the products of queries with positions,
 * and how often {@link ScoringCost} chooses the faster way: captures in memory, the same rows for every number of positions.
 */
public final class ScoringPaths {

    private static final int RUNS = 3;
    private static final int ROWS = 4096;
    private static final int ROWS_PER_BATCH = 2048;

    private static final int[][] SIZES = {{64, 64}, {128, 512}, {512, 512}, {768, 3072}};
    private static final int[] POSITIONS = {1, 2, 4, 8, 16, 32, 64, 128};
    private static final int[] QUERIES = {2, 4, 16, 64};
    private static final int[] RANKS = {0, 8, 32};

    private final MatrixBackend backend;
    private int cases;
    private int wrong;
    private double seconds;
    private double best;

    private ScoringPaths(MatrixBackend backend) {
        this.backend = backend;
    }

    /**
     * Measures and prints a Markdown table for each rank, 0 for whole queries, and what the choice loses.
     *
     * @param arguments ranks to measure; none for all
     */
    public static void main(String[] arguments) {
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            System.out.println(backend.description());
            System.out.printf(Locale.ROOT, "sgemm of order 2048: %.0f GFLOP/s%n", Sgemm.gflops(backend));
            for (int rank : RANKS) {
                if (arguments.length == 0 || List.of(arguments).contains(String.valueOf(rank))) {
                    new ScoringPaths(backend).table(rank);
                }
            }
        }
    }

    private void table(int rank) {
        System.out.printf(
                Locale.ROOT,
                "%nrank %s, 0 is whole; ms by positions / through gradients, * where the slower is chosen%n%n| i x o | t |",
                rank);
        Arrays.stream(QUERIES).forEach(count -> System.out.printf(Locale.ROOT, " %d queries |", count));
        System.out.println("\n|---|---|" + "---|".repeat(QUERIES.length));
        for (int[] size : SIZES) {
            LayerSpec layer = LayerSpec.tokens("layer", size[0], size[1]).withoutBias();
            for (int positions : POSITIONS) {
                System.out.printf(Locale.ROOT, "| %d x %d | %d |", size[0], size[1], positions);
                for (int queries : QUERIES) {
                    System.out.print(cell(layer, positions, queries, rank));
                }
                System.out.println();
            }
        }
        System.out.printf(
                Locale.ROOT,
                "%nof %d shapes the slower way is chosen for %d; all take %.3f s as chosen, %.3f s by the faster way%n",
                cases,
                wrong,
                seconds,
                best);
    }

    private String cell(LayerSpec layer, int positions, int queries, int rank) {
        int examples = ROWS / positions;
        try (StoredCaptures captures =
                        StoredCaptures.resident(backend, List.of(layer), positions, Math.max(examples, queries));
                LayerCurvature identity = LayerCurvature.of(layer, Optional.empty(), Optional.empty());
                EigenbasisSolver solver = EigenbasisSolver.of(
                        backend,
                        List.of(identity),
                        LayerDamping.of(List.of(layer), l -> Damping.DEFAULT.resolve(1)),
                        Provenance.here(backend.description(), backend.precision(), Optional.empty()))) {
            double[] both = new double[2];
            double[][] times = new double[2][RUNS];
            for (int run = -1; run < RUNS; run++) {
                for (Path path : List.of(Path.PROJECTION, Path.GRADIENT)) {
                    double time = score(captures, solver, path, positions, queries, rank);
                    if (run >= 0) {
                        times[path == Path.GRADIENT ? 1 : 0][run] = time;
                    }
                }
            }
            for (int way = 0; way < 2; way++) {
                both[way] = Sgemm.median(times[way]);
            }
            ScoringCost cost = new ScoringCost(layer, positions, queries, rank);
            boolean gradients = rank > 0
                    ? cost.multipliesOut(Path.CHEAPEST, false)
                    : cost.whole(Path.CHEAPEST, false) == Path.GRADIENT;
            boolean slower = gradients == both[0] < both[1];
            cases++;
            wrong += slower ? 1 : 0;
            seconds += both[gradients ? 1 : 0];
            best += Math.min(both[0], both[1]);
            return String.format(Locale.ROOT, " %.1f / %.1f%s |", 1e3 * both[0], 1e3 * both[1], slower ? " *" : "");
        }
    }

    /** From when the queries are ready, which the progress tells. */
    private double score(
            StoredCaptures captures, EigenbasisSolver solver, Path path, int positions, int queries, int rank) {
        long[] times = new long[2];
        ProgressListener watch = (stage, done, total) -> times[stage.equals("queries") ? 0 : 1] = System.nanoTime();
        ScoreOptions options = ScoreOptions.defaults()
                .withBatchSize(ROWS_PER_BATCH / positions)
                .withQueryBatchSize(queries);
        if (rank > 0) {
            options = options.withRank(QueryRank.randomised(rank, 1));
        }
        ExampleSource<Integer> asked = captures.source(queries);
        new InfluenceScorer<>(backend, captures, options, watch)
                .taking(ScoringWays.CHEAPEST.with(path))
                .pairwise(solver, asked, captures.source(ROWS / positions));
        return (times[1] - times[0]) / 1e9;
    }
}
