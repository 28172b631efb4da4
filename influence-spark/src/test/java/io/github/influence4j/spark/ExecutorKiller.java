package io.github.influence4j.spark;

import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.function.BiPredicate;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskStart;

/** Ends executors of this driver by SIGKILL, soon after one of their tasks began: Spark does not count one that had not begun. */
final class ExecutorKiller extends SparkListener {

    private static final long MILLISECONDS = 200;

    private final String driverPort;
    private final Map<Integer, String> words = new HashMap<>();
    private final Map<Integer, Integer> places = new HashMap<>();
    private BiPredicate<Integer, String> wanted = (place, stage) -> false;
    private int stages;
    private int killed;

    ExecutorKiller(String driverPort) {
        this.driverPort = driverPort;
    }

    /** Begins to count stages, and kills where a stage, by its place and its job's description, is wanted, so many times. */
    synchronized void arm(BiPredicate<Integer, String> value) {
        wanted = value;
        stages = 0;
        killed = 0;
    }

    synchronized int stages() {
        return stages;
    }

    synchronized int killed() {
        return killed;
    }

    synchronized String words(int place) {
        return places.entrySet().stream()
                .filter(entry -> entry.getValue() == place)
                .map(entry -> words.getOrDefault(entry.getKey(), ""))
                .findFirst()
                .orElse("");
    }

    @Override
    public synchronized void onStageSubmitted(SparkListenerStageSubmitted event) {
        if (event.stageInfo().attemptNumber() == 0) {
            Properties properties = event.properties();
            String description = properties == null ? "" : properties.getProperty("spark.job.description", "");
            places.values().removeIf(place -> place == stages);
            places.put(event.stageInfo().stageId(), stages++);
            words.put(
                    event.stageInfo().stageId(),
                    description + ", " + event.stageInfo().name());
        }
    }

    @Override
    public synchronized void onTaskStart(SparkListenerTaskStart event) {
        Integer place = places.get(event.stageId());
        if (place != null && wanted.test(place, words.getOrDefault(event.stageId(), ""))) {
            killed += kill(event.taskInfo().executorId());
        }
    }

    private int kill(String executor) {
        try {
            Thread.sleep(MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return (int) ProcessHandle.allProcesses()
                .filter(process -> process.info().commandLine().orElse("").contains("@127.0.0.1:" + driverPort))
                .filter(process -> process.info().commandLine().orElse("").contains("--executor-id " + executor + " "))
                .filter(ProcessHandle::destroyForcibly)
                .count();
    }
}
