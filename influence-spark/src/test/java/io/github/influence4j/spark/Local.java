package io.github.influence4j.spark;

import java.util.Arrays;
import org.apache.spark.SparkExecutorInfo;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Two task slots in the JVM of the tests, started once. */
final class Local {

    static final SparkSession SESSION = SparkSession.builder()
            .master("local[2]")
            .appName("tests")
            .config("spark.ui.enabled", false)
            .config("spark.sql.shuffle.partitions", 2)
            // the numbers of running tasks are those of now
            .config("spark.ui.liveUpdate.period", "0")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .getOrCreate();

    /** What a test waits for at most until the tasks of its failed jobs have ended, in units of 20 ms. */
    private static final int MOST_WAITS = 1500;

    private Local() {}

    /**
     * Ends a test only when no task runs: where a job fails, those of its tasks that had begun go on for a while, and make files in a
     * folder that JUnit is deleting.
     */
    static final class Idle implements AfterEachCallback {
        @Override
        public void afterEach(ExtensionContext test) throws Exception {
            SESSION.sparkContext().listenerBus().waitUntilEmpty();
            for (int k = 0; k < MOST_WAITS && running() > 0; k++) {
                Thread.sleep(20);
            }
        }

        private static int running() {
            return Arrays.stream(SESSION.sparkContext().statusTracker().getExecutorInfos())
                    .mapToInt(SparkExecutorInfo::numRunningTasks)
                    .sum();
        }
    }

    static JavaSparkContext context() {
        return JavaSparkContext.fromSparkContext(SESSION.sparkContext());
    }
}
