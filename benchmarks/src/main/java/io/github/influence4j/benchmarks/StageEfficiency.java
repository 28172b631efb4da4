package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.benchmarks.Floors.Least;
import io.github.influence4j.ekfac.internal.eigen.EigenbasisStage;
import io.github.influence4j.ekfac.internal.eigen.EigenvalueStage;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.factor.CovarianceStage;
import io.github.influence4j.ekfac.internal.factor.FisherObjectives;
import io.github.influence4j.ekfac.internal.factor.LayerCovariance;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.internal.solve.LayerCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.QueryRank;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.plan.DataShape;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * How near to their floors the stages come when the captures lie in memory already, the backend's own or the host's: no model
 * runs, and the captures are what is read.
 */
final class StageEfficiency implements AutoCloseable {

    private static final int RUNS = 5;

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
     * @param queries number of queries, at most {@code sequences}
     * @param resident whether the captures lie in the backend's memory, so that nothing is uploaded
     * @param sgemmOrder order of the plain products
     */
    record Size(
            List<LayerSpec> layers,
            int positions,
            int sequences,
            int batchSize,
            int queries,
            boolean resident,
            int sgemmOrder) {

        Size {
            if (sequences % batchSize != 0 || queries > sequences) {
                throw new IllegalArgumentException("batches of " + batchSize + " must divide " + sequences
                        + " sequences, and " + queries + " queries not be more than these");
            }
        }

        /** The two layers of a block of the smallest GPT-2, 128 positions, so many sequences as the device needs to be busy. */
        static Size gpt2(Device device) {
            boolean cuda = device == Device.CUDA;
            return new Size(
                    List.of(LayerSpec.tokens("up", 768, 3072), LayerSpec.tokens("down", 3072, 768)),
                    128,
                    cuda ? 1024 : 64,
                    cuda ? 128 : 32,
                    16,
                    cuda,
                    device.sgemmOrder());
        }
    }

    /**
     * One stage.
     *
     * @param seconds median of a pass
     * @param gflop work of a pass
     * @param overFloor the time over the least that it could be, see {@link Floors}
     */
    record StageRate(double seconds, double gflop, double overFloor) {

        private static StageRate of(double seconds, Least least) {
            return new StageRate(seconds, least.flops() / 1e9, seconds / least.seconds());
        }

        private String line(String stage) {
            return String.format(
                    Locale.ROOT,
                    "%-20s %9.4f s %10.1f GFLOP %10.1f GFLOP/s %6.3f floors%n",
                    stage,
                    seconds,
                    gflop,
                    gflop / seconds,
                    overFloor);
        }
    }

    /**
     * The rates of all stages.
     *
     * @param covariance of the covariance pass
     * @param lambda of the eigenvalue pass
     * @param scoreRank32 of scoring with queries of rank 32, their preparation not counted
     * @param rates that the floors are made of; of plain products the mean of the rates just before and after
     */
    record Efficiency(StageRate covariance, StageRate lambda, StageRate scoreRank32, Floors rates) {

        String table() {
            return String.format(
                            Locale.ROOT,
                            "sgemm %.1f GFLOP/s, copy %.1f GB/s%n",
                            rates.sgemm() / 1e9,
                            rates.copy() / 1e9)
                    + covariance.line("covariance")
                    + lambda.line("lambda")
                    + scoreRank32.line("scores of rank 32");
        }
    }

    private StageEfficiency(MatrixBackend backend, Size size) {
        this.backend = backend;
        this.size = size;
        this.captures = size.resident()
                ? StoredCaptures.resident(backend, size.layers(), size.positions(), size.sequences())
                : new StoredCaptures(size.layers(), size.positions(), size.sequences());
    }

    @Command(name = "StageEfficiency", mixinStandardHelpOptions = true)
    private static final class Measurement implements Callable<Integer> {

        @Option(names = "--device", defaultValue = "CPU", description = "chooses the defaults of the other options")
        private Device device = Device.CPU;

        @Option(names = "--sequences", description = "sequences of a pass")
        private Optional<Integer> sequences = Optional.empty();

        @Option(names = "--batch-size", description = "sequences per batch; divides those of a pass")
        private Optional<Integer> batchSize = Optional.empty();

        @Option(names = "--queries", description = "number of queries")
        private Optional<Integer> queries = Optional.empty();

        @Option(names = "--resident", description = "whether the captures lie in the backend's memory", arity = "1")
        private Optional<Boolean> resident = Optional.empty();

        @Option(names = "--sgemm-order", description = "order of the plain products")
        private Optional<Integer> sgemmOrder = Optional.empty();

        @Override
        public Integer call() {
            Size usual = Size.gpt2(device);
            Size size = new Size(
                    usual.layers(),
                    usual.positions(),
                    sequences.orElse(usual.sequences()),
                    batchSize.orElse(usual.batchSize()),
                    queries.orElse(usual.queries()),
                    resident.orElse(usual.resident()),
                    sgemmOrder.orElse(usual.sgemmOrder()));
            try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT32)) {
                System.out.printf(
                        Locale.ROOT,
                        "%s%n%s%n%s",
                        backend.description(),
                        size,
                        measure(backend, size).table());
            }
            return 0;
        }
    }

    /** Measures on the layers of the smallest GPT-2 and prints the rates; see {@code --help}. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Measurement())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(arguments));
    }

    /** Measures every stage, medians after one pass to warm up. */
    static Efficiency measure(MatrixBackend backend, Size size) {
        try (StageEfficiency efficiency = new StageEfficiency(backend, size)) {
            return efficiency.measure();
        }
    }

    private Efficiency measure() {
        Floors before = Floors.ofSquareProducts(backend, size.sgemmOrder());
        List<LayerCovariance> covariances = new ArrayList<>();
        List<LayerEigenbasis> bases = new ArrayList<>();
        try (CapturePass<Integer> pass = new CapturePass<>(backend, captures)) {
            double covariance = seconds(() -> {
                covariances.forEach(LayerCovariance::close);
                covariances.clear();
                covariances.addAll(CovarianceStage.fit(
                        backend,
                        pass,
                        captures.source(size.sequences()),
                        size.batchSize(),
                        fisher,
                        ProgressListener.silent()));
                covariances.forEach(one -> await(one.activation().orElseThrow(), one.gradient()));
            });
            covariances.forEach(c -> bases.add(EigenbasisStage.decompose(backend, c)));
            List<BackendMatrix> lambdas = new ArrayList<>();
            double lambda = seconds(() -> {
                lambdas.forEach(BackendMatrix::close);
                lambdas.clear();
                lambdas.addAll(EigenvalueStage.fit(
                        backend,
                        pass,
                        captures.source(size.sequences()),
                        new EigenvalueStage.Options(size.batchSize(), fisher, Rotation.CHEAPEST),
                        bases.stream().map(Optional::of).toList(),
                        ProgressListener.silent()));
                lambdas.forEach(StageEfficiency::await);
            });
            double score = scoreSeconds(lambdas, bases);
            double after = 1e9 * Sgemm.gflops(backend, size.sgemmOrder());
            Floors rates = new Floors((before.sgemm() + after) / 2, before.dgemm(), before.copy());
            DataShape shape = DataShape.of(size.sequences(), size.queries()).withPositions(size.positions());
            FitOptions fit = FitOptions.defaults().withBatchSize(size.batchSize());
            Map<String, Least> least = rates.ofCaptures(backend, size.layers(), shape, fit, scoreOptions());
            return new Efficiency(
                    StageRate.of(covariance, Floors.at(least, Floors.COVARIANCES)),
                    StageRate.of(lambda, Floors.at(least, Floors.EIGENVALUES)),
                    StageRate.of(score, Floors.at(least, Floors.SCORING)),
                    rates);
        } finally {
            covariances.forEach(LayerCovariance::close);
            bases.forEach(LayerEigenbasis::close);
        }
    }

    /** Reads a row of each, which waits for a backend that works asynchronously. */
    private static void await(Matrix... results) {
        for (Matrix result : results) {
            result.read(0, 1, new double[result.columns()], 0);
        }
    }

    /** Scoring starts when the queries are ready, which the progress tells; the first pass over the captures warms up. */
    private double scoreSeconds(List<BackendMatrix> lambdas, List<LayerEigenbasis> bases) {
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
        LayerDamping damping = LayerDamping.of(size.layers(), layer -> Damping.DEFAULT.resolve(1));
        Provenance provenance = Provenance.here(backend.description(), backend.precision(), Optional.empty());
        try (EigenbasisSolver solver = EigenbasisSolver.of(backend, curvatures, damping, provenance)) {
            new InfluenceScorer<>(backend, captures, scoreOptions(), watch)
                    .pairwise(solver, captures.source(size.queries()), captures.source((RUNS + 1) * size.sequences()));
        } finally {
            lambdas.forEach(BackendMatrix::close);
        }
        double[] seconds = new double[RUNS];
        for (int k = 0; k < RUNS; k++) {
            seconds[k] = (times.get(k + 1) - times.get(k)) / 1e9;
        }
        return Sgemm.median(seconds);
    }

    private static double seconds(Runnable pass) {
        double[] seconds = new double[RUNS];
        pass.run();
        for (int k = 0; k < RUNS; k++) {
            long start = System.nanoTime();
            pass.run();
            seconds[k] = (System.nanoTime() - start) / 1e9;
        }
        return Sgemm.median(seconds);
    }

    private ScoreOptions scoreOptions() {
        return ScoreOptions.defaults()
                .withRank(QueryRank.randomised(Workload.RANK, 1))
                .withBatchSize(size.batchSize())
                .withQueryBatchSize(size.queries());
    }

    @Override
    public void close() {
        captures.close();
    }
}
