package io.github.influence4j.baselines.exact;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.baselines.exact.ExactOptions.Form;
import io.github.influence4j.baselines.exact.ExactOptions.Scope;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the exact solver promises, against dense matrices in plain loops, for every form, scope, model and backend. */
abstract class ExactGaussNewtonContract {

    /** A backend that this test closes nothing of. */
    abstract MatrixBackend backend();

    static Stream<Arguments> everything() {
        List<Arguments> all = new ArrayList<>();
        for (ExactCase<?> model : ExactCase.all()) {
            for (Form form : Form.values()) {
                for (Scope scope : Scope.values()) {
                    all.add(Arguments.of(model, form, scope));
                }
            }
        }
        return all.stream();
    }

    private <E> ExactCurvature fit(ExactCase<E> model, Form form, Scope scope, int batchSize) {
        ExactOptions options =
                ExactOptions.defaults().withForm(form).withScope(scope).withBatchSize(batchSize);
        return ExactGaussNewton.on(backend()).with(options).curvature(model.model(), model.data());
    }

    private static DenseOracle oracle(ExactCase<?> model, Scope scope) {
        return scope == Scope.WHOLE ? model.oracle() : model.oracle().blockDiagonal();
    }

    /** An absolute damping, and one that differs from layer to layer. */
    private static List<LayerDamping> dampings(ExactCase<?> model) {
        LayerDamping perLayer = LayerDamping.of(
                model.layers(), layer -> 0.03 * (1 + model.layers().indexOf(layer)));
        return List.of(LayerDamping.of(model.layers(), layer -> 0.01), perLayer);
    }

    @ParameterizedTest
    @MethodSource("everything")
    void solvesLikeTheDenseMatrix(ExactCase<?> model, Form form, Scope scope) {
        LayerGradients vector = model.vector(1);
        for (int batchSize : new int[] {2, 100}) {
            try (ExactCurvature curvature = fit(model, form, scope, batchSize)) {
                for (LayerDamping damping : dampings(model)) {
                    try (IhvpSolver solver = curvature.solver(damping)) {
                        MatrixAssert.assertClose(
                                oracle(model, scope).solve(damping, vector),
                                solver.solve(vector).toFlat(),
                                Tolerances.EXACT_SOLVE,
                                "solution in batches of " + batchSize + " with " + damping);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("everything")
    void givesTheMatrixItself(ExactCase<?> model, Form form, Scope scope) {
        try (ExactCurvature curvature = fit(model, form, scope, 2)) {
            MatrixAssert.assertClose(
                    Matrix.of(oracle(model, scope).matrix()),
                    curvature.explicitMatrix(),
                    Tolerances.REORDERED_FLOAT64,
                    "G");
        }
    }

    @ParameterizedTest
    @MethodSource("everything")
    void multiplyingBackGivesTheVector(ExactCase<?> model, Form form, Scope scope) {
        LayerGradients vector = model.vector(2);
        try (ExactCurvature curvature = fit(model, form, scope, 4)) {
            LayerDamping damping = curvature.resolve(Damping.DEFAULT);
            try (IhvpSolver solver = curvature.solver(damping)) {
                double[] solution = solver.solve(vector).toFlat();
                double[][] damped = oracle(model, scope).damped(damping);
                double[] back = new double[solution.length];
                for (int r = 0; r < back.length; r++) {
                    for (int c = 0; c < back.length; c++) {
                        back[r] += damped[r][c] * solution[c];
                    }
                }
                MatrixAssert.assertClose(vector.toFlat(), back, Tolerances.EXACT_SOLVE, "(G+λI)x");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("everything")
    void relativeDampingIsAMultipleOfTheMeanEigenvalue(ExactCase<?> model, Form form, Scope scope) {
        try (ExactCurvature curvature = fit(model, form, scope, 3)) {
            LayerDamping damping = curvature.resolve(Damping.relative(0.5));
            for (LayerSpec layer : model.layers()) {
                double expected = 0.5 * model.oracle().meanDiagonal(layer);
                assertEquals(
                        expected,
                        damping.lambda(layer.name()),
                        expected * Tolerances.REORDERED_FLOAT64,
                        "λ of layer " + layer.name());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("everything")
    void manyVectorsAreSolvedLikeEachOne(ExactCase<?> model, Form form, Scope scope) {
        List<LayerGradients> vectors = List.of(model.vector(3), model.vector(4), model.vector(5));
        try (ExactCurvature curvature = fit(model, form, scope, 3);
                ExactSolver solver = curvature.solver(Damping.DEFAULT)) {
            List<LayerGradients> solutions = solver.solveAll(vectors);
            for (int q = 0; q < vectors.size(); q++) {
                MatrixAssert.assertClose(
                        solver.solve(vectors.get(q)).toFlat(),
                        solutions.get(q).toFlat(),
                        Tolerances.REORDERED_FLOAT64,
                        "solution " + q);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("everything")
    void underLargeDampingTheSolutionIsTheVectorOverLambda(ExactCase<?> model, Form form, Scope scope) {
        double lambda = 1e12;
        LayerGradients vector = model.vector(6);
        try (ExactCurvature curvature = fit(model, form, scope, 3);
                ExactSolver solver = curvature.solver(Damping.absolute(lambda))) {
            double[] scaled = solver.solve(vector).toFlat();
            for (int k = 0; k < scaled.length; k++) {
                scaled[k] *= lambda;
            }
            MatrixAssert.assertClose(vector.toFlat(), scaled, Tolerances.EXACT_SOLVE, "λx");
        }
    }
}
