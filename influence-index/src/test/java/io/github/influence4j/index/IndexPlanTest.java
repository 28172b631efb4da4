package io.github.influence4j.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.plan.DataShape;
import io.github.influence4j.ekfac.plan.MachineRate;
import io.github.influence4j.ekfac.plan.Plan;
import io.github.influence4j.ekfac.plan.Planner;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a plan says beside the size, which {@link IndexBuildTest} compares with files. */
class IndexPlanTest {

    /** The gate and the last map of an MLP of SmolLM2-135M. */
    private static final List<LayerSpec> LAYERS = List.of(
            new LayerSpec("gate", 576, 1536, false, Positions.TOKENS),
            new LayerSpec("down", 1536, 576, false, Positions.TOKENS));

    private static IndexPlan plan(IndexOptions options) {
        return IndexPlan.of(LAYERS, options);
    }

    @Test
    void qualityIsWhatWasMeasuredAtTheSize() {
        IndexPlan both = plan(IndexOptions.defaults().withPercent(1).withCoordinatesPercent(5));
        assertEquals(0.970, both.expectedOfSigns().orElseThrow().recall(), 0.001);
        assertEquals(0.985, both.expectedOfCoordinates().orElseThrow().spearman(), 0.001);
        ExpectedQuality between =
                plan(IndexOptions.defaults().withPercent(0.5)).expectedOfSigns().orElseThrow();
        assertEquals((0.916 + 0.970) / 2, between.recall(), 0.001);
        assertEquals((0.674 + 0.853) / 2, between.spearman(), 0.001);
    }

    @Test
    void nothingIsExpectedWhereNothingWasMeasured() {
        assertEquals(Optional.empty(), plan(IndexOptions.defaults()).expectedOfCoordinates());
        assertEquals(
                Optional.empty(), plan(IndexOptions.defaults().withPercent(0.1)).expectedOfSigns());
        assertEquals(
                Optional.empty(), plan(IndexOptions.defaults().withPercent(2)).expectedOfSigns());
        IndexPlan coordinates =
                plan(IndexOptions.defaults().withCoordinatesPercent(1).withoutSigns());
        assertEquals(Optional.empty(), coordinates.expectedOfSigns());
        assertTrue(coordinates.expectedOfCoordinates().isPresent());
    }

    /** Self-influence and 3 ns for each of 1.8 million numbers of a sequence on each core. */
    @Test
    void timeIsThatOfSelfInfluenceAndOfCoding() {
        Plan plan = new Planner(TestBackends.OPENBLAS, MachineRate.of(100))
                .plan(LAYERS, DataShape.of(100, 1).withPositions(64), FitOptions.defaults(), ScoreOptions.defaults());
        double coding = plan(IndexOptions.defaults()).seconds(plan, 100, 2)
                - plan.stage("self-influence").seconds();
        assertEquals(3e-9 * 100 * 2 * 576 * 1536 / 2, coding, 1e-6);
    }
}
