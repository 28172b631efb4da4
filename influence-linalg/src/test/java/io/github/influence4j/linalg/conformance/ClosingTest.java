package io.github.influence4j.linalg.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Closing takes effect after the operations that were asked for: what runs while its matrix is closed computes the right numbers, and
 * what comes later is refused.
 */
@ParameterizedClass
@MethodSource("io.github.influence4j.linalg.conformance.BackendUnderTest#all")
class ClosingTest {

    private static final int N = 300;
    private static final int ROUNDS = 40;

    private final MatrixBackend backend;

    ClosingTest(BackendUnderTest under) {
        backend = under.backend();
    }

    /** The source of an upload closes its target in the middle, and somebody else takes memory. */
    @Test
    void anUploadIsFinishedFirst() {
        BackendMatrix target = backend.zeros(600, 700);
        BackendMatrix[] next = new BackendMatrix[1];
        backend.upload(
                new Ones(600, 700, () -> {
                    if (next[0] == null) {
                        target.close();
                        next[0] = backend.zeros(600, 700);
                    }
                }),
                target);
        try (BackendMatrix untouched = next[0]) {
            assertArrayEquals(new double[600][700], untouched.toArray(), "memory of the next matrix was written");
        }
        IllegalStateException e = assertThrows(IllegalStateException.class, target::toArray);
        assertTrue(e.toString().contains("closed"), e.toString());
    }

    @Test
    void productsAreRight() {
        race((x, y, z) -> backend.multiply(Operand.of(x), Operand.of(y), z), (x, y, z) -> assertEquals(N, single(z)));
    }

    @Test
    void batchesAreRight() {
        race(
                (x, y, z) -> backend.multiplyBatch(
                        N / 10, 1, Operand.of(x), Operand.of(y).forAll(), 0, z),
                (x, y, z) -> assertEquals(N, single(z)));
    }

    @Test
    void elementwiseWorkIsRight() {
        race((x, y, z) -> backend.multiplyElements(x, y, z), (x, y, z) -> assertEquals(1, single(z)));
        race((x, y, z) -> backend.addScaled(2, y, z), (x, y, z) -> assertEquals(2, single(z)));
    }

    @Test
    void readingIsRight() {
        race((x, y, z) -> assertEquals(1, single(y)), (x, y, z) -> {});
    }

    private interface Work {
        void with(BackendMatrix x, BackendMatrix y, BackendMatrix z);
    }

    /** Closes y at any moment of the work on x, y (ones) and z (zeros), and puts other numbers where its memory may have been. */
    private void race(Work work, Work check) {
        long longest = 0;
        SplittableRandom random = new SplittableRandom(3);
        float[] one = new float[N * N];
        Arrays.fill(one, 1);
        float[] other = new float[N * N];
        Arrays.fill(other, -7);
        int finished = 0;
        for (int round = 0; round < ROUNDS; round++) {
            try (BackendMatrix x = backend.zeros(N, N);
                    BackendMatrix y = backend.zeros(N, N);
                    BackendMatrix z = backend.zeros(N, N)) {
                backend.upload(one, x);
                backend.upload(one, y);
                long start = System.nanoTime();
                CompletableFuture<Void> running = CompletableFuture.runAsync(() -> work.with(x, y, z));
                if (round == 0) {
                    running.join();
                    longest = System.nanoTime() - start;
                }
                LockSupport.parkNanos((long) (longest * random.nextDouble()));
                y.close();
                try (BackendMatrix taken = backend.uninitialised(N, N, backend.precision())) {
                    backend.upload(other, taken);
                    running.join();
                    check.with(x, y, z);
                    finished++;
                } catch (CompletionException e) {
                    // came after it was closed
                    assertTrue(e.toString().contains("IllegalStateException: the matrix was closed"), e.toString());
                }
            }
        }
        assertTrue(finished > 0);
    }

    /** The number that all of a matrix are. */
    private static double single(BackendMatrix matrix) {
        float[] numbers = new float[matrix.rows() * matrix.columns()];
        matrix.read(0, matrix.rows(), numbers, 0);
        for (int k = 0; k < numbers.length; k++) {
            assertEquals(numbers[0], numbers[k], "number " + k);
        }
        return numbers[0];
    }

    /** Ones, and something that happens whenever some are read. */
    private record Ones(int rows, int columns, Runnable whenRead) implements Matrix {

        @Override
        public Precision precision() {
            return Precision.FLOAT32;
        }

        @Override
        public void read(int firstRow, int rowCount, float[] target, int offset) {
            whenRead.run();
            Arrays.fill(target, offset, offset + rowCount * columns, 1);
        }

        @Override
        public void read(int firstRow, int rowCount, double[] target, int offset) {
            whenRead.run();
            Arrays.fill(target, offset, offset + rowCount * columns, 1);
        }
    }
}
