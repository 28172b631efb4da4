package io.github.influence4j.baselines.exact;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.baselines.exact.ExactOptions.Form;
import io.github.influence4j.baselines.exact.ExactOptions.Scope;
import io.github.influence4j.linalg.ejml.EjmlBackend;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The two forms agree whatever the shapes, the order of the examples and the batches. */
class ExactGaussNewtonPropertyTest {

    private final EjmlBackend backend = new EjmlBackend();

    @Property(tries = 60)
    void explicitAndDualAgree(
            @ForAll @IntRange(min = 1, max = 12) int examples,
            @ForAll @IntRange(min = 1, max = 4) int longest,
            @ForAll @IntRange(min = 1, max = 5) int features,
            @ForAll @IntRange(min = 1, max = 5) int hidden,
            @ForAll @IntRange(min = 1, max = 3) int outputs,
            @ForAll @IntRange(min = 1, max = 13) int batchSize,
            @ForAll Scope scope,
            @ForAll long seed) {
        Random random = new Random(seed);
        PooledTokens model = new PooledTokens(
                ExactCase.gaussian(random, hidden, features + 1), ExactCase.gaussian(random, outputs, hidden));
        List<double[][]> sequences = new ArrayList<>();
        for (int e = 0; e < examples; e++) {
            sequences.add(ExactCase.gaussian(random, 1 + random.nextInt(longest), features));
        }
        LayerDamping damping = LayerDamping.of(model.layers(), layer -> 0.01 + random.nextDouble());
        int parameters = hidden * (features + 1) + outputs * hidden;
        LayerGradients vector = LayerGradients.ofFlat(model.layers(), ExactCase.gaussian(random, 1, parameters)[0]);
        ExactOptions explicit = ExactOptions.defaults().withForm(Form.EXPLICIT).withScope(scope);
        double[] expected = solve(explicit, model, sequences, damping, vector);
        Collections.shuffle(sequences, random);
        ExactOptions dual = explicit.withForm(Form.DUAL).withBatchSize(batchSize);
        MatrixAssert.assertClose(
                expected, solve(dual, model, sequences, damping, vector), Tolerances.EXACT_SOLVE, "solution");
    }

    private double[] solve(
            ExactOptions options,
            PooledTokens model,
            List<double[][]> sequences,
            LayerDamping damping,
            LayerGradients vector) {
        try (ExactCurvature curvature =
                        ExactGaussNewton.on(backend).with(options).curvature(model, ExampleSource.of(sequences));
                ExactSolver solver = curvature.solver(damping)) {
            return solver.solve(vector).toFlat();
        }
    }
}
