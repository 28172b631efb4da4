package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.FitOptions.Rotation;
import io.github.influence4j.ekfac.eigen.EigenbasisStage;
import io.github.influence4j.ekfac.eigen.EigenvalueStage;
import io.github.influence4j.ekfac.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.factor.CapturePass;
import io.github.influence4j.ekfac.factor.CovarianceStage;
import io.github.influence4j.ekfac.factor.FisherObjectives;
import io.github.influence4j.ekfac.factor.LayerCovariance;
import io.github.influence4j.ekfac.score.InfluenceScorer;
import io.github.influence4j.ekfac.score.QueryRank;
import io.github.influence4j.ekfac.score.ScoreOptions;
import io.github.influence4j.ekfac.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.solve.LayerCurvature;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * How near to the machine's rate of plain products the stages come when the captures lie in memory already.
 *
 * <p>Flops are counted as in {@link StageFlops}.
 */
final class StageEfficiency {

    private static final int RUNS = 3;
    private static final int RANK = 32;

    private final MatrixBackend backend;
    private final Size size;
    private final StoredCaptures captures;
    private final FisherObjectives fisher = new FisherObjectives(List.of(new Objective.TrainingLoss()), 1);

    /**
     * What is measured on.
     *
     * @param layers the layers
     * @param positions t
     * @param sequences sequences of a pass
     * @param batchSize sequences per batch; divides {@code sequences}
     * @param queries number of queries
     */
    record Size(List<LayerSpec> layers, int positions, int sequences, int batchSize, int queries) {

        /** The two layers of a block of the smallest GPT-2, 128 positions. */
        static Size gpt2() {
            return new Size(
                    List.of(LayerSpec.tokens("up", 768, 3072), LayerSpec.tokens("down", 3072, 768)), 128, 64, 32, 16);
        }
    }

    /**
     * Rates as fractions of the rate of plain products in the same process.
     *
     * @param covariance of the covariance pass
     * @param lambda of the eigenvalue pass
     * @param scoreRank32 of scoring with queries of rank 32, their preparation not counted
     * @param sgemmGflops mean of the rates of plain products just before and after
     */
    record Efficiency(double covariance, double lambda, double scoreRank32, double sgemmGflops) {}

    StageEfficiency(MatrixBackend backend, Size size) {
        this.backend = backend;
        this.size = size;
        this.captures = new StoredCaptures(size.layers(), size.positions(), size.sequences());
    }

    /** Measures on the layers of the smallest GPT-2 and prints the rates. */
    public static void main(String[] arguments) {
        try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT32)) {
            Efficiency efficiency = new StageEfficiency(backend, Size.gpt2()).measure();
            System.out.printf(
                    Locale.ROOT,
                    "sgemm %.1f GFLOP/s; of it covariance %.3f, lambda %.3f, scores of rank 32 %.3f%n",
                    efficiency.sgemmGflops(),
                    efficiency.covariance(),
                    efficiency.lambda(),
                    efficiency.scoreRank32());
        }
    }

    /** Measures every stage, median of three after one to warm up. */
    Efficiency measure() {
        double before = Sgemm.gflops(backend);
        List<LayerCovariance> covariances = new ArrayList<>();
        List<LayerEigenbasis> bases = new ArrayList<>();
        try (CapturePass<Integer> pass = new CapturePass<>(backend, captures)) {
            double covariance = rate(work(StageFlops::covariance), () -> {
                covariances.forEach(LayerCovariance::close);
                covariances.clear();
                covariances.addAll(CovarianceStage.fit(
                        backend,
                        pass,
                        captures.source(size.sequences()),
                        size.batchSize(),
                        fisher,
                        ProgressListener.silent()));
            });
            covariances.forEach(c -> bases.add(EigenbasisStage.decompose(backend, c)));
            List<BackendMatrix> lambdas = new ArrayList<>();
            double lambda = rate(work(StageFlops::lambda), () -> {
                lambdas.forEach(BackendMatrix::close);
                lambdas.clear();
                lambdas.addAll(EigenvalueStage.fit(
                        backend,
                        pass,
                        captures.source(size.sequences()),
                        new EigenvalueStage.Options(size.batchSize(), fisher, Rotation.CHEAPEST),
                        bases.stream().map(Optional::of).toList(),
                        ProgressListener.silent()));
            });
            double score = scoreRate(lambdas, bases);
            double sgemm = (before + Sgemm.gflops(backend)) / 2;
            return new Efficiency(covariance / sgemm, lambda / sgemm, score / sgemm, sgemm);
        } finally {
            covariances.forEach(LayerCovariance::close);
            bases.forEach(LayerEigenbasis::close);
        }
    }

    /** Scoring starts when the queries are ready, which the progress tells; the first pass over the captures warms up. */
    private double scoreRate(List<BackendMatrix> lambdas, List<LayerEigenbasis> bases) {
        List<LayerCurvature> curvatures = new ArrayList<>();
        for (int l = 0; l < bases.size(); l++) {
            curvatures.add(
                    LayerCurvature.of(size.layers().get(l), Optional.of(bases.get(l)), Optional.of(lambdas.get(l))));
        }
        long warm = size.sequences();
        List<Long> times = new ArrayList<>();
        ProgressListener watch = (stage, done, total) -> {
            if (stage.equals("scores") && done >= warm && done % warm == 0) {
                times.add(System.nanoTime());
            }
        };
        ScoreOptions options = ScoreOptions.defaults()
                .withRank(QueryRank.randomised(RANK, 1))
                .withBatchSize(size.batchSize())
                .withQueryBatchSize(size.queries());
        LayerDamping damping = LayerDamping.of(size.layers(), layer -> Damping.DEFAULT.resolve(1));
        Provenance provenance = Provenance.here(backend.description(), backend.precision(), Optional.empty());
        try (EigenbasisSolver solver = EigenbasisSolver.of(backend, curvatures, damping, provenance)) {
            new InfluenceScorer<>(backend, captures, options, watch)
                    .pairwise(solver, captures.source(size.queries()), captures.source((RUNS + 1) * size.sequences()));
        } finally {
            lambdas.forEach(BackendMatrix::close);
        }
        double[] seconds = new double[RUNS];
        for (int k = 0; k < RUNS; k++) {
            seconds[k] = (times.get(k + 1) - times.get(k)) / 1e9;
        }
        return size.queries() * work(layer -> StageFlops.lowRankScores(layer, RANK)) / Sgemm.median(seconds);
    }

    private static double rate(double gflop, Runnable pass) {
        double[] seconds = new double[RUNS];
        pass.run();
        for (int k = 0; k < RUNS; k++) {
            long start = System.nanoTime();
            pass.run();
            seconds[k] = (System.nanoTime() - start) / 1e9;
        }
        return gflop / Sgemm.median(seconds);
    }

    /** GFLOP of one pass over the sequences, given the flops of a row. */
    private double work(ToDoubleFunction<LayerSpec> flopsPerRow) {
        double rows = (double) size.sequences() * size.positions();
        return 1e-9 * rows * size.layers().stream().mapToDouble(flopsPerRow).sum();
    }
}
