package io.github.influence4j.spark;

import io.github.influence4j.index.IndexMerge;
import io.github.influence4j.index.internal.file.IndexManifest;
import io.github.influence4j.store.FolderLock;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/** The stages of building an index, as the driver runs them. */
final class IndexJob<R, E> {

    static final String STAGE = "index";

    private final JavaSparkContext spark;
    private final Stages stages;
    private final IndexPass<R, E> pass;
    private final SparkExamples<R, E> train;

    IndexJob(JavaSparkContext spark, Stages stages, IndexPass<R, E> pass, SparkExamples<R, E> train) {
        this.spark = spark;
        this.stages = stages;
        this.pass = pass;
        this.train = train;
    }

    void run(Path target) throws IOException {
        try (FolderLock lock = FolderLock.acquire(target.resolve(FitJob.WORK))) {
            lock.requireHeld();
            TaskLock.requireFree(target);
            IndexMerge.requireFree(target);
            WorkFolder folder = WorkFolder.create(target.resolve(FitJob.WORK).resolve("pieces"));
            try {
                build(folder, target.toAbsolutePath().toString());
            } finally {
                folder.delete();
            }
        }
    }

    private void build(WorkFolder folder, String target) {
        stages.run("examples", 0, 1, () -> ExampleCount.of("training set", train));
        IndexPass<R, E> sent = pass;
        List<String> parts = stages.run(STAGE, 0, 1, () -> train.rows()
                .mapPartitionsWithIndex((partition, rows) -> sent.build(partition, rows, folder), true)
                .collect());
        stages.run("joined index", 0, 1, () -> spark.parallelize(List.of(0), 1)
                .map(one -> TaskErrors.in("joined index", 0, () -> {
                    Path joined = Path.of(target);
                    try (FolderLock lock = TaskLock.acquire(joined)) {
                        folder.requireSeen();
                        if (IndexManifest.exists(joined)) {
                            // by an attempt that was lost when it had finished
                            return one;
                        }
                        IndexMerge.merge(parts.stream().map(Path::of).toList(), joined, lock);
                    }
                    return one;
                }))
                .first());
    }
}
