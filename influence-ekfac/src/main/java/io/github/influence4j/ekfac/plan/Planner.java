package io.github.influence4j.ekfac.plan;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.factor.BatchSize;
import io.github.influence4j.ekfac.internal.factor.FactorMemory;
import io.github.influence4j.ekfac.internal.factor.LayerGroups;
import io.github.influence4j.ekfac.internal.factor.MemoryShares;
import io.github.influence4j.ekfac.internal.factor.SharedInputs;
import io.github.influence4j.ekfac.internal.score.ScoringMemory;
import io.github.influence4j.ekfac.internal.score.ScoringWays;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.List;

/**
 * Says what a fit and its scores will need before anything runs.
 *
 * <p>Flops are those of the method's formulas (paper, Appendix A; method notes, section 5), memory follows the allocations of
 * the stages, times follow from the machine's rate of products. Which way is taken at a layer is asked of the classes that
 * decide it when the work is done. Curvatures and scores are those of the sampled or empirical Fisher; {@code exactFisher}
 * needs as many times the passes as the output Hessian's root has columns.
 *
 * <p>Immutable; safe for use by several threads.
 */
public final class Planner {

    private final MatrixBackend backend;
    private final MachineRate rate;

    /**
     * Prepares planning.
     *
     * @param backend the backend that will compute: its precision and its memory count
     * @param rate the machine's rates, for instance {@link MachineRate#measure}
     */
    public Planner(MatrixBackend backend, MachineRate rate) {
        this.backend = backend;
        this.rate = rate;
    }

    /**
     * Plans a fit, the scores of all queries, and self-influence.
     *
     * @param layers the model's layers
     * @param data how much data there is
     * @param fit how the curvature will be fitted
     * @param score how scores will be computed
     * @return the plan
     * @throws IllegalArgumentException if the factors cannot fit into the fit's memory limit, naming the layer that needs
     *     most, what it needs and what there is
     */
    public Plan plan(List<LayerSpec> layers, DataShape data, FitOptions fit, ScoreOptions score) {
        return plan(layers, List.of(), data, fit, score);
    }

    /**
     * Plans a fit, the scores of all queries, and self-influence, where some layers read the same input.
     *
     * @param layers the model's layers
     * @param sharedInputs what {@link io.github.influence4j.api.GradientProvider#sharedInputs} of the model says
     * @param data how much data there is
     * @param fit how the curvature will be fitted
     * @param score how scores will be computed
     * @return the plan, with the factors of inputs that several layers read counted once
     * @throws IllegalArgumentException if the layers cannot read the same inputs, or as for {@link #plan(List, DataShape,
     *     FitOptions, ScoreOptions)}
     */
    public Plan plan(
            List<LayerSpec> layers,
            List<List<String>> sharedInputs,
            DataShape data,
            FitOptions fit,
            ScoreOptions score) {
        SharedInputs shared = SharedInputs.of(sharedInputs, layers);
        return plan(layers, shared, data, fit, Rotation.CHEAPEST, score, ScoringWays.CHEAPEST);
    }

    /** As {@link #plan}, with ways that are not the cheapest. */
    Plan plan(
            List<LayerSpec> layers,
            SharedInputs shared,
            DataShape data,
            FitOptions fit,
            Rotation rotation,
            ScoreOptions score,
            ScoringWays ways) {
        FactorMemory memory = new FactorMemory(backend.precision(), fit.strategy(), fit.blocks(), shared);
        MemoryShares shares = MemoryShares.of(backend, fit.memoryLimit());
        LayerGroups groups = LayerGroups.of(layers, memory, backend, shares.held());
        List<PlannedLayer> planned = layers.stream()
                .map(layer -> PlannedLayer.of(layer, data, fit, backend.workSizes()))
                .toList();
        BatchSize batches = new BatchSize(fit.batchSize(), fit.batchPositions())
                .within(layers, backend.precision(), data.modelBytesPerPosition(), shares.captures());
        FitPlanner fitting = new FitPlanner(
                rate,
                backend.workSizes(),
                backend.decompositionsAtOnce(),
                memory,
                groups,
                data,
                fit,
                rotation,
                data.batch(layers, batches));
        ScorePlanner scoring = new ScorePlanner(
                rate, memory, groups.keptBytes(), ScoringMemory.of(backend, score), ways, data, planned);
        List<StagePlan> stages = new ArrayList<>(fitting.stages(planned));
        stages.add(scoring.queryPreparation());
        stages.add(scoring.scoring());
        stages.add(scoring.selfInfluence());
        List<LayerPlan> decisions = planned.stream()
                .map(layer -> new LayerPlan(
                        layer.spec(),
                        fitting.describeFactors(layer),
                        fitting.describeRotation(layer),
                        scoring.describeQueries(layer),
                        scoring.describeScoring(layer)))
                .toList();
        return new Plan(stages, decisions, groups.groups().size(), scoring.passes());
    }
}
