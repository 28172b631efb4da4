package io.github.influence4j.examples.validation;

import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The study {@code validation}: every estimator against proximal Bregman responses and retrained models. */
public final class Validation {

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
     * @param folder keeps finished trainings, so that a run that was killed goes on
     * @return what was found
     * @throws IOException if a file cannot be read or written
     */
    public ValidationResult run(Path folder) throws IOException {
        long start = System.nanoTime();
        try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT64)) {
            List<BedResult> beds = new ArrayList<>();
            for (Bed bed : options.beds()) {
                beds.add(new BedStudy(backend, bed, options, progress).run(folder));
            }
            return new ValidationResult(
                    options, backend.description(), beds, new Claims(beds).all(), (System.nanoTime() - start) / 1e9);
        }
    }
}
