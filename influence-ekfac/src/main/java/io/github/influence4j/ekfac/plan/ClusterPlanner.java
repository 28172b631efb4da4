package io.github.influence4j.ekfac.plan;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.factor.BatchSize;
import io.github.influence4j.ekfac.internal.factor.FactorGroups;
import io.github.influence4j.ekfac.internal.factor.FactorMemory;
import io.github.influence4j.ekfac.internal.factor.LayerGroups;
import io.github.influence4j.ekfac.internal.factor.MemoryShares;
import io.github.influence4j.ekfac.internal.factor.SharedInputs;
import io.github.influence4j.ekfac.internal.factor.TaskGroups;
import io.github.influence4j.ekfac.internal.score.ScoringMemory;
import io.github.influence4j.ekfac.internal.score.ScoringWays;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.WorkSizes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.ToDoubleFunction;

/**
 * Says what a fit and its scores will need on a cluster, as {@code influence-spark} does them.
 *
 * <p>With c = i² + o² of a layer (A once where layers read the same input), P partitions and b bytes a number: covariances send 8c(P + 1)
 * bytes a layer, P sums and their total, and squares 8·i·o(P + 1); every executor gets the bases, b·c a layer, and the queries. Work is
 * that of {@link Planner} for the examples of an executor; what moves goes through each machine's network at 10 Gb/s. Immutable; safe for
 * use by several threads.
 */
public final class ClusterPlanner {

    /** 10 Gb/s. */
    static final double NETWORK = 1.25e9;

    /** Of a file on a file system that all machines share. */
    static final double DISK = 1e9;

    private static final double BYTES_OF_AN_ID = 16;

    private final MatrixBackend backend;
    private final MachineRate rate;

    /**
     * Prepares planning.
     *
     * @param backend such as executors have: its precision counts
     * @param rate an executor's rates
     */
    public ClusterPlanner(MatrixBackend backend, MachineRate rate) {
        this.backend = backend;
        this.rate = rate;
    }

    /**
     * Plans a fit, the scores of all queries, and self-influence.
     *
     * @param layers the model's layers
     * @param sharedInputs what {@link io.github.influence4j.api.GradientProvider#sharedInputs} of the model says
     * @param data how much data there is
     * @param fit how the curvature will be fitted; its memory limit is that of a task, 4 GiB where it has none
     * @param score how scores will be computed; likewise
     * @param cluster the executors
     * @return the plan
     * @throws IllegalArgumentException if a layer does not fit into the limit
     */
    public ClusterPlan plan(
            List<LayerSpec> layers,
            List<List<String>> sharedInputs,
            DataShape data,
            FitOptions fit,
            ScoreOptions score,
            ClusterShape cluster) {
        long limit = fit.memoryLimit().orElse(TaskGroups.DEFAULT_LIMIT);
        FactorMemory memory = new FactorMemory(
                backend.precision(), fit.strategy(), fit.blocks(), SharedInputs.of(sharedInputs, layers));
        return new Planning(layers, data, fit, score, cluster, memory, TaskGroups.of(layers, memory, limit), limit)
                .plan();
    }

    /** One plan. */
    private final class Planning {
        private final List<LayerSpec> layers;
        private final DataShape data;
        private final DataShape share;
        private final FitOptions fit;
        private final ScoreOptions score;
        private final ClusterShape cluster;
        private final FactorMemory memory;
        private final TaskGroups groups;
        private final int batch;
        private final double sums;

        Planning(
                List<LayerSpec> layers,
                DataShape data,
                FitOptions fit,
                ScoreOptions score,
                ClusterShape cluster,
                FactorMemory memory,
                TaskGroups groups,
                long limit) {
            this.layers = layers;
            this.groups = groups;
            this.data = data;
            this.share = data.withModelFlopsPerPosition(modelFlops())
                    .withExamples(cluster.rounds() * ((data.examples() - 1) / cluster.partitions() + 1));
            this.fit = fit;
            this.score = score.memoryLimit().isPresent() ? score : score.withMemoryLimit(TaskGroups.DEFAULT_LIMIT);
            this.cluster = cluster;
            this.memory = memory;
            this.sums = cluster.partitions() + 1.0;
            BatchSize batches = new BatchSize(fit.batchSize(), fit.batchPositions())
                    .within(
                            layers,
                            backend.precision(),
                            data.modelBytesPerPosition(),
                            MemoryShares.of(backend, OptionalLong.of(limit)).captures());
            this.batch = share.batch(layers, batches);
        }

        /** Of a pass, where it is not known and all layers are passed for a group of some. */
        private double modelFlops() {
            return data.modelFlopsPerPosition() > 0 || groups.groups().size() == 1
                    ? data.modelFlopsPerPosition()
                    : layers.stream()
                                    .mapToDouble(layer -> 4.0 * data.positions(layer) * layer.parameters())
                                    .sum()
                            / data.positions();
        }

        ClusterPlan plan() {
            List<ClusterStage> stages = new ArrayList<>();
            stages.add(new ClusterStage("examples", BYTES_OF_AN_ID * data.examples(), 0, 0, 0, 0));
            if (fit.strategy().usesEigenbasis()) {
                stages.add(covariances());
            }
            if (fit.strategy().measuresEigenvalues()) {
                stages.add(eigenvalues());
            }
            double kept = memory.keptBytes(layers);
            stages.add(new ClusterStage("factors", 0, 0, 0, 0, 2 * kept / DISK));
            stages.addAll(scores());
            return new ClusterPlan(cluster, stages, groups.groups().size(), 2 * largestBasis());
        }

        /** Of a processor with the cores of an executor, which this one need not have. */
        private WorkSizes sizes() {
            WorkSizes here = backend.workSizes();
            return here.withCores(1).equals(WorkSizes.PROCESSOR) ? here.withCores(cluster.cores()) : here;
        }

        private FitPlanner planner(List<LayerSpec> group) {
            return new FitPlanner(
                    rate,
                    sizes(),
                    1,
                    memory,
                    new LayerGroups(List.of(group), 0, 0),
                    share,
                    fit,
                    Rotation.CHEAPEST,
                    batch);
        }

        private List<PlannedLayer> planned(List<LayerSpec> group) {
            return group.stream()
                    .map(layer -> PlannedLayer.of(layer, share, fit, sizes()))
                    .toList();
        }

        private StagePlan stage(List<LayerSpec> group, String name) {
            return planner(group).stages(planned(group)).stream()
                    .filter(stage -> stage.stage().equals(name))
                    .findFirst()
                    .orElseThrow();
        }

        private ClusterStage covariances() {
            double shuffled = 0;
            double most = 0;
            double heap = 0;
            double seconds = 0;
            for (int g = 0; g < groups.groups().size(); g++) {
                StagePlan pass = stage(groups.layers(g), "covariances");
                most = Math.max(most, pass.memory().total());
                List<Double> decompositions = new ArrayList<>();
                double sent = 0;
                for (List<LayerSpec> unit : groups.groups().get(g)) {
                    StagePlan decomposition = stage(unit, "eigendecomposition");
                    double numbers = memory.covarianceNumbers(unit);
                    sent += 8 * numbers * sums;
                    heap = Math.max(heap, 8 * numbers);
                    most = Math.max(
                            most,
                            decomposition.memory().factors()
                                    + decomposition.memory().workspace());
                    decompositions.add(decomposition.seconds());
                }
                shuffled += sent;
                seconds += pass.seconds() + moved(sent) + longest(decompositions);
            }
            return new ClusterStage("covariances", shuffled, 0, most, heap, seconds);
        }

        private ClusterStage eigenvalues() {
            double shuffled = 0;
            double broadcast = 0;
            double most = 0;
            double seconds = 0;
            for (int g = 0; g < groups.groups().size(); g++) {
                List<LayerSpec> group = groups.layers(g);
                StagePlan pass = stage(group, "eigenvalues");
                double sent = 8
                        * sums
                        * group.stream().mapToDouble(LayerSpec::parameters).sum();
                double bases = bases(group);
                shuffled += sent;
                broadcast += bases;
                most = Math.max(most, pass.memory().total());
                seconds += pass.seconds() + moved(sent) + bases / NETWORK;
            }
            double heap = largest(group -> Math.max(
                    bases(group),
                    8 * group.stream().mapToDouble(LayerSpec::parameters).max().orElse(0)));
            return new ClusterStage("eigenvalues", shuffled, broadcast, most, heap, seconds);
        }

        private List<ClusterStage> scores() {
            ScoreOptions halved =
                    score.withMemoryLimit(Math.max(1, score.memoryLimit().orElseThrow() / 2));
            double loaded = FactorGroups.of(layers, memory, score.memoryLimit().orElseThrow() / 2.0).stream()
                    .mapToDouble(group -> FactorGroups.bytes(group, memory))
                    .max()
                    .orElse(0);
            ScorePlanner planner = new ScorePlanner(
                    rate,
                    memory,
                    memory.keptBytes(layers),
                    ScoringMemory.of(backend, halved),
                    ScoringWays.CHEAPEST,
                    share,
                    planned(layers));
            StagePlan prepared = planner.queryPreparation();
            StagePlan scoring = planner.scoring();
            StagePlan self = planner.selfInfluence();
            double queries = queryBytes(data.queries());
            return List.of(
                    new ClusterStage(
                            "preconditioned queries",
                            0,
                            queries,
                            loaded + beside(prepared),
                            0,
                            prepared.seconds() + 2 * queries / DISK + queries / NETWORK),
                    new ClusterStage(
                            "scores", 0, 0, beside(scoring), scoring.memory().scores(), scoring.seconds()),
                    new ClusterStage(
                            "self-influence",
                            0,
                            0,
                            loaded + beside(self),
                            self.memory().scores(),
                            self.seconds()));
        }

        /** What is held beside the heap and the factors. */
        private static double beside(StagePlan stage) {
            return stage.memory().backend() - stage.memory().factors();
        }

        /** Each machine sends and gets its share. */
        private double moved(double bytes) {
            return 2 * bytes / cluster.executors() / NETWORK;
        }

        /** Units are decomposed at the same time, the longest first. */
        private double longest(Collection<Double> units) {
            double[] busy = new double[cluster.executors()];
            units.stream().sorted(Comparator.reverseOrder()).forEach(seconds -> {
                int idle = 0;
                for (int e = 1; e < busy.length; e++) {
                    idle = busy[e] < busy[idle] ? e : idle;
                }
                busy[idle] += seconds;
            });
            return Arrays.stream(busy).max().orElse(0);
        }

        private double bases(List<LayerSpec> group) {
            return fit.strategy().usesEigenbasis() ? backend.precision().bytes() * memory.covarianceNumbers(group) : 0;
        }

        private double largestBasis() {
            return layers.stream()
                    .mapToDouble(layer -> bases(List.of(layer)))
                    .max()
                    .orElse(0);
        }

        private double queryBytes(int count) {
            ScoringMemory held = ScoringMemory.of(backend, score);
            return (double) count
                    * layers.stream().mapToLong(held::bytesPerQuery).sum();
        }

        private double largest(ToDoubleFunction<List<LayerSpec>> bytes) {
            double most = 0;
            for (int g = 0; g < groups.groups().size(); g++) {
                most = Math.max(most, bytes.applyAsDouble(groups.layers(g)));
            }
            return most;
        }
    }
}
