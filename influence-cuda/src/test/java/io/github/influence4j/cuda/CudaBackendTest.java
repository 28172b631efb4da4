package io.github.influence4j.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.RandomSequences;
import io.github.influence4j.ekfac.RandomSequences.Sequence;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.factor.CovarianceStage;
import io.github.influence4j.ekfac.internal.factor.FisherObjectives;
import io.github.influence4j.ekfac.internal.factor.LayerCovariance;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.DeviceMemoryException;
import io.github.influence4j.linalg.Operand;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/** What is particular to this backend: memory of the card, and of others on it. */
@ResourceLock(Resources.SYSTEM_PROPERTIES)
class CudaBackendTest {

    @BeforeEach
    void assumeTestable() {
        String reason = System.getProperty("influence.test.skip", "");
        Assumptions.assumeTrue(reason.isEmpty(), reason);
    }

    private static CudaBackend backend(Precision precision) {
        return new CudaBackend(precision, CudaDevice.get());
    }

    @Test
    void saysWhatItRunsOn() {
        try (CudaBackend backend = backend(Precision.FLOAT32)) {
            assertTrue(backend.description().startsWith("CUDA on "), backend.description());
            assertTrue(backend.description().contains("compute capability"), backend.description());
            assertTrue(backend.availableMemory() > 1_000_000);
        }
    }

    @Test
    void worksOnMemoryOfOthers() {
        try (CudaBackend backend = backend(Precision.FLOAT32);
                CudaMatrix theirs = backend.zeros(4, 5, Precision.FLOAT32)) {
            long before = CudaDevice.get().used();
            BackendMatrix wrapped = backend.wrap(theirs.address(), 4, 3, 5, Precision.FLOAT32);
            backend.upload(Matrix.of(new double[][] {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}, {10, 11, 12}}), wrapped);
            assertTrue(backend.holds(wrapped));
            wrapped.close();
            assertEquals(before, CudaDevice.get().used(), "closing frees nothing");
            assertArrayEquals(new double[] {10, 11, 12, 0, 0}, theirs.toArray()[3]);
            assertThrows(
                    IllegalArgumentException.class, () -> backend.wrap(theirs.address(), 4, 5, 3, Precision.FLOAT32));
            assertThrows(IllegalArgumentException.class, () -> backend.wrap(0, 4, 5, 5, Precision.FLOAT32));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> backend.wrap(theirs.address() + 2, 1, 1, 1, Precision.FLOAT32));
        }
    }

    @Test
    void backendsOfAProcessShareTheCard() {
        try (CudaBackend single = backend(Precision.FLOAT32);
                CudaBackend twofold = backend(Precision.FLOAT64);
                BackendMatrix a = single.copyOf(Matrix.of(new double[][] {{1, 2}, {3, 4}}), Precision.FLOAT32);
                BackendMatrix b = twofold.copyOf(a, Precision.FLOAT64);
                BackendMatrix c = twofold.zeros(2, 2)) {
            assertTrue(twofold.holds(a));
            twofold.multiply(Operand.of(b), Operand.transposed(b), c);
            assertArrayEquals(new double[] {11, 25}, c.toArray()[1]);
        }
    }

    @Test
    void multipliesMoreMembersThanAGridHasLayers() {
        int members = 70_000;
        float[] numbers = new float[2 * members];
        for (int k = 0; k < numbers.length; k++) {
            numbers[k] = k % 97;
        }
        try (CudaBackend backend = backend(Precision.FLOAT32);
                BackendMatrix a = backend.copyOf(Matrix.of(numbers, 2 * members, 1), Precision.FLOAT32);
                BackendMatrix shared = backend.copyOf(Matrix.of(new double[][] {{3, 4}}), Precision.FLOAT32);
                BackendMatrix c = backend.zeros(members, 1)) {
            backend.multiplyBatch(members, 1, Operand.of(shared).forAll(), Operand.of(a), 0, c);
            float[] products = new float[members];
            c.read(0, members, products, 0);
            for (int k = 0; k < members; k++) {
                assertEquals(3 * numbers[2 * k] + 4 * numbers[2 * k + 1], products[k]);
            }
        }
    }

    /** A transfer is not where to stop: who runs the pass looks at the flag. */
    @Test
    void transfersOutliveAnInterruption() {
        try (CudaBackend backend = backend(Precision.FLOAT32);
                BackendMatrix a = backend.zeros(2, 2)) {
            Thread.currentThread().interrupt();
            backend.upload(new float[] {1, 2, 3, 4}, a);
            assertTrue(backend.isFinite(a));
            assertArrayEquals(new double[] {3, 4}, a.toArray()[1]);
            assertTrue(Thread.interrupted());
        }
    }

    @Test
    void aTaskThatFailsWaitsForTheOthers() {
        try (CudaBackend backend = backend(Precision.FLOAT32)) {
            AtomicInteger ended = new AtomicInteger();
            IllegalStateException e = assertThrows(
                    IllegalStateException.class,
                    () -> backend.inParallel(8, task -> {
                        ended.incrementAndGet();
                        if (task == 3) {
                            throw new IllegalStateException("task 3");
                        }
                    }));
            assertEquals("task 3", e.getMessage());
            assertEquals(8, ended.get());
        }
    }

    @Test
    void forgottenMatricesComeBack() throws InterruptedException {
        try (CudaBackend backend = backend(Precision.FLOAT64)) {
            long before = CudaDevice.get().used();
            for (int k = 0; k < 20; k++) {
                assertTrue(backend.zeros(100, 100, Precision.FLOAT64).packed());
            }
            for (int k = 0; k < 100 && CudaDevice.get().used() > before; k++) {
                System.gc();
                Thread.sleep(20);
            }
            assertTrue(CudaDevice.get().used() <= before, "bytes that nobody refers to are still taken");
        }
    }

    @Test
    void memoryDoesNotGrowWithTheBatches() {
        try (CudaBackend backend = backend(Precision.FLOAT32);
                CapturePass<Sequence> pass = new CapturePass<>(backend, RandomSequences.mixed())) {
            FisherObjectives fisher = new FisherObjectives(List.of(new Objective.SampledLabels(0)), 1);
            long before = CudaDevice.get().used();
            long[] early = new long[1];
            long[] late = new long[1];
            ProgressListener watch = (stage, done, total) -> {
                if (done == 20) {
                    early[0] = CudaDevice.get().used();
                }
                late[0] = Math.max(late[0], done > 20 ? CudaDevice.get().used() : 0);
            };
            CovarianceStage.fit(backend, pass, RandomSequences.sequences(2_000, 1), 2, fisher, watch)
                    .forEach(LayerCovariance::close);
            assertTrue(early[0] > before);
            // buffers of the longest sequences may come after the first ten batches
            assertTrue(late[0] <= early[0] + 4096, "after 10 batches " + early[0] + " bytes, after 1,000 " + late[0]);
        }
    }

    @Test
    void runningOutOfMemoryNamesTheStageAndThePlan() {
        FitOptions options = FitOptions.defaults().withMemoryLimit(1L << 30);
        ScoreOptions score = ScoreOptions.defaults().withMemoryLimit(1L << 30);
        try (CudaBackend backend = backend(Precision.FLOAT32);
                EigenbasisCurvature curvature = EigenbasisApproximator.<Sequence>of(backend, options)
                        .fit(RandomSequences.mixed(), RandomSequences.sequences(10, 1));
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            InfluenceScorer<Sequence> scorer =
                    new InfluenceScorer<>(backend, RandomSequences.mixed(), score, ProgressListener.silent());
            runsOut(
                    () -> EigenbasisApproximator.<Sequence>of(backend, options)
                            .fit(RandomSequences.mixed(), RandomSequences.sequences(10, 1)),
                    "covariances",
                    "planned to take");
            runsOut(
                    () -> scorer.pairwise(solver, RandomSequences.sequences(3, 50), RandomSequences.sequences(10, 1)),
                    "query preparation (3 queries are planned to take");
            runsOut(() -> scorer.self(solver, RandomSequences.sequences(10, 1)), "self-influence");
        }
    }

    private static void runsOut(Executable work, String... parts) {
        String before = System.getProperty(CudaDevice.MEMORY, "");
        System.setProperty(CudaDevice.MEMORY, Long.toString(CudaDevice.get().used() + 100));
        try {
            assertTrue(CudaDevice.get().availableMemory() <= 100);
            DeviceMemoryException e = assertThrows(DeviceMemoryException.class, work);
            for (String part : parts) {
                assertTrue(e.toString().contains(part), () -> "expected '" + part + "' in " + e);
            }
            assertTrue(e.toString().contains("not enough memory for a FLOAT32 matrix"), e.toString());
        } finally {
            if (before.isEmpty()) {
                System.clearProperty(CudaDevice.MEMORY);
            } else {
                System.setProperty(CudaDevice.MEMORY, before);
            }
        }
    }
}
