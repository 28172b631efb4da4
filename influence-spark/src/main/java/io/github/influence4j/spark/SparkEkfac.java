package io.github.influence4j.spark;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.store.factors.FactorStore;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * EK-FAC and its relatives on a cluster: fits and scores of data sets in partitions, equal to those of one JVM but for rounding.
 *
 * <p>Executors open the model and take the sums of their partitions; sums are added where a layer is decomposed, and never reach the
 * driver. Factors and what a run has finished lie in a folder that all machines see. The same partitions, options and backend give the
 * same bits on any number of executors, and when some of them are lost. Immutable.
 */
public final class SparkEkfac {

    private final SparkSession session;
    private final Precision precision;
    private final FitOptions options;
    private final ProgressListener progress;

    private SparkEkfac(SparkSession session, Precision precision, FitOptions options, ProgressListener progress) {
        this.session = session;
        this.precision = precision;
        this.options = options;
        this.progress = progress;
    }

    /**
     * Prepares EK-FAC in float32, with the default options.
     *
     * @param session the cluster; stays open
     * @return EK-FAC
     */
    public static SparkEkfac on(SparkSession session) {
        return new SparkEkfac(session, Precision.FLOAT32, FitOptions.defaults(), ProgressListener.silent());
    }

    /**
     * Computes in float64.
     *
     * @return the same otherwise
     */
    public SparkEkfac inFloat64() {
        return new SparkEkfac(session, Precision.FLOAT64, options, progress);
    }

    /**
     * Changes how the curvature is fitted.
     *
     * @param value strategy, labels, batch size and so on; its memory limit is that of one task, 4 GiB where it has none
     * @return the same otherwise
     */
    public SparkEkfac with(FitOptions value) {
        return new SparkEkfac(session, precision, value, progress);
    }

    /**
     * Tells a listener, in the driver, how many tasks of each stage have ended. It is called by a thread of Spark's.
     *
     * @param value the listener; one that throws has the work cancelled, and what it threw is thrown
     * @return the same otherwise
     */
    public SparkEkfac reporting(ProgressListener value) {
        return new SparkEkfac(session, precision, options, value);
    }

    /**
     * Fits the curvature and writes its factors. Long work: it can be cancelled by interrupting the thread, or by Spark.
     *
     * @param <R> type of a row
     * @param <E> the host's type of an example
     * @param model opens the model in executors
     * @param train the training set
     * @param factors folder for the factors, which every machine sees under this path
     * @return the factors, which {@link FactorStore#load} loads in one JVM too
     * @throws IOException if the folder cannot be written by the driver
     * @throws IllegalArgumentException if the factory cannot be sent, the data set is empty or has an id twice, a layer does not fit, or
     *     an executor does not see a path
     * @throws IllegalStateException if somebody else is writing to the folder, or Spark gave up
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number, naming the layer, the example and
     *     the partition, or a decomposition fails
     * @throws java.util.concurrent.CancellationException if the work was cancelled
     */
    public <R, E> FactorStore fit(ProviderFactory<E> model, SparkExamples<R, E> train, Path factors)
            throws IOException {
        SentModel.serialised("reader of partitions", train.reader());
        JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
        Stages stages = new Stages(spark, progress);
        return new FitJob<>(
                        spark,
                        stages,
                        SentModel.of(model, precision, options.labels().toString()),
                        train,
                        FitSettings.of(options))
                .run(factors);
    }

    /**
     * Prepares scores with factors that were fitted before, here or in one JVM.
     *
     * @param <E> the host's type of an example
     * @param model opens the model in executors, at the same weights as at the fit
     * @param factors folder of the factors, which every machine sees under this path
     * @param damping λ
     * @return the scores to be asked for
     * @throws IllegalArgumentException if the factory cannot be sent
     */
    public <E> SparkScoring<E> scoring(ProviderFactory<E> model, Path factors, Damping damping) {
        return new SparkScoring<>(
                session, SentModel.of(model, precision, "scores"), factors, damping, ScoreOptions.defaults(), progress);
    }
}
