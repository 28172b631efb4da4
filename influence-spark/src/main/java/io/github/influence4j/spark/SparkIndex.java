package io.github.influence4j.spark;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.index.IndexOptions;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * Builds an index of a training set in partitions, for questions that are asked in one JVM without the training set. Needs
 * {@code influence-index}, which {@code influence-spark} does not bring.
 *
 * <p>Each partition writes the shards of its examples, and one task joins them in the order of the partitions: the files are those of a
 * build in one JVM over the same shards, on any number of executors and whether or not some were lost. A shard of captures in files
 * becomes a shard of the index; of any other data a partition does. Immutable.
 */
public final class SparkIndex {

    private final SparkSession session;
    private final Precision precision;
    private final IndexOptions options;
    private final ProgressListener progress;

    private SparkIndex(SparkSession session, Precision precision, IndexOptions options, ProgressListener progress) {
        this.session = session;
        this.precision = precision;
        this.options = options;
        this.progress = progress;
    }

    /**
     * Prepares builds in float32, with the default options.
     *
     * @param session the cluster; stays open
     * @return a builder
     */
    public static SparkIndex on(SparkSession session) {
        return new SparkIndex(session, Precision.FLOAT32, IndexOptions.defaults(), ProgressListener.silent());
    }

    /**
     * Computes in float64.
     *
     * @return the same otherwise
     */
    public SparkIndex inFloat64() {
        return new SparkIndex(session, Precision.FLOAT64, options, progress);
    }

    /**
     * Changes what is kept.
     *
     * @param value sizes, seed and batches; their memory limit is that of one task, 4 GiB where they have none
     * @return the same otherwise
     */
    public SparkIndex with(IndexOptions value) {
        return new SparkIndex(session, precision, value, progress);
    }

    /**
     * Tells a listener how many tasks of each stage have ended. It is called by a thread of Spark's.
     *
     * @param value the listener; one that throws has the build cancelled
     * @return the same otherwise
     */
    public SparkIndex reporting(ProgressListener value) {
        return new SparkIndex(session, precision, options, value);
    }

    /**
     * Builds an index. Long work: it can be cancelled by interrupting the thread, or by Spark. Each task loads the factors.
     *
     * @param <R> type of a row
     * @param <E> the host's type of an example
     * @param model opens the model in executors, at the same weights as at the fit
     * @param factors folder of the factors, which every machine sees under this path
     * @param damping λ, which every question to the index is answered with
     * @param train the training set
     * @param index folder for the index, which every machine sees under this path
     * @throws IOException if the folder cannot be written by the driver, or the factors cannot be read
     * @throws IllegalArgumentException if the factory cannot be sent, the data set is empty or has an id twice, the factors are of another
     *     model, the sizes do not fit the layers, or an executor does not see a path
     * @throws IllegalStateException if the folder holds an index, somebody else is writing to it, or Spark gave up
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number, naming the layer, the example and
     *     the partition
     * @throws java.util.concurrent.CancellationException if the work was cancelled
     */
    public <R, E> void build(
            ProviderFactory<E> model, Path factors, Damping damping, SparkExamples<R, E> train, Path index)
            throws IOException {
        SentModel.serialised("reader of partitions", train.reader());
        JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
        IndexPass<R, E> pass = new IndexPass<>(
                SentModel.of(model, precision, "scores"),
                SentFactors.of(factors),
                IndexPass.bounded(options),
                damping.kind(),
                damping.value(),
                train.reader());
        new IndexJob<>(spark, new Stages(spark, progress), pass, train).run(index);
    }
}
