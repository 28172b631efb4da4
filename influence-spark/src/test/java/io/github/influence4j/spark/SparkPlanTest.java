package io.github.influence4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.plan.ClusterPlan;
import io.github.influence4j.ekfac.plan.ClusterPlanner;
import io.github.influence4j.ekfac.plan.ClusterShape;
import io.github.influence4j.ekfac.plan.DataShape;
import io.github.influence4j.ekfac.plan.MachineRate;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerBlockUpdated;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.storage.BlockUpdatedInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What the planner says of a small fit and its scores against what Spark measures. */
@ExtendWith(Local.Idle.class)
class SparkPlanTest {

    private static final MadeLayers MODEL = new MadeLayers(3, 256);
    private static final int EXAMPLES = 60;
    private static final int QUERIES = 5;
    private static final int PARTITIONS = 3;

    /** Spark broadcasts each stage's code too, which is smaller. */
    private static final long LEAST_BROADCAST = 200_000;

    /** Keys of records and names of classes come on top of the numbers. */
    private static final double FACTOR = 1.1;

    @TempDir
    private Path folder;

    /** What Spark measures, by the name of the method's stage. */
    private static final class Measured extends SparkListener {
        private final Map<Integer, String> stages = new HashMap<>();
        private final Map<String, Long> shuffled = new HashMap<>();
        private long broadcast;

        @Override
        public synchronized void onStageSubmitted(SparkListenerStageSubmitted event) {
            Properties properties = event.properties();
            stages.put(event.stageInfo().stageId(), properties.getProperty("spark.job.description", ""));
        }

        @Override
        public synchronized void onTaskEnd(SparkListenerTaskEnd event) {
            shuffled.merge(
                    stages.getOrDefault(event.stageId(), ""),
                    event.taskMetrics().shuffleWriteMetrics().bytesWritten(),
                    Long::sum);
        }

        @Override
        public synchronized void onBlockUpdated(SparkListenerBlockUpdated event) {
            BlockUpdatedInfo block = event.blockUpdatedInfo();
            long bytes = block.memSize() + block.diskSize();
            if (block.blockId().isBroadcast() && block.storageLevel().isValid() && bytes >= LEAST_BROADCAST) {
                broadcast += bytes;
            }
        }

        synchronized long shuffled(String stage) {
            return shuffled.getOrDefault("influence4j: " + stage, 0L);
        }

        synchronized long takeBroadcast() {
            long taken = broadcast;
            broadcast = 0;
            return taken;
        }
    }

    private static ClusterPlan plan() {
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT64)) {
            return new ClusterPlanner(backend, MachineRate.of(10))
                    .plan(
                            MODEL.layers(),
                            List.of(),
                            DataShape.of(EXAMPLES, QUERIES),
                            FitOptions.defaults(),
                            ScoreOptions.defaults(),
                            new ClusterShape(2, 1, PARTITIONS));
        }
    }

    private static void assertWithin(double planned, double measured, String what) {
        assertTrue(
                measured <= FACTOR * planned && planned <= FACTOR * measured,
                () -> what + ": planned " + planned + ", measured " + measured);
    }

    /** Of the files that every executor reads, which stay until nobody has the rows. */
    private static long preparedBytes(Path factors) throws IOException {
        long bytes = 0;
        try (Stream<Path> files = Files.walk(factors)) {
            for (Path file : files.filter(path -> path.getFileName().toString().startsWith("queries-"))
                    .toList()) {
                bytes += Files.size(file);
            }
        }
        return bytes;
    }

    @Test
    void bytesAreThoseThatSparkMoves() throws IOException, InterruptedException, TimeoutException {
        ClusterPlan plan = plan();
        assertEquals(1, plan.layerGroups());
        Measured measured = new Measured();
        Local.SESSION.sparkContext().addSparkListener(measured);
        try {
            Path factors = folder.resolve("factors");
            SparkEkfac ekfac = SparkEkfac.on(Local.SESSION).inFloat64();
            SparkExamples<Long, Long> train = MadeLayers.examples(Local.context(), EXAMPLES, PARTITIONS);
            ekfac.fit(MODEL, train, factors);
            Local.SESSION.sparkContext().listenerBus().waitUntilEmpty();
            for (String stage : List.of("covariances", "eigenvalues")) {
                assertWithin(plan.stage(stage).shuffledBytes(), measured.shuffled(stage), stage);
            }
            assertWithin(plan.stage("eigenvalues").broadcastBytes(), measured.takeBroadcast(), "bases");
            SparkScores scores = ekfac.scoring(MODEL, factors, Damping.DEFAULT)
                    .pairwise(MadeLayers.examples(Local.context(), QUERIES, 1), train);
            assertEquals(EXAMPLES * QUERIES, scores.rows().count());
            Local.SESSION.sparkContext().listenerBus().waitUntilEmpty();
            assertEquals(0, measured.takeBroadcast());
            assertWithin(plan.stage("preconditioned queries").broadcastBytes(), preparedBytes(factors), "queries");
        } finally {
            Local.SESSION.sparkContext().removeSparkListener(measured);
        }
    }
}
