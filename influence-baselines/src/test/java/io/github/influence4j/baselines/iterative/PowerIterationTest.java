package io.github.influence4j.baselines.iterative;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.baselines.exact.ExactCase;
import io.github.influence4j.baselines.exact.ExactCurvature;
import io.github.influence4j.baselines.exact.ExactGaussNewton;
import io.github.influence4j.baselines.exact.ExactOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.ejml.EjmlBackend;
import io.github.influence4j.testkit.Tolerances;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.EigenDecomposition;
import org.apache.commons.math3.linear.LUDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Power iteration against dense eigenvalues. */
class PowerIterationTest {

    private static final PowerIteration LONG =
            PowerIteration.defaults().withTolerance(1e-13).withMaxIterations(20_000);

    private final MatrixBackend backend = new EjmlBackend();

    static List<ExactCase<?>> cases() {
        return ExactCase.all();
    }

    private static LayerDamping damping(ExactCase<?> model) {
        return LayerDamping.of(
                model.layers(), layer -> 0.1 * (1 + model.layers().indexOf(layer)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    <E> void findsTheLargestEigenvalue(ExactCase<E> model) {
        RealMatrix dense = new Array2DRowRealMatrix(model.oracle().damped(damping(model)));
        double expected = Arrays.stream(new EigenDecomposition(dense).getRealEigenvalues())
                .max()
                .orElseThrow();
        try (HessianRootProduct<E> product = new HessianRootProduct<>(backend, model.model())) {
            PowerIteration.Result result = LONG.largest(product, model.data(), 4, damping(model));
            assertTrue(result.converged(), result::toString);
            assertEquals(expected, result.value(), Tolerances.POWER_ITERATION * expected);
            PowerIteration.Result early = LONG.withMaxIterations(2).largest(product, model.data(), 4, damping(model));
            assertTrue(early.value() <= expected * (1 + Tolerances.REORDERED_FLOAT64), "a lower bound");
            assertFalse(early.converged());
        }
    }

    /** With the exact blocks as preconditioner, against the eigenvalues of P⁻¹(G+λ) without symmetry. */
    @ParameterizedTest
    @MethodSource("cases")
    <E> void findsTheLargestEigenvalueOfThePreconditionedMatrix(ExactCase<E> model) {
        RealMatrix dense = new Array2DRowRealMatrix(model.oracle().damped(damping(model)));
        RealMatrix blocks =
                new Array2DRowRealMatrix(model.oracle().blockDiagonal().damped(damping(model)));
        RealMatrix preconditioned =
                new LUDecomposition(blocks).getSolver().getInverse().multiply(dense);
        double expected = Arrays.stream(new EigenDecomposition(preconditioned).getRealEigenvalues())
                .max()
                .orElseThrow();
        ExactOptions options = ExactOptions.defaults().withScope(ExactOptions.Scope.PER_LAYER);
        try (HessianRootProduct<E> product = new HessianRootProduct<>(backend, model.model());
                ExactCurvature preconditioner =
                        ExactGaussNewton.on(backend).with(options).curvature(model.model(), model.data())) {
            PowerIteration.Result result = LONG.largest(product, model.data(), 4, damping(model), preconditioner);
            assertEquals(expected, result.value(), Tolerances.POWER_ITERATION * expected);
        }
    }

    @Test
    void zeroHasTheEigenvalueZero() {
        Preconditioner none = Preconditioner.of(Optional.empty(), List.of(), new LayerDamping(Map.of()));
        assertEquals(0, LONG.largest(3, x -> new double[3], none).value());
    }

    @Test
    void nonsenseIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> LONG.withMaxIterations(0));
        assertThrows(IllegalArgumentException.class, () -> LONG.withTolerance(0));
        assertThrows(IllegalArgumentException.class, () -> LONG.withTolerance(Double.NaN));
    }
}
