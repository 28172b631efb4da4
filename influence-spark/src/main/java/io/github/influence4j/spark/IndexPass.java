package io.github.influence4j.spark;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.index.IndexBuild;
import io.github.influence4j.index.IndexOptions;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.spark.TaskContext;

/**
 * What executors do to build an index: each partition becomes an index of its own.
 *
 * @param <R> type of a row
 * @param <E> the host's type of an example
 * @param model opens the model
 * @param factors where the factors are
 * @param options the size
 * @param damping what λ is relative to
 * @param dampingValue λ, or the multiple of the mean eigenvalue
 * @param reader makes examples of rows
 */
record IndexPass<R, E>(
        SentModel<E> model,
        SentFactors factors,
        IndexOptions options,
        Damping.Kind damping,
        double dampingValue,
        PartitionReader<R, E> reader)
        implements Serializable {

    /** Sets the limit where there is none: it must not follow from free memory, or batches and bits would. */
    static IndexOptions bounded(IndexOptions options) {
        return options.batches().memoryLimit().isPresent()
                ? options
                : options.withBatches(options.batches().withMemoryLimit(FitSettings.DEFAULT_MEMORY));
    }

    /**
     * Builds the index of a partition, in a folder of this attempt's: one that was given up may still be writing.
     *
     * @return the folder; nothing where the partition is empty
     */
    Iterator<String> build(int partition, Iterator<R> rows, WorkFolder work) {
        return TaskErrors.in(IndexJob.STAGE, partition, () -> {
            work.requireSeen();
            Optional<ExampleSource<E>> source = PartitionSource.of(rows, reader);
            if (source.isEmpty()) {
                return List.<String>of().iterator();
            }
            String own = "partition-" + partition + "-" + TaskContext.get().taskAttemptId();
            Path folder = Path.of(work.path(), own);
            try (var loan = model.borrow()) {
                IndexBuild.of(
                                ExecutorJvm.backend(model.precision()),
                                factors.open(),
                                model.in(loan),
                                new Damping(damping, dampingValue),
                                options,
                                ProgressListener.silent())
                        .write(folder, WholePart.of(partition, source.get()), false);
            }
            return List.of(folder.toString()).iterator();
        });
    }
}
