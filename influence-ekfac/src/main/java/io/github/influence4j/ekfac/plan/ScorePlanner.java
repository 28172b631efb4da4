package io.github.influence4j.ekfac.plan;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.eigen.RotationCost;
import io.github.influence4j.ekfac.internal.factor.BatchSize;
import io.github.influence4j.ekfac.internal.factor.FactorMemory;
import io.github.influence4j.ekfac.internal.score.Path;
import io.github.influence4j.ekfac.internal.score.ScoringCost;
import io.github.influence4j.ekfac.internal.score.ScoringMemory;
import io.github.influence4j.ekfac.internal.score.ScoringWays;
import io.github.influence4j.ekfac.options.QueryRank;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.options.Strategy;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Plans query preparation, scoring and self-influence. */
final class ScorePlanner {

    /** Elementwise operations that one score of one example or position costs on its way into the table. */
    private static final double ELEMENTS_PER_SCORE = 4;

    private final MachineRate rate;
    private final FactorMemory memory;
    private final double keptBytes;
    private final ScoringMemory limits;
    private final ScoreOptions options;
    private final ScoringWays ways;
    private final DataShape data;
    private final List<PlannedLayer> layers;
    private final List<LayerSpec> specs;
    private final Map<Integer, BitSet> multipliedOut = new HashMap<>();
    private final Captures captures;
    private final int queries;
    private final int batch;
    private final int queryBatch;

    ScorePlanner(
            MachineRate rate,
            FactorMemory memory,
            double keptBytes,
            ScoringMemory limits,
            ScoringWays ways,
            DataShape data,
            List<PlannedLayer> layers) {
        this.ways = ways;
        this.rate = rate;
        this.memory = memory;
        this.keptBytes = keptBytes;
        this.options = limits.options();
        this.data = data;
        this.layers = layers;
        this.captures = new Captures(memory.precision(), layers);
        // they are in memory when queries are prepared
        this.limits = limits.without(factors());
        this.specs = layers.stream().map(PlannedLayer::spec).toList();
        this.queries = limits.queriesAtOnce(specs, data.queries());
        BatchSize batches = limits.batches(specs, data.modelBytesPerPosition());
        this.batch = data.batch(specs, batches);
        int queriesWithin = Math.max(1, batches.positions() / data.longest(specs));
        this.queryBatch = Math.min(limits.queriesPerBatch(specs, data.queries()), queriesWithin);
    }

    int passes() {
        return (int) (((long) data.queries() + queries - 1) / queries);
    }

    StagePlan queryPreparation() {
        Work work = new Work(rate, memory.precision());
        double all = data.queries();
        FitPlanner.model(work, data, layers, all);
        for (PlannedLayer layer : layers) {
            work.add(Kernel.PRODUCT_PER_EXAMPLE, all * 2 * layer.positions() * layer.parameters(), layer.positions());
            double forming = 2 * layer.positions() * layer.parameters();
            double there = layer.rotation().chosen(Rotation.CHEAPEST) - forming;
            double back = rotatesBack(layer) ? layer.rotation().rotateGradient() : 0;
            work.add(Kernel.PRODUCT, all * (there + back), layer.smallestBlock());
            if (limits.factors(layer.spec())) {
                int rank = rank().rank();
                double smaller = Math.min(layer.inputs(), layer.outputs());
                if (rank().seed().isPresent()) {
                    // six products with the gradient, five bases of their columns, and the small decomposition
                    double width = Math.min(rank + 10.0, smaller);
                    double sides = (double) layer.inputs() + layer.outputs();
                    work.add(Kernel.PRODUCT_FLOAT64, all * 12 * layer.parameters() * width, width);
                    work.add(Kernel.SVD, all * 3 * 14 * sides * width * width, width);
                } else {
                    work.add(Kernel.SVD, all * 14 * layer.parameters() * smaller, smaller);
                }
                work.add(Kernel.PRODUCT, all * 2 * rank * layer.covarianceNumbers(), rank);
            }
            // divided by the eigenvalues; to be cut also copied to float64 and its norm taken
            double passes = limits.factors(layer.spec()) ? 4 : 1;
            work.uploads(all * layer.captured());
            work.elements(all * passes * layer.parameters());
        }
        double bytes = memory.precision().bytes();
        double solved = captures.largest(layer -> limits.factors(layer.spec()) ? layer.parameters() : 0);
        double half = captures.largest(layer -> rotatesBack(layer) ? layer.parameters() : 0);
        double workspace = bytes * queryBatch * (solved + half + rotatedQuery()) + cutBytes();
        // the buffers of the first pass over the training set are still there when later queries are prepared
        int largestBatch = passes() > 1 ? Math.max(batch, queryBatch) : queryBatch;
        MemoryUse use = new MemoryUse(factors(), workspace, captures.bytes(largestBatch), heldQueries(), scores());
        return work.stage("query preparation", use, heldQueries() / queries * all);
    }

    /** Numbers in which the gradient of a query is rotated. */
    private double rotatedQuery() {
        return captures.largest(layer -> rotatesFirst(layer) ? (double) layer.positions() * layer.inputs() : 0)
                + captures.largest(layer -> rotatesFirst(layer) ? (double) layer.positions() * layer.outputs() : 0)
                + captures.largest(layer -> layer.blocks() == 0 || rotatesFirst(layer) ? 0 : layer.parameters());
    }

    private static boolean rotatesFirst(PlannedLayer layer) {
        return layer.rotation().rotatesFirst(Rotation.CHEAPEST);
    }

    private boolean rotatesBack(PlannedLayer layer) {
        return layer.blocks() > 0 && !limits.factors(layer.spec()) && !rotatesCaptures(layer);
    }

    /**
     * Of the decomposition of one query's gradient, in float64: the matrix twice, its singular vectors, and LAPACK's workspace of
     * 4 times the square of the smaller dimension.
     */
    private double cutBytes() {
        return 8
                * captures.largest(layer -> {
                    if (!limits.factors(layer.spec())) {
                        return 0;
                    }
                    double smaller = Math.min(layer.inputs(), layer.outputs());
                    double sides = (double) layer.inputs() + layer.outputs();
                    double width = Math.min(rank().rank() + 10, smaller);
                    return rank().seed().isPresent()
                            ? layer.parameters() + width * (2 * sides + Math.max(layer.inputs(), layer.outputs()))
                            : 2 * layer.parameters() + smaller * (sides + 4 * smaller);
                });
    }

    StagePlan scoring() {
        Work work = new Work(rate, memory.precision());
        int rest = data.queries() % queries;
        double passes = Math.ceil((double) data.queries() / queries);
        FitPlanner.model(work, data, layers, passes * data.examples());
        for (PlannedLayer layer : layers) {
            scores(work, layer, queries, data.queries() / queries);
            if (rest > 0) {
                scores(work, layer, rest, 1);
            }
        }
        // the buffers of the queries are still there
        double captured = captures.bytes(Math.max(batch, queryBatch));
        MemoryUse use =
                new MemoryUse(factors(), scoringWorkspace(), captured, heldQueries() + multipliedOut(), scores());
        return work.stage("scoring", use, scores());
    }

    /** Passes of the training set past so many queries. */
    private void scores(Work work, PlannedLayer layer, int count, int times) {
        double n = (double) times * data.examples();
        work.uploads(n * layer.captured());
        double t = layer.positions();
        if (rotatesCaptures(layer)) {
            work.add(Kernel.PRODUCT, n * 2 * t * layer.covarianceNumbers(), layer.smallestBlock());
        }
        if (formsGradients(layer, count)) {
            work.add(Kernel.PRODUCT_PER_EXAMPLE, n * 2 * t * layer.parameters(), t);
            work.add(Kernel.PRODUCT, n * 2 * count * layer.parameters(), count);
            work.elements(n * (layer.parameters() + ELEMENTS_PER_SCORE * count));
        } else {
            ScoringCost cost = cost(layer, count);
            boolean factored = limits.factors(layer.spec());
            double width = factored ? (double) count * rank().rank() : (double) count * layer.outputs();
            work.add(
                    Kernel.PRODUCT,
                    n * (factored ? cost.factored() : cost.projection()),
                    Math.min(width, Math.min(layer.inputs(), layer.outputs())));
            work.elements(n * t * (width + ELEMENTS_PER_SCORE * count));
        }
    }

    private double scoringWorkspace() {
        double numbers = captures.largest(layer -> gradients(layer) ? tile(layer) : 0)
                + captures.largest(layer -> gradients(layer) ? 0 : leftNumbers(layer))
                + captures.largest(layer -> !gradients(layer) && limits.factors(layer.spec()) ? leftNumbers(layer) : 0)
                + captures.largest(
                        layer -> (double) (gradients(layer) ? queries : projectedTogether(layer)) * atOnce(layer))
                + captures.largest(layer -> rotatedNumbers(layer, layer.inputs()))
                + captures.largest(layer -> rotatedNumbers(layer, layer.outputs()));
        return memory.precision().bytes() * numbers;
    }

    private double leftNumbers(PlannedLayer layer) {
        return atOnce(layer) * (double) width(layer);
    }

    private double tile(PlannedLayer layer) {
        return plain(layer).numbersAtOnce(batch, Rotation.CHEAPEST);
    }

    private static RotationCost plain(PlannedLayer layer) {
        return new RotationCost(layer.spec(), layer.positions(), 0, layer.sizes());
    }

    /** Examples whose gradients are formed at a time, or positions that are projected at a time. */
    private double atOnce(PlannedLayer layer) {
        return gradients(layer)
                ? plain(layer).gradientsAtOnce(batch, Rotation.CHEAPEST)
                : ScoringCost.atOnce(layer.sizes(), batch * layer.positions(), width(layer));
    }

    private long width(PlannedLayer layer) {
        return (long) projectedTogether(layer) * widthOfQuery(layer);
    }

    private int projectedTogether(PlannedLayer layer) {
        return ScoringCost.queriesAtOnce(layer.sizes(), batch * layer.positions(), queries, widthOfQuery(layer));
    }

    private int widthOfQuery(PlannedLayer layer) {
        return limits.factors(layer.spec()) ? rank().rank() : layer.spec().outputs();
    }

    private double rotatedNumbers(PlannedLayer layer, int columns) {
        return rotatesCaptures(layer) ? (double) batch * layer.positions() * columns : 0;
    }

    StagePlan selfInfluence() {
        Work work = new Work(rate, memory.precision());
        FitPlanner.model(work, data, layers, (double) data.examples());
        for (PlannedLayer layer : layers) {
            work.uploads(data.examples() * layer.captured());
            FitPlanner.rotations(work, layer, ways.rotation(), (double) data.examples());
            if (!sumsPairs(layer)) {
                work.add(Kernel.PRODUCT, data.examples() * 2.0 * layer.parameters(), 1);
            }
        }
        double bytes = memory.precision().bytes();
        double weighted = captures.largest(layer -> sumsPairs(layer)
                ? (double) layer.rotation().pairsAtOnce(batch) * layer.positions() * layer.inputs()
                : 0);
        double identity = memory.strategy() == Strategy.IDENTITY
                ? bytes * captures.sum(PlannedLayer::parameters) + 8 * captures.largest(PlannedLayer::parameters)
                : 0;
        double workspace = captures.rotationBytes(batch, ways.rotation()) + bytes * (weighted + batch) + identity;
        double heap = 8.0 * data.examples() * (1 + (options.perLayer() ? layers.size() : 0));
        return work.stage("self-influence", new MemoryUse(factors(), workspace, captures.bytes(batch), 0, heap), heap);
    }

    private boolean sumsPairs(PlannedLayer layer) {
        return layer.rotation().sumsPairs(ways.rotation());
    }

    /** Finished factors of all layers, and the reciprocals of their eigenvalues. */
    private double factors() {
        return keptBytes + reciprocals();
    }

    private double reciprocals() {
        return memory.strategy() == Strategy.IDENTITY
                ? 0
                : memory.precision().bytes() * captures.sum(PlannedLayer::parameters);
    }

    private double heldQueries() {
        return queries * sum(limits::bytesPerQuery);
    }

    private double multipliedOut() {
        return memory.precision().bytes()
                * queries
                * captures.sum(layer -> gradients(layer) && limits.factors(layer.spec()) ? layer.parameters() : 0);
    }

    private double scores() {
        double pairs = (double) data.queries() * data.examples();
        double tokens = captures.largest(layer -> tokens(layer) ? layer.positions() : 0);
        if (options.perLayer() && options.layerTokens()) {
            tokens += captures.sum(layer -> tokens(layer) ? layer.positions() : 0);
        }
        return 8 * pairs * (1 + (options.perLayer() ? layers.size() : 0) + tokens);
    }

    private boolean tokens(PlannedLayer layer) {
        return options.perToken() && layer.spec().positions() == Positions.TOKENS;
    }

    private double sum(ToDoubleFunction<LayerSpec> bytes) {
        return captures.sum(layer -> bytes.applyAsDouble(layer.spec()));
    }

    private QueryRank rank() {
        return options.rank().orElseThrow();
    }

    private ScoringCost cost(PlannedLayer layer, int count) {
        int rank = limits.factors(layer.spec()) ? rank().rank() : 0;
        return new ScoringCost(layer.spec(), layer.positions(), count, rank);
    }

    private boolean rotatesCaptures(PlannedLayer layer) {
        return layer.blocks() > 0
                && !limits.factors(layer.spec())
                && cost(layer, queries).rotatesCaptures(ways.coordinates(), data.examples());
    }

    private boolean gradients(PlannedLayer layer) {
        return formsGradients(layer, queries);
    }

    private boolean formsGradients(PlannedLayer layer, int count) {
        ScoringCost cost = cost(layer, count);
        if (limits.factors(layer.spec())) {
            return cost.multipliesOut(ways.path(), tokens(layer))
                    && multipliedOut(count).get(specs.indexOf(layer.spec()));
        }
        return cost.whole(ways.path(), tokens(layer)) == Path.GRADIENT;
    }

    private BitSet multipliedOut(int count) {
        return multipliedOut.computeIfAbsent(count, c -> limits.multipliedOut(specs, c));
    }

    String describeQueries(PlannedLayer layer) {
        String held = limits.factors(layer.spec()) ? "factors of rank " + rank().rank() : "whole query gradients";
        return held + (rotatesCaptures(layer) ? " left in the eigenbasis, training captures rotated into it" : "");
    }

    String describeScoring(PlannedLayer layer) {
        ScoringCost cost = cost(layer, queries);
        String gradient = "gradient form " + FitPlanner.flops(cost.gradient());
        String other = limits.factors(layer.spec())
                ? "factored form " + FitPlanner.flops(cost.factored())
                : "projection " + FitPlanner.flops(cost.projection());
        return gradients(layer) ? gradient + " (against " + other + ")" : other + " (against " + gradient + ")";
    }
}
