package io.github.influence4j.benchmarks;

import io.github.influence4j.linalg.MatrixBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
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
 * @param kinks examples whose scores rounding may move
 * @param floors the least seconds of each stage
 * @param rates that the floors are made of, measured after the runs
 * @param parts what the time of each stage of this library went into, in a further run
 * @param further what other libraries did, where they are there and the work is any for them
 */
record WorkloadComparison(
        Workload workload,
        PipelineRun cold,
        List<PipelineRun> runs,
        List<PeerRunner.Result> peerRuns,
        Kinks kinks,
        Map<Stage, Double> floors,
        Floors rates,
        Map<Stage, StageParts> parts,
        List<FurtherPeer.Run> further) {

    private static final Logger LOG = LoggerFactory.getLogger(WorkloadComparison.class);

    /** Runs both sides in turn, this library first, after one run to warm the JVM up. */
    static WorkloadComparison measure(
            Workload workload,
            MatrixBackend backend,
            PeerRunner peer,
            Map<FurtherPeer, Path> further,
            int runs,
            Path work)
            throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory(work, workload.name());
        WorkloadData data = WorkloadData.make(workload, backend);
        PeerRunner.prepare(data, folder);
        try {
            List<PipelineRun> own = new ArrayList<>();
            List<PeerRunner.Result> theirs = new ArrayList<>();
            PipelineRun cold = runs(new EkfacPipeline(backend, data, folder), peer, folder, runs, own, theirs);
            Floors rates = Floors.ofSquareProducts(backend, peer.device().sgemmOrder());
            List<FurtherPeer.Run> others = new ArrayList<>();
            for (Map.Entry<FurtherPeer, Path> other : further.entrySet()) {
                other.getKey()
                        .run(workload, folder, other.getValue(), peer.threads())
                        .ifPresent(others::add);
            }
            return new WorkloadComparison(
                    workload,
                    cold,
                    own,
                    theirs,
                    Kinks.of(data),
                    rates.of(backend, workload),
                    rates,
                    StageParts.of(backend, data, folder, 1),
                    others);
        } finally {
            delete(folder);
        }
    }

    /** Adds the measured runs to two lists, closes the pipeline and returns its first run. */
    private static PipelineRun runs(
            EkfacPipeline opened,
            PeerRunner peer,
            Path folder,
            int runs,
            List<PipelineRun> own,
            List<PeerRunner.Result> theirs)
            throws IOException, InterruptedException {
        try (EkfacPipeline pipeline = opened) {
            String name = pipeline.workload().name();
            PipelineRun cold = pipeline.run();
            LOG.info("{}: influence4j's first run took {} s", name, cold.seconds());
            for (int k = 0; k < runs; k++) {
                own.add(pipeline.run());
                LOG.info("{}: influence4j {} s", name, own.get(k).seconds());
                theirs.add(peer.run(pipeline.workload(), folder));
                LOG.info("{}: kronfluence {} s", name, theirs.get(k).run().seconds());
            }
            return cold;
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

    /** Median seconds of this library, of the whole fit or of a stage by its key. */
    double seconds(String part) {
        Set<Stage> stages =
                part.equals(FurtherPeer.Run.FIT) ? Stage.FIT : Set.of(Stage.valueOf(part.toUpperCase(Locale.ROOT)));
        return stages.stream().mapToDouble(this::seconds).sum();
    }

    /** Median seconds of kronfluence. */
    double peerSeconds(Stage stage) {
        return median(peerRuns.stream().map(PeerRunner.Result::run).toList(), stage);
    }

    private static double median(List<PipelineRun> runs, Stage stage) {
        return Sgemm.median(
                runs.stream().mapToDouble(run -> run.seconds().get(stage)).toArray());
    }

    /** Largest difference of scores away from kinks, relative to the largest score of kronfluence. */
    double pairwiseAgreement() {
        return agreement(
                runs.get(0).pairwise(),
                peerRuns.get(0).run().pairwise(),
                k -> kinks.train().get(k % workload.train()) || kinks.queries().get(k / workload.train()));
    }

    /** Largest difference of self-influences away from kinks, relative to the largest of kronfluence. */
    double selfAgreement() {
        return agreement(runs.get(0).self(), peerRuns.get(0).run().self(), k -> kinks.train()
                .get(k));
    }

    /** Largest difference of another library's scores from this library's away from kinks, of the largest. */
    double difference(FurtherPeer.Run other) {
        return agreement(
                runs.get(0).pairwise(),
                other.scores(),
                k -> kinks.train().get(k % workload.train()) || kinks.queries().get(k / workload.train()));
    }

    /** Largest difference of any score, relative to the largest score of kronfluence. */
    double differenceOfAny() {
        return agreement(runs.get(0).pairwise(), peerRuns.get(0).run().pairwise(), k -> false);
    }

    private static double agreement(double[] own, double[] theirs, IntPredicate leftOut) {
        if (own.length != theirs.length) {
            throw new IllegalStateException(own.length + " scores against " + theirs.length + " of the peer");
        }
        double difference = Double.NaN; // where everything is left out nothing agrees
        double largest = 0;
        boolean compared = false;
        for (int k = 0; k < own.length; k++) {
            if (!leftOut.test(k)) {
                double found = Math.abs(own[k] - theirs[k]);
                difference = compared ? Math.max(difference, found) : found;
                compared = true;
            }
            largest = Math.max(largest, Math.abs(theirs[k]));
        }
        return difference / largest;
    }
}
