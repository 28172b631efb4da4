package io.github.influence4j.spark;

import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.ProgressListener;
import java.nio.channels.ClosedByInterruptException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import org.apache.spark.SparkThrowable;
import org.apache.spark.api.java.JavaSparkContext;

/** Runs the stages of the method as Spark's jobs, named after them, and brings errors of executors to the caller as one JVM throws them. */
final class Stages {

    /** A job. */
    interface Job<T> {
        T run() throws Exception;
    }

    private static final String CANCELLED = "SPARK_JOB_CANCELLED";
    private static final String GROUP = "spark.jobGroup.id";
    private static final List<String> PROPERTIES =
            List.of(GROUP, "spark.job.description", "spark.job.interruptOnCancel", TaskProgress.PROPERTY);

    private final String ownGroup = "influence4j-" + UUID.randomUUID();
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

    /** Runs the job of a stage, the one of so many. Its jobs are of the caller's group where there is one, and else of ours. */
    <T> T run(String stage, int index, int of, Job<T> job) {
        String words = of == 1 ? stage : stage + ", group " + (index + 1) + " of " + of;
        Map<String, String> before = new HashMap<>();
        PROPERTIES.forEach(name -> before.put(name, spark.getLocalProperty(name)));
        String group = before.get(GROUP) == null ? ownGroup : before.get(GROUP);
        String token = UUID.randomUUID().toString();
        TaskProgress tasks = new TaskProgress(token, words, progress, () -> spark.cancelJobGroup(group));
        long start = System.nanoTime();
        spark.setJobGroup(group, "influence4j: " + words, true);
        spark.setLocalProperty(TaskProgress.PROPERTY, token);
        spark.sc().addSparkListener(tasks);
        try {
            T result = job.run();
            seconds.merge(stage, (System.nanoTime() - start) / 1e9, Double::sum);
            tasks.thrown().ifPresent(Stages::rethrow);
            tasks.finish();
            return result;
        } catch (Exception e) {
            tasks.stop();
            tasks.thrown().ifPresent(Stages::rethrow);
            if (isInterruption(e)) {
                spark.cancelJobGroup(group);
                Thread.currentThread().interrupt();
                throw cancelled(words, e);
            }
            throw translated(words, e);
        } finally {
            spark.sc().removeSparkListener(tasks);
            before.forEach(spark::setLocalProperty);
        }
    }

    private static void rethrow(RuntimeException thrown) {
        throw thrown;
    }

    /** Whether this thread was interrupted while Spark worked for it or a file was read. */
    private static boolean isInterruption(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof InterruptedException || cause instanceof ClosedByInterruptException) {
                return true;
            }
        }
        return false;
    }

    private static CancellationException cancelled(String words, Exception cause) {
        CancellationException cancelled = new CancellationException(words + " was cancelled");
        cancelled.initCause(cause);
        return cancelled;
    }

    /** The first cause that this library threw, with all that Spark says as its cause. */
    static RuntimeException translated(String words, Exception thrown) {
        if (thrown instanceof SparkThrowable spark && CANCELLED.equals(spark.getCondition())) {
            return cancelled(words, thrown);
        }
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
