package io.github.influence4j.benchmarks;

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
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StagePartsTest {

    private static final int SLEEP_MILLIS = 50;

    @TempDir
    Path folder;

    @Test
    void theTimesOfOperationsAreTakenAndTheirResultsAreTheSame() {
        double[][] numbers = {{1, 2}, {3, 4}};
        try (MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64)) {
            TimedBackend timed = TimedBackend.of(backend);
            MatrixBackend proxy = timed.backend();
            try (BackendMatrix a = proxy.copyOf(Matrix.of(numbers), Precision.FLOAT64);
                    BackendMatrix c = proxy.zeros(2, 2)) {
                proxy.multiply(Operand.of(a), Operand.of(a), c);
                assertArrayEquals(new double[] {7, 10}, c.toArray()[0]);
                assertEquals(Set.of("copyOf", "multiply", "zeros"), timed.take().keySet());
                assertTrue(timed.take().isEmpty());
                proxy.inParallel(1, task -> proxy.rankUpdate(1, a, 0, c));
                proxy.inParallel(1, task -> proxy.addScaled(1, a, c));
                assertEquals(
                        Set.of("rankUpdate", "addScaled", "inParallel"),
                        timed.take().keySet());
                assertThrows(
                        IllegalArgumentException.class,
                        () -> proxy.multiply(Operand.of(a), Operand.of(a), c.rows(0, 1)));
            }
        }
    }

    /** Two tasks of which each multiplies and sleeps: the sleep is the host's. */
    @Test
    void whatTasksDoBesideProductsIsNotTheBackends() {
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32);
                BackendMatrix a = backend.zeros(2, 2);
                BackendMatrix c = backend.zeros(4, 2)) {
            TimedBackend timed = TimedBackend.of(backend);
            MatrixBackend proxy = timed.backend();
            long start = System.nanoTime();
            proxy.inParallel(2, task -> {
                proxy.multiply(Operand.of(a), Operand.of(a), c.rows(2 * task, 2));
                sleep(SLEEP_MILLIS);
            });
            double whole = (System.nanoTime() - start) / 1e9;
            Map<String, Double> taken = timed.take();
            assertEquals(Set.of("multiply"), taken.keySet());
            assertTrue(
                    taken.getOrDefault("multiply", Double.NaN) <= whole - SLEEP_MILLIS / 1e3,
                    () -> taken + " of " + whole);
        }
    }

    private static void sleep(int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void theTimeOfAStageIsThatOfItsParts() throws IOException {
        Workload workload = Workload.named("tiny-mlp");
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            Map<Stage, StageParts> parts = StageParts.of(backend, WorkloadData.make(workload, backend), folder, 2);
            assertEquals(workload.stages(), parts.keySet());
            parts.forEach((stage, part) -> {
                assertTrue(part.counted() > 0 && part.outside() > 0, () -> stage + ": " + part);
                assertEquals(part.seconds(), part.counted() + part.elements() + part.outside(), 1e-9);
            });
        }
    }
}
