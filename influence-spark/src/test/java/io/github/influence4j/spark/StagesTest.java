package io.github.influence4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.linalg.MatrixBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a listener is told of stages and their tasks, and how they are cancelled. */
@ExtendWith(Local.Idle.class)
class StagesTest {

    @TempDir
    private Path folder;

    @BeforeEach
    void nothingHasBegun() {
        Slow.BEGUN.drainPermits();
    }

    private static SparkExamples<double[], double[]> examples(int partitions) {
        return new SparkExamples<>(
                Local.context()
                        .parallelize(
                                new ArrayList<>(LongStream.range(0, 12)
                                        .mapToObj(RowModel::row)
                                        .toList()),
                                partitions),
                RowModel::examples);
    }

    /** Takes its time for a batch, and says when it has begun. */
    private record Slow(long milliseconds) implements ProviderFactory<double[]> {

        static final Semaphore BEGUN = new Semaphore(0);

        @Override
        public GradientProvider<double[]> open(MatrixBackend backend) {
            return new Provider(new RowModel.Provider(), milliseconds);
        }

        private record Provider(GradientProvider<double[]> fast, long milliseconds)
                implements GradientProvider<double[]> {

            @Override
            public List<LayerSpec> layers() {
                return fast.layers();
            }

            @Override
            public void capture(
                    ExampleBatch<double[]> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
                BEGUN.release();
                try {
                    Thread.sleep(milliseconds);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new CancellationException("interrupted in a batch");
                }
                fast.capture(batch, objective, layers, sink);
            }
        }
    }

    private record Told(String stage, long done, long total) {}

    @Test
    void tasksOfEachStageAreTold() throws IOException {
        List<Told> told = Collections.synchronizedList(new ArrayList<>());
        SparkEkfac.on(Local.SESSION)
                .reporting((stage, done, total) -> told.add(new Told(stage, done, total)))
                .fit(new Slow(200), examples(4), folder.resolve("factors"));
        List<String> stages = told.stream().map(Told::stage).distinct().toList();
        assertEquals(List.of("plan", "examples", "covariances", "eigenvalues", "factors"), stages);
        for (String stage : stages) {
            List<Told> own =
                    told.stream().filter(one -> one.stage().equals(stage)).toList();
            for (int k = 1; k < own.size(); k++) {
                assertTrue(own.get(k).done() >= own.get(k - 1).done(), own::toString);
            }
            Told last = own.get(own.size() - 1);
            assertEquals(last.total(), last.done());
        }
        // 4 take sums, 4 add rows up, one decomposes
        List<Told> covariances =
                told.stream().filter(one -> one.stage().equals("covariances")).toList();
        assertEquals(9, covariances.get(0).total());
        assertEquals(1, covariances.get(0).done());
        assertTrue(covariances.stream().anyMatch(one -> one.done() > 1 && one.done() < 9), covariances::toString);
    }

    @Test
    void aListenerThatThrowsCancelsTheFit() {
        IllegalStateException thrown = assertThrows(IllegalStateException.class, () -> SparkEkfac.on(Local.SESSION)
                .reporting((stage, done, total) -> {
                    if (stage.equals("covariances") && done == 1) {
                        throw new IllegalStateException("enough");
                    }
                })
                .fit(new Slow(200), examples(8), folder.resolve("factors")));
        assertEquals("enough", thrown.getMessage());
        assertTrue(Slow.BEGUN.availablePermits() < 8, () -> "batches: " + Slow.BEGUN.availablePermits());
        assertNothingIsLeft();
    }

    private void assertNothingIsLeft() {
        assertFalse(Files.exists(folder.resolve("factors/manifest.json")));
        assertFalse(Files.exists(folder.resolve("factors/.spark/pieces")));
    }

    private interface Work {
        void run() throws IOException;
    }

    private static Thread started(Work work, AtomicReference<Throwable> thrown) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException | RuntimeException | Error e) {
                thrown.set(e);
            }
        });
        thread.start();
        return thread;
    }

    /** Ends work of an hour, and returns what was thrown; no job of ours runs on. */
    private static Throwable cancelled(Work work, Work cancel, boolean interrupts)
            throws InterruptedException, IOException {
        AtomicReference<Throwable> thrown = new AtomicReference<>(new AssertionError("nothing was thrown"));
        Thread thread = started(work, thrown);
        assertTrue(Slow.BEGUN.tryAcquire(1, TimeUnit.MINUTES));
        if (interrupts) {
            thread.interrupt();
        }
        cancel.run();
        thread.join(60_000);
        // Spark tells late of what began and ended: none for a second
        int without = 0;
        for (int waited = 0; waited < 600 && without < 10; waited++) {
            Thread.sleep(100);
            without = running() == 0 ? without + 1 : 0;
        }
        assertEquals(10, without, "jobs run on");
        return Objects.requireNonNull(thrown.get());
    }

    private static int running() {
        return Local.context().statusTracker().getActiveJobIds().length;
    }

    @Test
    void anInterruptedFitCancelsItsJobs() throws InterruptedException, IOException {
        Throwable thrown = cancelled(
                () -> SparkEkfac.on(Local.SESSION).fit(new Slow(3_600_000), examples(1), folder.resolve("factors")),
                () -> {},
                true);
        assertInstanceOf(CancellationException.class, thrown);
        assertEquals("covariances was cancelled", thrown.getMessage());
        assertNothingIsLeft();
    }

    @Test
    void aGroupThatTheUserCancels() throws InterruptedException, IOException {
        Throwable thrown = cancelled(
                () -> {
                    Local.context().setJobGroup("the user's", "of the user");
                    SparkEkfac.on(Local.SESSION).fit(new Slow(3_600_000), examples(1), folder.resolve("factors"));
                },
                () -> Local.context().cancelJobGroup("the user's"),
                false);
        assertInstanceOf(CancellationException.class, thrown);
        assertNothingIsLeft();
    }

    @Test
    void interruptedScores() throws InterruptedException, IOException {
        Path factors = folder.resolve("factors");
        SparkEkfac.on(Local.SESSION).fit(new RowModel(), examples(2), factors);
        SparkScoring<double[]> scoring =
                SparkEkfac.on(Local.SESSION).scoring(new Slow(3_600_000), factors, Damping.DEFAULT);
        Path parquet = folder.resolve("self");
        Throwable thrown =
                cancelled(() -> scoring.selfInfluence(examples(2)).writeParquet(parquet.toString()), () -> {}, true);
        assertInstanceOf(CancellationException.class, thrown);
        assertEquals("self-influence was cancelled", thrown.getMessage());
        assertFalse(Files.exists(parquet.resolve("_SUCCESS")));
        Throwable top = cancelled(() -> scoring.topK(examples(1), examples(2), 2), () -> {}, true);
        assertInstanceOf(CancellationException.class, top);
    }
}
