package io.github.influence4j.openblas.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.linalg.Operand;
import io.github.influence4j.linalg.SymmetricEigen;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.bytedeco.openblas.global.openblas_full;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several threads that multiply and decompose get, bit for bit, what one thread alone gets. */
class ConcurrentProductsTest {

    /** Too small to be shared between cores, with enough multiplications that OpenBLAS would share them; and some larger. */
    private static final int[][] SHAPES = {{20, 12, 20}, {128, 64, 128}, {96, 200, 100}, {256, 64, 256}};

    private static final int THREADS = 3;
    private static final int ROUNDS = 500;
    private static final int DECOMPOSITIONS = 30;
    private static final int ORDER = 100;

    private final MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32);

    /** The build runs tests with one thread, with which nothing could go wrong. */
    private final int configured = openblas_full.openblas_get_num_threads();

    @BeforeEach
    void useTwoThreads() {
        openblas_full.openblas_set_num_threads(2);
    }

    @AfterEach
    void useThreadsAsBefore() {
        openblas_full.openblas_set_num_threads(configured);
    }

    private record Work(BackendMatrix a, BackendMatrix b, BackendMatrix c, float[] expected) {}

    @Test
    void neighboursDoNotMatter() throws InterruptedException, ExecutionException {
        int threads = openblas_full.openblas_get_num_threads();
        ExecutorService pool = Executors.newFixedThreadPool(THREADS + 1);
        List<List<Work>> works = new ArrayList<>();
        try (BackendMatrix symmetric = random(new SplittableRandom(9), ORDER, ORDER, Precision.FLOAT64)) {
            backend.mirrorUpper(symmetric);
            double[] values = eigenvalues(symmetric);
            for (int thread = 0; thread < THREADS; thread++) {
                works.add(works(thread));
            }
            List<Future<?>> tasks = new ArrayList<>();
            works.forEach(own -> tasks.add(pool.submit(() -> repeat(own))));
            tasks.add(pool.submit(() -> {
                for (int round = 0;
                        round < DECOMPOSITIONS && !Thread.currentThread().isInterrupted();
                        round++) {
                    assertArrayEquals(values, eigenvalues(symmetric));
                }
            }));
            for (Future<?> task : tasks) {
                task.get();
            }
        } finally {
            pool.shutdownNow();
            pool.awaitTermination(5, TimeUnit.MINUTES);
            works.forEach(own -> own.forEach(ConcurrentProductsTest::close));
        }
        assertEquals(threads, openblas_full.openblas_get_num_threads());
    }

    /** A task in {@link MatrixBackend#inParallel} has one core, wherever it runs, and errors come back. */
    @Test
    void tasksRunOnOneCoreEach() {
        int threads = backend.parallelism();
        List<Work> work = works(5);
        int[] inside = new int[4];
        backend.inParallel(4, k -> {
            inside[k] = backend.parallelism();
            backend.inParallel(2, inner -> assertEquals(1, ThreadUse.ofProcess().threads()));
            // the last shape is large enough to be shared between cores elsewhere, which may round otherwise
            float[] product =
                    product(work.get(k).a(), work.get(k).b(), work.get(k).c());
            if (k == 3) {
                assertArrayEquals(work.get(k).expected(), product, 1e-4f);
            } else {
                assertArrayEquals(work.get(k).expected(), product);
            }
        });
        assertArrayEquals(new int[] {1, 1, 1, 1}, inside);
        assertEquals(threads, backend.parallelism());
        for (int bad = 0; bad < 3; bad++) {
            int failing = bad;
            IllegalStateException e = assertThrows(
                    IllegalStateException.class,
                    () -> backend.inParallel(3, k -> {
                        if (k == failing) {
                            throw new IllegalStateException("task " + k);
                        }
                    }));
            assertEquals("task " + bad, e.getMessage());
            assertEquals(threads, openblas_full.openblas_get_num_threads());
        }
        work.forEach(ConcurrentProductsTest::close);
    }

    /** A batch that is divided among the cores gives what its members give one by one. */
    @Test
    void batchesAreTheirMembers() {
        int members = 37;
        SplittableRandom random = new SplittableRandom(4);
        try (BackendMatrix a = random(random, members * 60, 40, Precision.FLOAT32);
                BackendMatrix b = random(random, members * 60, 50, Precision.FLOAT32);
                BackendMatrix shared = random(random, 60, 50, Precision.FLOAT32);
                BackendMatrix batch = backend.zeros(members * 40, 50);
                BackendMatrix single = backend.zeros(members * 40, 50)) {
            assertEquals(2, ThreadUse.ofProcess().coresForBatch(members, 40 * 50 * 60));
            assertEquals(2, ThreadUse.ofProcess().coresForBatch(8, 1 << 22), "large members, four for each core");
            assertEquals(1, ThreadUse.ofProcess().coresForBatch(7, 1 << 22), "large members, too few to go round");
            for (boolean same : new boolean[] {false, true}) {
                Operand right = same ? Operand.of(shared).forAll() : Operand.of(b);
                backend.multiplyBatch(members, 1, Operand.transposed(a), right, 0, batch);
                for (int j = 0; j < members; j++) {
                    BackendMatrix factor = same ? shared : b.rows(j * 60, 60);
                    backend.multiply(
                            Operand.transposed(a.rows(j * 60, 60)), Operand.of(factor), single.rows(j * 40, 40));
                }
                assertArrayEquals(single.toArray(), batch.toArray());
            }
        }
    }

    /** A thin product has the same bits on one core as on two, and is that of float64. */
    @Test
    void thinProductsDoNotDependOnTheCores() {
        int columns = 100_001;
        SplittableRandom random = new SplittableRandom(5);
        try (BackendMatrix a = random(random, 8, columns, Precision.FLOAT32);
                BackendMatrix b = random(random, 16, columns, Precision.FLOAT32);
                BackendMatrix both = backend.zeros(8, 16);
                BackendMatrix one = backend.zeros(8, 16);
                BackendMatrix wideA = backend.copyOf(a, Precision.FLOAT64);
                BackendMatrix wideB = backend.copyOf(b, Precision.FLOAT64);
                BackendMatrix exact = backend.zeros(8, 16, Precision.FLOAT64)) {
            assertTrue(ThinProducts.has(8, 16, columns));
            backend.multiply(Operand.of(a), Operand.transposed(b), both);
            backend.inParallel(2, task -> {
                if (task == 0) {
                    backend.multiply(Operand.of(a), Operand.transposed(b), one);
                }
            });
            backend.multiply(Operand.of(wideA), Operand.transposed(wideB), exact);

            assertArrayEquals(both.toArray(), one.toArray());
            double largest = 0;
            for (double[] row : exact.toArray()) {
                largest = Math.max(
                        largest, Arrays.stream(row).map(Math::abs).max().orElse(0));
            }
            for (int r = 0; r < 8; r++) {
                assertArrayEquals(
                        exact.toArray()[r], both.toArray()[r], largest * Tolerances.REORDERED_FLOAT32, "row " + r);
            }
        }
    }

    /** The bands of a triangle are the whole. */
    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void bandsAreTheTriangle(int cores) {
        openblas_full.openblas_set_num_threads(cores);
        int n = 200 * cores;
        SplittableRandom random = new SplittableRandom(6);
        try (BackendMatrix a = random(random, 520, n, Precision.FLOAT32);
                BackendMatrix bands = backend.zeros(n, n);
                BackendMatrix whole = backend.zeros(n, n)) {
            assertEquals(cores, ThreadUse.ofProcess().coresForTriangle(n, 0.5 * 520 * n * n));
            backend.rankUpdate(1, a, 0, bands);
            backend.mirrorUpper(bands);
            backend.multiply(Operand.transposed(a), Operand.of(a), whole);
            double[][] expected = whole.toArray();
            double[][] found = bands.toArray();
            for (int r = 0; r < n; r++) {
                assertArrayEquals(expected[r], found[r], expected[0][0] * Tolerances.REORDERED_FLOAT32, "row " + r);
            }
        }
    }

    private static void close(Work work) {
        work.a().close();
        work.b().close();
        work.c().close();
    }

    private List<Work> works(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Work> works = new ArrayList<>();
        for (int[] shape : SHAPES) {
            BackendMatrix a = random(random, shape[0], shape[1], Precision.FLOAT32);
            BackendMatrix b = random(random, shape[2], shape[1], Precision.FLOAT32);
            BackendMatrix c = backend.zeros(shape[0], shape[2]);
            works.add(new Work(a, b, c, product(a, b, c)));
        }
        return works;
    }

    private void repeat(List<Work> works) {
        for (int round = 0; round < ROUNDS && !Thread.currentThread().isInterrupted(); round++) {
            for (Work work : works) {
                assertArrayEquals(work.expected(), product(work.a(), work.b(), work.c()));
            }
        }
    }

    private float[] product(BackendMatrix a, BackendMatrix b, BackendMatrix c) {
        float[] numbers = new float[c.rows() * c.columns()];
        backend.multiply(Operand.of(a), Operand.transposed(b), c);
        c.read(0, c.rows(), numbers, 0);
        return numbers;
    }

    private double[] eigenvalues(BackendMatrix a) {
        try (SymmetricEigen eigen = backend.eigen(a)) {
            return eigen.values();
        }
    }

    private BackendMatrix random(SplittableRandom random, int rows, int columns, Precision precision) {
        double[] numbers = random.doubles((long) rows * columns, -1, 1).toArray();
        return backend.copyOf(Matrix.of(numbers, rows, columns), precision);
    }
}
