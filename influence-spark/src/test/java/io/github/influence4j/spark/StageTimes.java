package io.github.influence4j.spark;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import org.apache.spark.executor.TaskMetrics;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.StageInfo;

/** Where the time of Spark's stages goes, by the descriptions of their jobs. */
final class StageTimes extends SparkListener {

    private static final double SECOND = 1e3;
    private static final double NANOSECONDS = 1e9;

    private static final class Times {
        private double wall;
        private double run;
        private double processor;
        private double collected;
        private double deserialised;
        private int tasks;
    }

    private final Map<Integer, String> words = new LinkedHashMap<>();
    private final Map<String, Times> times = new LinkedHashMap<>();

    @Override
    public synchronized void onStageSubmitted(SparkListenerStageSubmitted event) {
        Properties properties = event.properties();
        words.put(
                event.stageInfo().stageId(),
                properties == null ? "" : properties.getProperty("spark.job.description", ""));
    }

    @Override
    public synchronized void onStageCompleted(SparkListenerStageCompleted event) {
        StageInfo stage = event.stageInfo();
        Times sum = times.computeIfAbsent(words.getOrDefault(stage.stageId(), ""), name -> new Times());
        TaskMetrics metrics = stage.taskMetrics();
        sum.wall += ((Long) stage.completionTime().get()
                        - (Long) stage.submissionTime().get())
                / SECOND;
        sum.run += metrics.executorRunTime() / SECOND;
        sum.processor += metrics.executorCpuTime() / NANOSECONDS;
        sum.collected += metrics.jvmGCTime() / SECOND;
        sum.deserialised += metrics.executorDeserializeTime() / SECOND;
        sum.tasks += stage.numTasks();
    }

    /** A line for each stage of the method. */
    synchronized List<String> lines() {
        return times.entrySet().stream()
                .map(entry -> String.format(
                        Locale.ROOT,
                        "%s: %d tasks, %.1f s, of tasks %.1f s, on the processor %.1f s, garbage %.1f s, deserialising %.1f s",
                        entry.getKey(),
                        entry.getValue().tasks,
                        entry.getValue().wall,
                        entry.getValue().run,
                        entry.getValue().processor,
                        entry.getValue().collected,
                        entry.getValue().deserialised))
                .toList();
    }
}
