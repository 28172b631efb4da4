package io.github.influence4j.examples.validation;

import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** The study {@code validation}: every estimator against proximal Bregman responses and retrained models. */
public final class Validation {

    /** Changes whenever {@link BedResult} does. */
    private static final int FORMAT = 2;

    private final ValidationOptions options;
    private final ProgressListener progress;

    /**
     * Prepares the study.
     *
     * @param options how much to run
     * @param progress is told how far the work has come
     */
    public Validation(ValidationOptions options, ProgressListener progress) {
        this.options = options;
        this.progress = progress;
    }

    /**
     * Runs it, in float64.
     *
     * @param folder keeps finished trainings and data sets, so that a run that was killed goes on
     * @return what was found
     * @throws IOException if a file cannot be read or written
     */
    public ValidationResult run(Path folder) throws IOException {
        long start = System.nanoTime();
        try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT64)) {
            List<BedResult> beds = side(backend, folder);
            return new ValidationResult(
                    options, backend.description(), beds, new Claims(beds).all(), (System.nanoTime() - start) / 1e9);
        }
    }

    /** Data sets side by side, one for each processor: their matrices are too small to share. */
    private List<BedResult> side(MatrixBackend backend, Path folder) throws IOException {
        int threads = Math.min(options.beds().size(), Runtime.getRuntime().availableProcessors());
        ProgressListener inTurn = new InTurn(progress);
        ExecutorService workers = Executors.newFixedThreadPool(threads);
        try {
            List<Future<BedResult>> running = new ArrayList<>();
            // the last takes longest, so it starts first
            for (int b = options.beds().size() - 1; b >= 0; b--) {
                Bed bed = options.beds().get(b);
                running.add(0, workers.submit(() -> bed(backend, bed, inTurn, folder)));
            }
            List<BedResult> beds = new ArrayList<>();
            for (Future<BedResult> future : running) {
                beds.add(future.get());
            }
            return beds;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (CancellationException) new CancellationException("the study was interrupted").initCause(e);
        } catch (ExecutionException e) {
            throw unwrapped(e);
        } finally {
            stop(workers);
        }
    }

    private BedResult bed(MatrixBackend backend, Bed bed, ProgressListener inTurn, Path folder) throws IOException {
        return new FinishedParts<>(
                        folder,
                        options.ofOneBed() + ", responses to " + SeedStudy.COPIES + " copies, " + backend.description(),
                        FORMAT,
                        BedResult.class)
                .readOr(bed.fileName(), () -> new BedStudy(backend, bed, options, inTurn).run(folder));
    }

    /** What a study threw, so that callers see it as if it had run in their thread. */
    private static IOException unwrapped(ExecutionException e) {
        if (e.getCause() instanceof RuntimeException failure) {
            throw failure;
        }
        if (e.getCause() instanceof Error error) {
            throw error;
        }
        return new IOException(e.getCause());
    }

    /** Interrupts what still runs and waits for it, because it uses the backend. */
    private static void stop(ExecutorService workers) {
        workers.shutdownNow();
        boolean interrupted = false;
        while (!workers.isTerminated()) {
            try {
                workers.awaitTermination(1, TimeUnit.MINUTES);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Passes progress of several threads on, one report at a time. */
    private record InTurn(ProgressListener listener) implements ProgressListener {
        @Override
        public synchronized void progress(String stage, long done, long total) {
            listener.progress(stage, done, total);
        }
    }
}
