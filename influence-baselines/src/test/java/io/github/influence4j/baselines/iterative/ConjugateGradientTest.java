package io.github.influence4j.baselines.iterative;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.Precision;
import io.github.influence4j.baselines.exact.ExactCase;
import io.github.influence4j.baselines.exact.ExactCurvature;
import io.github.influence4j.baselines.exact.ExactGaussNewton;
import io.github.influence4j.baselines.exact.ExactOptions;
import io.github.influence4j.baselines.exact.ExactSolver;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.linalg.ejml.EjmlBackend;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Conjugate gradients against dense algebra and the exact solver. */
class ConjugateGradientTest {

    private static final ConjugateGradientOptions TIGHT =
            ConjugateGradientOptions.defaults().withTolerance(1e-11).withBatchSize(50);

    private static MatrixBackend backend = new EjmlBackend();
    private static FriedmanBed bed = FriedmanBed.trained(backend, 2, 2, 1, 0);

    @BeforeAll
    static void train() {
        backend = MatrixBackends.named("openblas", Precision.FLOAT64);
        bed = FriedmanBed.trained(backend, 120, 12, 30, 1);
    }

    @AfterAll
    static void close() {
        bed.close();
        backend.close();
    }

    static List<ExactCase<?>> cases() {
        return ExactCase.all();
    }

    @ParameterizedTest
    @MethodSource("cases")
    <E> void solvesLikeTheDenseMatrix(ExactCase<E> model) {
        LayerDamping damping = LayerDamping.of(
                model.layers(), layer -> 0.03 * (1 + model.layers().indexOf(layer)));
        LayerGradients vector = model.vector(3);
        ConjugateGradientOptions options = TIGHT.withBatchSize(3);
        try (HessianRootProduct<E> product = new HessianRootProduct<>(new EjmlBackend(), model.model());
                IterativeSolver solver = ConjugateGradient.on(backend)
                        .with(options)
                        .curvature(product, model.data())
                        .solver(damping)) {
            MatrixAssert.assertClose(
                    model.oracle().solve(damping, vector),
                    solver.solve(vector).toFlat(),
                    Tolerances.CONJUGATE_GRADIENT,
                    "solution for " + model);
            SolverReport report = solver.report();
            assertTrue(report.converged().orElseThrow() && report.largestResidual() <= 1e-11, report::toString);
            long examples = model.data().size();
            assertEquals(report.iterations() * examples, report.exampleProducts());
            assertEquals(report.iterations() * ((examples + 2) / 3), report.products());
        }
    }

    @Test
    void agreesWithTheExactSolverForAllQueriesAtOnce() {
        LayerDamping damping = LayerDamping.of(bed.layers(), layer -> 0.01);
        List<LayerGradients> queries = bed.queryGradients();
        List<LayerGradients> exact = exact(damping, queries);
        try (EigenbasisCurvature ekfac =
                EigenbasisApproximator.<LabelledExample>ekfac(backend).fit(bed.model(), bed.train())) {
            for (ConjugateGradient method : List.of(
                    ConjugateGradient.on(backend).with(TIGHT),
                    ConjugateGradient.on(backend).with(TIGHT).preconditionedBy(ekfac))) {
                try (IterativeSolver solver =
                        method.curvature(bed.model(), bed.train()).solver(damping)) {
                    List<LayerGradients> solutions = solver.solveAll(queries);
                    for (int q = 0; q < queries.size(); q++) {
                        MatrixAssert.assertClose(
                                exact.get(q).toFlat(),
                                solutions.get(q).toFlat(),
                                Tolerances.CONJUGATE_GRADIENT,
                                "query " + q + " with " + solver.provenance().options());
                    }
                    assertEquals(10, solver.report().rightHandSides());
                }
            }
        }
    }

    /** With the exact matrix as preconditioner the system is the identity. */
    @Test
    void exactPreconditionerNeedsOneIteration() {
        LayerDamping damping = LayerDamping.of(bed.layers(), layer -> 0.1);
        ConjugateGradientOptions options = TIGHT.withTolerance(1e-7);
        try (ExactCurvature exact = ExactGaussNewton.on(backend)
                        .with(ExactOptions.defaults())
                        .curvature(bed.model(), bed.train());
                IterativeSolver solver = ConjugateGradient.on(backend)
                        .with(options)
                        .preconditionedBy(exact)
                        .curvature(bed.model(), bed.train())
                        .solver(damping)) {
            solver.solveAll(bed.queryGradients());
            assertEquals(1, solver.report().iterations());
        }
    }

    /** Exact for D different eigenvalues after D iterations; fewer give what there is, and say so. */
    @Test
    void unfinishedSolutionsAreReported() {
        LayerDamping damping = LayerDamping.of(bed.layers(), layer -> 1e-4);
        try (IterativeSolver solver = ConjugateGradient.on(backend)
                .with(TIGHT.withMaxIterations(2))
                .curvature(bed.model(), bed.train())
                .solver(damping)) {
            solver.solveAll(bed.queryGradients());
            SolverReport report = solver.report();
            assertFalse(report.converged().orElseThrow());
            assertEquals(2, report.iterations());
            assertTrue(report.largestResidual() > 1e-11);
            double once =
                    bed.model().productFlops(bed.train().batches(120).iterator().next(), 10);
            assertEquals(2 * once, report.flops(), Tolerances.REORDERED_FLOAT64 * once);
        }
    }

    @Test
    void zeroIsSolvedByZero() {
        LayerGradients zero = LayerGradients.ofFlat(
                bed.layers(), new double[bed.queryGradients().get(0).toFlat().length]);
        try (IterativeSolver solver = ConjugateGradient.on(backend)
                .with(TIGHT)
                .curvature(bed.model(), bed.train())
                .solver(Damping.absolute(0.1))) {
            assertEquals(0, Vectors.norm(solver.solve(zero).toFlat()));
            assertEquals(List.of(), solver.solveAll(List.of()));
            assertEquals(0, solver.report().iterations());
        }
    }

    @Test
    void relativeDampingComesFromThePreconditioner() {
        try (EigenbasisCurvature ekfac =
                EigenbasisApproximator.<LabelledExample>ekfac(backend).fit(bed.model(), bed.train())) {
            assertEquals(
                    ekfac.resolve(Damping.DEFAULT),
                    ConjugateGradient.on(backend)
                            .with(TIGHT)
                            .preconditionedBy(ekfac)
                            .curvature(bed.model(), bed.train())
                            .resolve(Damping.DEFAULT));
        }
        IterativeCurvature plain = ConjugateGradient.on(backend).with(TIGHT).curvature(bed.model(), bed.train());
        IllegalArgumentException error =
                assertThrows(IllegalArgumentException.class, () -> plain.resolve(Damping.DEFAULT));
        assertTrue(error.toString().contains("resolve it with a fitted curvature"), error::toString);
        assertEquals(
                List.of(0.5, 0.5, 0.5),
                plain.resolve(Damping.absolute(0.5)).lambdas().values().stream().toList());
    }

    private static List<LayerGradients> exact(LayerDamping damping, List<LayerGradients> vectors) {
        try (ExactCurvature curvature = ExactGaussNewton.on(backend)
                        .with(ExactOptions.defaults())
                        .curvature(bed.model(), bed.train());
                ExactSolver solver = curvature.solver(damping)) {
            return solver.solveAll(vectors);
        }
    }
}
