package io.github.influence4j.spark;

import io.github.influence4j.api.Provenance;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Scores in rows. Immutable. */
public final class SparkScores {

    private final Stages stages;
    private final String stage;
    private final Dataset<Row> rows;
    private final Provenance provenance;

    SparkScores(Stages stages, String stage, Dataset<Row> rows, Provenance provenance) {
        this.stages = stages;
        this.stage = stage;
        this.rows = rows;
        this.provenance = provenance;
    }

    /**
     * Returns the scores. What {@link SparkScoring} says is computed when it is asked for fails then with Spark's exception, of which
     * that of this library is a cause.
     *
     * @return the rows
     */
    public Dataset<Row> rows() {
        return rows;
    }

    /**
     * Returns how the scores were made.
     *
     * @return the provenance
     */
    public Provenance provenance() {
        return provenance;
    }

    /**
     * Writes the scores as Parquet, by the executors. Told to the listener, cancelled and failing as a fit is.
     *
     * @param path a folder that is not there yet, as Spark takes it; the file {@code _SUCCESS} in it comes last, and without it the
     *     folder can be removed
     * @throws IllegalArgumentException if an executor does not see a path, or captures are of another objective
     * @throws IllegalStateException if there is something already, or Spark gave up
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number, naming the layer, the example and
     *     the partition
     * @throws java.util.concurrent.CancellationException if the work was cancelled
     */
    public void writeParquet(String path) {
        stages.run(stage, 0, 1, () -> {
            rows.write().parquet(path);
            return path;
        });
    }
}
