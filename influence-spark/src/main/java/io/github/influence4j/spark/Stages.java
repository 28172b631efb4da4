package io.github.influence4j.spark;

import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.ProgressListener;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.apache.spark.api.java.JavaSparkContext;

/** Runs the stages of the method as Spark's jobs, named after them, and brings errors of executors to the caller as one JVM throws them. */
final class Stages {

    /** A job. */
    interface Job<T> {
        T run() throws Exception;
    }

    private final JavaSparkContext spark;
    private final ProgressListener progress;
    private final Map<String, Double> seconds = new LinkedHashMap<>();

    Stages(JavaSparkContext spark, ProgressListener progress) {
        this.spark = spark;
        this.progress = progress;
    }

    /** How long stages took, by name. */
    Map<String, Double> seconds() {
        return new LinkedHashMap<>(seconds);
    }

    /** Runs the job of a stage, the one of so many. */
    <T> T run(String stage, int index, int of, Job<T> job) {
        String words = of == 1 ? stage : stage + ", group " + (index + 1) + " of " + of;
        String before = spark.getLocalProperty("spark.job.description");
        long start = System.nanoTime();
        spark.sc().setJobDescription("influence4j: " + words);
        try {
            T result = job.run();
            seconds.merge(stage, (System.nanoTime() - start) / 1e9, Double::sum);
            progress.progress(stage, index + 1, of);
            return result;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw cancelled(words, e);
        } catch (Exception e) {
            throw translated(words, e);
        } finally {
            spark.sc().setJobDescription(before);
        }
    }

    private static CancellationException cancelled(String words, Exception cause) {
        CancellationException cancelled = new CancellationException(words + " was cancelled");
        cancelled.initCause(cause);
        return cancelled;
    }

    /** The first cause that this library threw, with all that Spark says as its cause. */
    static RuntimeException translated(String words, Exception thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            String message = String.valueOf(cause.getMessage());
            if (cause instanceof NumericalException) {
                return TaskErrors.numerical(message, thrown);
            }
            if (cause instanceof IllegalArgumentException) {
                return new IllegalArgumentException(message, thrown);
            }
            if (cause instanceof CancellationException) {
                return cancelled(words, thrown);
            }
            if (cause instanceof IllegalStateException) {
                return new IllegalStateException(message, thrown);
            }
        }
        return new IllegalStateException(
                words + ": Spark gave up, and nothing was written that looks finished; "
                        + String.valueOf(thrown.getMessage())
                                .lines()
                                .findFirst()
                                .orElse(""),
                thrown);
    }
}
