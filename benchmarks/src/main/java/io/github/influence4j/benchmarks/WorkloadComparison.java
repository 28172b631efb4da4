package io.github.influence4j.benchmarks;

import io.github.influence4j.linalg.MatrixBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What both sides did on one workload.
 *
 * @param workload the work
 * @param cold this library's first run in the JVM
 * @param runs this library's measured runs
 * @param peerRuns kronfluence's, run in turn with them
 */
record WorkloadComparison(
        Workload workload, PipelineRun cold, List<PipelineRun> runs, List<PeerRunner.Result> peerRuns) {

    private static final Logger LOG = LoggerFactory.getLogger(WorkloadComparison.class);

    /** Runs both sides in turn, this library first, after one run to warm the JVM up. */
    static WorkloadComparison measure(Workload workload, MatrixBackend backend, PeerRunner peer, int runs, Path work)
            throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory(work, workload.name());
        WorkloadData data = WorkloadData.make(workload, backend);
        PeerRunner.prepare(data, folder);
        try (EkfacPipeline pipeline = new EkfacPipeline(backend, data, folder)) {
            PipelineRun cold = pipeline.run();
            List<PipelineRun> own = new ArrayList<>();
            List<PeerRunner.Result> theirs = new ArrayList<>();
            LOG.info("{}: influence4j's first run took {} s", workload.name(), cold.seconds());
            for (int k = 0; k < runs; k++) {
                own.add(pipeline.run());
                LOG.info("{}: influence4j {} s", workload.name(), own.get(k).seconds());
                theirs.add(peer.run(workload, folder));
                LOG.info(
                        "{}: kronfluence {} s",
                        workload.name(),
                        theirs.get(k).run().seconds());
            }
            return new WorkloadComparison(workload, cold, own, theirs);
        } finally {
            delete(folder);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** Median seconds of this library. */
    double seconds(Stage stage) {
        return median(runs, stage);
    }

    /** Median seconds of kronfluence. */
    double peerSeconds(Stage stage) {
        return median(peerRuns.stream().map(PeerRunner.Result::run).toList(), stage);
    }

    private static double median(List<PipelineRun> runs, Stage stage) {
        return Sgemm.median(
                runs.stream().mapToDouble(run -> run.seconds().get(stage)).toArray());
    }

    /** Largest difference of scores, relative to the largest score of kronfluence. */
    double pairwiseAgreement() {
        return agreement(runs.get(0).pairwise(), peerRuns.get(0).run().pairwise());
    }

    /** Largest difference of self-influences, relative to the largest of kronfluence. */
    double selfAgreement() {
        return agreement(runs.get(0).self(), peerRuns.get(0).run().self());
    }

    private static double agreement(double[] own, double[] theirs) {
        if (own.length != theirs.length) {
            throw new IllegalStateException(own.length + " scores against " + theirs.length + " of kronfluence");
        }
        double difference = 0;
        double largest = 0;
        for (int k = 0; k < own.length; k++) {
            difference = Math.max(difference, Math.abs(own[k] - theirs[k]));
            largest = Math.max(largest, Math.abs(theirs[k]));
        }
        return difference / largest;
    }
}
