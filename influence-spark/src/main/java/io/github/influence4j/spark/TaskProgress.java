package io.github.influence4j.spark;

import io.github.influence4j.api.ProgressListener;
import java.util.HashSet;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import org.apache.spark.Success$;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.StageInfo;
import org.apache.spark.scheduler.TaskInfo;
import scala.jdk.javaapi.CollectionConverters;

/** Tells a listener how many tasks of a stage of the method have ended. Spark calls it in a thread of its own. */
final class TaskProgress extends SparkListener {

    /** A local property of Spark's, by which the jobs of a stage are known. */
    static final String PROPERTY = "influence4j.stage";

    private record Task(int stage, int index) {}

    private final String token;
    private final String words;
    private final ProgressListener progress;
    private final Runnable cancel;
    private final Set<Integer> stages = new HashSet<>();
    private final Set<Task> ended = new HashSet<>();
    private int total;
    private boolean over;
    private Optional<RuntimeException> thrown = Optional.empty();

    /** For jobs whose property has this token; a listener that throws has them cancelled. */
    TaskProgress(String token, String words, ProgressListener progress, Runnable cancel) {
        this.token = token;
        this.words = words;
        this.progress = progress;
        this.cancel = cancel;
    }

    @Override
    public synchronized void onJobStart(SparkListenerJobStart event) {
        Properties properties = event.properties();
        if (properties == null || !token.equals(properties.getProperty(PROPERTY))) {
            return;
        }
        for (StageInfo stage : CollectionConverters.asJava(event.stageInfos())) {
            if (stages.add(stage.stageId())) {
                total += stage.numTasks();
            }
        }
    }

    /** A task that is repeated, because its machine was lost or another was faster, counts once. */
    @Override
    public synchronized void onTaskEnd(SparkListenerTaskEnd event) {
        TaskInfo task = event.taskInfo();
        if (!over
                && thrown.isEmpty()
                && event.reason() == Success$.MODULE$
                && stages.contains(event.stageId())
                && ended.add(new Task(event.stageId(), task.index()))) {
            try {
                progress.progress(words, ended.size(), total);
            } catch (RuntimeException e) {
                thrown = Optional.of(e);
                cancel.run();
            }
        }
    }

    /** Ends the counting: what comes later is not told. */
    synchronized void stop() {
        over = true;
    }

    /** Tells that all is done. */
    synchronized void finish() {
        over = true;
        int all = Math.max(1, total);
        progress.progress(words, all, all);
    }

    /** What the listener threw. */
    synchronized Optional<RuntimeException> thrown() {
        return thrown;
    }
}
