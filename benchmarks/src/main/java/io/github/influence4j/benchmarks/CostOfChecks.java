package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.FiniteCheck;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.linalg.MemoryUse;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.Sha256;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CaptureWriter;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.runs.FitRun;
import io.github.influence4j.store.runs.ScoreRun;
import io.github.influence4j.store.scores.ScoreFormat;
import io.github.influence4j.store.scores.ScoreWriter;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * What the checks cost that a run of captures from files makes: each is timed by itself on as much as a fit and a scoring of moderate
 * size put through it, and compared with what these take.
 *
 * <p>Three layers of 512 inputs and outputs with bias, 1,024 sequences of 64 positions in eight files for the fit and for the training
 * set, 16 queries; OpenBLAS in float32.
 */
public final class CostOfChecks {

    private static final int RUNS = 5;
    private static final int LAYERS = 3;
    private static final int WIDTH = 512;
    private static final int POSITIONS = 64;
    private static final int EXAMPLES = 1024;
    private static final int SHARDS = 8;
    private static final int QUERIES = 16;

    /** Captures of the fit's two passes. */
    private static final long FITTED = 2L * EXAMPLES;

    /** Captures of the scoring's pass, of training set and queries. */
    private static final long SCORED = EXAMPLES + QUERIES;

    /** Matrices of an operation, at most. */
    private static final int OPERANDS = 3;

    private final Path folder;
    private final MatrixBackend backend;
    private final AtomicLong operations = new AtomicLong();

    private CostOfChecks(Path folder, MatrixBackend backend) {
        this.folder = folder;
        this.backend = counting(backend);
    }

    /**
     * Measures and prints a Markdown table.
     *
     * @param arguments none
     * @throws IOException if files cannot be written to java.io.tmpdir, which must have 1 GB
     */
    public static void main(String[] arguments) throws IOException {
        Path folder = Files.createTempDirectory("checks");
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            System.out.println(Machine.here(backend));
            new CostOfChecks(folder, backend).print();
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    /** A backend that counts what is asked of it. */
    private MatrixBackend counting(MatrixBackend counted) {
        return (MatrixBackend) Proxy.newProxyInstance(
                MatrixBackend.class.getClassLoader(),
                new Class<?>[] {MatrixBackend.class},
                (proxy, method, arguments) -> {
                    operations.incrementAndGet();
                    try {
                        return method.invoke(counted, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private interface Work {
        void run() throws IOException;
    }

    /** The median of some runs, after one that counts for nothing. */
    private static double seconds(Work work) throws IOException {
        double[] seconds = new double[RUNS];
        for (int k = -1; k < RUNS; k++) {
            long start = System.nanoTime();
            work.run();
            if (k >= 0) {
                seconds[k] = (System.nanoTime() - start) / 1e9;
            }
        }
        return Sgemm.median(seconds);
    }

    private void print() throws IOException {
        Path sampled = write("sampled", CaptureObjective.SAMPLED, SHARDS, EXAMPLES / SHARDS);
        Path train = write("train", CaptureObjective.TRAINING, SHARDS, EXAMPLES / SHARDS);
        Path queries = write("queries", CaptureObjective.MEASUREMENT, 1, QUERIES);
        HashedBytes.count();
        long before = written();
        pipeline(sampled, train, queries);
        long hashed = HashedBytes.counted();
        // what is not hashed; the little that is read back of it was written by a scoring
        long kept = written() - before - hashed / 2;
        long counted = operations.get();
        double whole = seconds(() -> pipeline(sampled, train, queries));

        Path file = train.resolve("shard-0.safetensors");
        System.out.printf(Locale.ROOT, "fit and scores: %.2f s%n%n", whole);
        System.out.println("| check | put through it | seconds | share |");
        System.out.println("|---|---|---|---|");
        long numbers = LAYERS * POSITIONS * (2L * WIDTH + 1);
        double all = row(
                "the fit's captures are finite",
                FITTED * numbers + " numbers",
                seconds(() -> each(FITTED * numbers, FiniteCheck::finite)),
                whole);
        all += row(
                "the scoring's captures are finite, and their scale",
                SCORED * numbers + " numbers",
                seconds(() -> each(SCORED * numbers, (batch, count) -> FiniteCheck.largest(batch, count) < 2)),
                whole);
        all += row(
                "SHA-256 of factors and scores",
                hashed + " bytes",
                seconds(() -> Sha256.of(file)) * hashed / Files.size(file),
                whole);
        try (SafetensorsFile open = SafetensorsFile.open(file)) {
            all += row(
                    "CRC-32C of what a run keeps",
                    kept + " bytes",
                    seconds(open::crc32c) * kept / Files.size(file),
                    whole);
        }
        all += row("closing waits for calls", counted * OPERANDS + " operands", seconds(() -> guard(counted)), whole);
        all += row(
                "no id comes twice", 2 * (FITTED + SCORED) + " ids", seconds(() -> ids(2 * (FITTED + SCORED))), whole);
        all += row("files are as they were", 4 * SHARDS + " files", seconds(() -> times(sampled)), whole);
        row("together", "", all, whole);
    }

    private static double row(String check, String amount, double seconds, double whole) {
        System.out.printf(Locale.ROOT, "| %s | %s | %.4f | %.2f %% |%n", check, amount, seconds, 100 * seconds / whole);
        return seconds;
    }

    private Path write(String name, CaptureObjective objective, int shards, int examples) throws IOException {
        Path captures = Files.createDirectories(folder.resolve(name));
        CaptureWriter writer = new CaptureWriter(objective, Optional.empty(), TensorType.F32);
        int rows = examples * POSITIONS;
        for (int s = 0; s < shards; s++) {
            List<LayerCapture> layers = new ArrayList<>();
            for (int l = 0; l < LAYERS; l++) {
                layers.add(LayerCapture.of(
                        LayerSpec.tokens("layer" + l, WIDTH, WIDTH),
                        examples,
                        POSITIONS,
                        random(rows, s),
                        random(rows, -s)));
            }
            long first = (long) s * examples;
            writer.write(
                    captures.resolve("shard-" + s + ".safetensors"),
                    LongStream.range(first, first + examples).toArray(),
                    layers);
        }
        return captures;
    }

    private static Matrix random(int rows, int seed) {
        return Matrix.of(RandomNumbers.uniform(rows * WIDTH, seed), rows, WIDTH);
    }

    private void pipeline(Path sampled, Path train, Path queries) throws IOException {
        Path factors = folder.resolve("factors");
        try (CaptureSet set = CaptureSet.open(sampled)) {
            FitRun.of(backend, FitOptions.defaults(), set, ProgressListener.silent())
                    .run(factors, false);
        }
        try (CaptureSet set = CaptureSet.open(train);
                CaptureSet asked = CaptureSet.open(queries)) {
            ScoreWriter out = new ScoreWriter(folder.resolve("scores"), ScoreFormat.SAFETENSORS);
            ScoreRun.of(
                            backend,
                            FactorStore.open(factors),
                            Damping.DEFAULT,
                            ScoreOptions.defaults(),
                            set,
                            ProgressListener.silent())
                    .pairwise(asked, ScoreRun.Result.all(), out, false);
        }
    }

    private interface Check {
        boolean holds(float[] numbers, int count);
    }

    /** By as many cores as captures are brought to the backend by. */
    private void each(long numbers, Check check) {
        float[] batch = RandomNumbers.uniform(1 << 18, 1);
        int tasks = backend.parallelism();
        backend.inParallel(tasks, task -> {
            for (long done = 0; done < numbers / tasks; done += batch.length) {
                if (!check.holds(batch, (int) Math.min(batch.length, numbers / tasks - done))) {
                    throw new IllegalStateException("these random numbers are less than 1");
                }
            }
        });
    }

    private static void guard(long count) {
        MemoryUse use = new MemoryUse(() -> {});
        for (long k = 0; k < count * OPERANDS; k++) {
            use.enter();
            use.leave();
        }
    }

    private static void ids(long count) {
        Set<Long> seen = new HashSet<>();
        LongStream.range(0, count).forEach(seen::add);
        if (seen.size() != count) {
            throw new IllegalStateException("an id came twice");
        }
    }

    private static void times(Path captures) throws IOException {
        for (int k = 0; k < 4; k++) {
            try (CaptureSet set = CaptureSet.open(captures)) {
                if (set.size() != EXAMPLES) {
                    throw new IllegalStateException(captures + " has " + set.size() + " examples");
                }
            }
        }
    }

    /** Bytes that this process has written, where the system counts them. */
    private static long written() throws IOException {
        Path counters = Path.of("/proc/self/io");
        if (!Files.isReadable(counters)) {
            throw new IllegalStateException("needs Linux, whose " + counters + " counts what is written");
        }
        return Files.readAllLines(counters).stream()
                .filter(line -> line.startsWith("wchar: "))
                .mapToLong(line -> Long.parseLong(line.substring("wchar: ".length())))
                .sum();
    }
}
