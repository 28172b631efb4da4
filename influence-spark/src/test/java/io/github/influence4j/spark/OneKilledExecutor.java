package io.github.influence4j.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskStart;

/** Kills the executor of the first task that takes covariances, whatever the program is, as a listener of Spark's settings. */
public final class OneKilledExecutor extends SparkListener {

    /** Setting: the file that is told how many were killed. */
    static final String RESULT = "spark.influence.killed";

    private final SparkConf conf;
    private final ExecutorKiller killer;

    /** Made by Spark. */
    public OneKilledExecutor(SparkConf conf) {
        this.conf = conf;
        this.killer = new ExecutorKiller(conf.get("spark.driver.port"));
        killer.arm((place, stage) -> stage.contains("influence4j: covariances") && killer.killed() == 0);
    }

    @Override
    public void onStageSubmitted(SparkListenerStageSubmitted event) {
        killer.onStageSubmitted(event);
    }

    @Override
    public void onTaskStart(SparkListenerTaskStart event) {
        killer.onTaskStart(event);
    }

    @Override
    public void onApplicationEnd(SparkListenerApplicationEnd event) {
        try {
            Files.writeString(Path.of(conf.get(RESULT)), Integer.toString(killer.killed()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
