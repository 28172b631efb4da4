package io.github.influence4j.baselines.iterative;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.plan.DataShape;
import io.github.influence4j.ekfac.plan.MachineRate;
import io.github.influence4j.ekfac.plan.Plan;
import io.github.influence4j.ekfac.plan.Planner;
import io.github.influence4j.linalg.ejml.EjmlBackend;
import org.junit.jupiter.api.Test;

/** What ten queries cost by EK-FAC, fit and scores included, and by LiSSA as the paper runs it, in flops. */
class SolverFlopsTest {

    private static final int EXAMPLES = 150;
    private static final double AT_LEAST = 20; // claim 3 of the issue on validation

    @Test
    void lissaNeedsManyTimesTheFlopsOfEkfac() {
        EjmlBackend backend = new EjmlBackend();
        try (FriedmanBed bed = FriedmanBed.trained(backend, EXAMPLES, 16, 5, 1);
                IterativeSolver lissa = Lissa.on(backend)
                        .with(LissaOptions.defaults())
                        .curvature(bed.model(), bed.train())
                        .solver(LayerDamping.of(bed.layers(), layer -> 0.01))) {
            lissa.solveAll(bed.queryGradients());
            Plan plan = new Planner(backend, MachineRate.of(1))
                    .plan(bed.layers(), DataShape.of(EXAMPLES, 10), FitOptions.defaults(), ScoreOptions.defaults());
            double ekfac = plan.stages().stream()
                    .mapToDouble(stage -> stage.flops() + stage.modelFlops())
                    .sum();
            double ratio = lissa.report().flops() / ekfac;
            assertTrue(ratio >= AT_LEAST, () -> "LiSSA " + lissa.report() + ", EK-FAC " + ekfac + ", ratio " + ratio);
        }
    }
}
