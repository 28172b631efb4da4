package io.github.influence4j.baselines.iterative;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Precision;
import io.github.influence4j.baselines.exact.ExactCase;
import io.github.influence4j.baselines.exact.ExactCurvature;
import io.github.influence4j.baselines.exact.ExactGaussNewton;
import io.github.influence4j.baselines.exact.ExactOptions;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.linalg.ejml.EjmlBackend;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.commons.math3.stat.correlation.PearsonsCorrelation;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** LiSSA and ASTRA against their formulas in dense algebra, against the exact solution, and where they diverge. */
class StochasticSolversTest {

    private static final double LAMBDA = 0.05;
    private static final int ALL = 1000;

    private static MatrixBackend backend = new EjmlBackend();
    private static FriedmanBed bed = FriedmanBed.trained(backend, 2, 2, 1, 0);

    @BeforeAll
    static void train() {
        backend = MatrixBackends.named("openblas", Precision.FLOAT64);
        bed = FriedmanBed.trained(backend, 150, 12, 40, 1);
    }

    @AfterAll
    static void close() {
        bed.close();
        backend.close();
    }

    private static LayerDamping damping() {
        return LayerDamping.of(bed.layers(), layer -> LAMBDA);
    }

    private static IterativeSolver lissa(LissaOptions options) {
        return Lissa.on(backend)
                .with(options)
                .curvature(bed.model(), bed.train())
                .solver(damping());
    }

    private static EigenbasisCurvature ekfac() {
        return EigenbasisApproximator.<LabelledExample>ekfac(backend).fit(bed.model(), bed.train());
    }

    private static List<LayerGradients> exact() {
        try (Curvature exact = ExactGaussNewton.on(backend)
                        .with(ExactOptions.defaults())
                        .curvature(bed.model(), bed.train());
                IhvpSolver solver = exact.solver(damping())) {
            return solver.solveAll(bed.queryGradients());
        }
    }

    /** x_J = (1/σ) Σ_{j ≤ J} (I − A/σ)^j v, term by term in dense algebra. */
    @Test
    void lissaIsATruncatedNeumannSeries() {
        ExactCase<LabelledExample> model = ExactCase.mlp();
        LayerDamping damping =
                LayerDamping.of(model.layers(), layer -> 0.2 + model.layers().indexOf(layer));
        LayerGradients vector = model.vector(1);
        double[][] dense = model.oracle().damped(damping);
        double scale = 9;
        int depth = 7;
        double[] term = Vectors.scaled(1 / scale, vector.toFlat());
        double[] sum = term.clone();
        for (int j = 0; j < depth; j++) {
            double[] next = term.clone();
            for (int r = 0; r < term.length; r++) {
                next[r] -= Vectors.dot(dense[r], term) / scale;
            }
            term = next;
            Vectors.add(1, term, sum);
        }
        LissaOptions options =
                LissaOptions.defaults().withDepth(depth).withScale(scale).withBatchSize(ALL);
        try (IterativeSolver solver = Lissa.on(backend)
                .with(options)
                .curvature((Mlp) model.model(), model.data())
                .solver(damping)) {
            MatrixAssert.assertClose(
                    sum, solver.solve(vector).toFlat(), Tolerances.REORDERED_FLOAT64, "Neumann series of 8 terms");
            long examples = model.data().size();
            assertEquals((depth + 1) * examples, solver.report().exampleProducts(), "and one for the residual");
        }
    }

    @Test
    void lissaOfTheWholeDataSetConvergesToTheExactSolution() {
        List<LayerGradients> exact = exact();
        LissaOptions options = LissaOptions.defaults().withDepth(4000).withBatchSize(ALL);
        try (IterativeSolver solver = lissa(options)) {
            List<LayerGradients> solutions = solver.solveAll(bed.queryGradients());
            for (int q = 0; q < exact.size(); q++) {
                MatrixAssert.assertClose(
                        exact.get(q).toFlat(),
                        solutions.get(q).toFlat(),
                        Tolerances.CONJUGATE_GRADIENT,
                        "solution of query " + q);
            }
            assertTrue(solver.report().largestResidual() < Tolerances.CONJUGATE_GRADIENT, solver.report()::toString);
        }
    }

    /** A residual of .41 is no convergence, and one of 1e-7 is nothing that the method could know to be one. */
    @Test
    void solversWithoutAToleranceDoNotSayThatTheyConverged() {
        try (IterativeSolver solver = lissa(LissaOptions.defaults().withDepth(3))) {
            assertEquals(Optional.empty(), solver.report().converged(), "nothing solved yet");
            solver.solveAll(bed.queryGradients());
            assertTrue(solver.report().largestResidual() > 0.1, solver.report()::toString);
            assertEquals(Optional.empty(), solver.report().converged());
        }
        try (EigenbasisCurvature ekfac = ekfac();
                IterativeSolver solver = astra(ekfac, AstraOptions.defaults().withIterations(2))) {
            solver.solveAll(bed.queryGradients());
            assertEquals(Optional.empty(), solver.report().converged());
        }
    }

    @Test
    void reportsAddUpToWhatIsKnown() {
        SolverReport yes = report(Optional.of(true));
        SolverReport no = report(Optional.of(false));
        SolverReport unknown = report(Optional.empty());
        assertEquals(Optional.of(true), SolverReport.none().plus(yes).converged());
        assertEquals(Optional.of(true), yes.plus(yes).converged());
        assertEquals(Optional.of(false), yes.plus(no).converged());
        assertEquals(Optional.of(false), unknown.plus(no).converged());
        assertEquals(Optional.of(false), no.plus(unknown).converged());
        assertEquals(Optional.empty(), yes.plus(unknown).converged());
        assertEquals(3, SolverReport.none().plus(yes).plus(no).plus(unknown).rightHandSides());
    }

    private static SolverReport report(Optional<Boolean> converged) {
        return new SolverReport(1, 1, 1, 1, 1, 0.5, converged);
    }

    @Test
    void lissaDoesNotDependOnWhatIsSolvedTogether() {
        List<LayerGradients> queries = bed.queryGradients();
        LissaOptions options = LissaOptions.defaults().withDepth(30).withRepeats(2);
        try (IterativeSolver solver = lissa(options)) {
            List<LayerGradients> together = solver.solveAll(queries);
            for (int q = 0; q < 3; q++) {
                assertArrayEquals(
                        together.get(q).toFlat(), solver.solve(queries.get(q)).toFlat(), "query " + q);
            }
        }
    }

    @Test
    void divergenceOfLissaIsAnErrorThatSaysWhatToDo() {
        double largest = PowerIteration.defaults()
                .largest(bed.model(), bed.train(), ALL, damping())
                .value();
        for (int depth : new int[] {60, 600}) {
            // a scale below half the largest eigenvalue lets its direction grow, by 1.2 a step in the second case
            for (double scale : new double[] {largest / 20, largest / 2.2}) {
                try (IterativeSolver solver =
                        lissa(LissaOptions.defaults().withScale(scale).withDepth(depth))) {
                    NumericalException error =
                            assertThrows(NumericalException.class, () -> solver.solveAll(bed.queryGradients()));
                    assertTrue(
                            error.toString().contains("LiSSA diverged")
                                    && error.toString().contains("scale above " + StochasticOperator.number(scale)),
                            error::toString);
                }
            }
        }
    }

    @Test
    void smallBatchesAreCloserToTheExactScoresThanEkfac() {
        InfluenceScores truth = scores(solverOf(
                ExactGaussNewton.on(backend).with(ExactOptions.defaults()).curvature(bed.model(), bed.train())));
        try (EigenbasisCurvature ekfac = ekfac()) {
            double ofEkfac = pearson(truth, scores(ekfac.solver(damping())));
            double ofLissa = pearson(truth, scores(lissa(LissaOptions.defaults().withDepth(600))));
            double ofAstra =
                    pearson(truth, scores(astra(ekfac, AstraOptions.defaults().withBatchSize(50))));
            assertTrue(
                    ofAstra > ofEkfac && ofLissa > ofEkfac && ofAstra > 0.98,
                    () -> "EK-FAC " + ofEkfac + ", LiSSA " + ofLissa + ", ASTRA " + ofAstra);
        }
    }

    private static IhvpSolver solverOf(ExactCurvature curvature) {
        return curvature.solver(damping());
    }

    private static InfluenceScores scores(IhvpSolver made) {
        try (IhvpSolver solver = made) {
            return new InfluenceScorer<>(backend, bed.model()).pairwise(solver, bed.queries(), bed.train());
        }
    }

    private static double pearson(InfluenceScores expected, InfluenceScores actual) {
        return IntStream.range(0, 10)
                .mapToDouble(q -> new PearsonsCorrelation().correlation(expected.row(q), actual.row(q)))
                .average()
                .orElseThrow();
    }

    private static IterativeSolver astra(Curvature preconditioner, AstraOptions options) {
        return Astra.on(backend, preconditioner)
                .with(options)
                .curvature(bed.model(), bed.train())
                .solver(damping());
    }

    /** Two steps with the whole data set, written out with the solvers of P and the products of G. */
    @Test
    void astraFollowsItsFormula() {
        try (EigenbasisCurvature ekfac = ekfac();
                IhvpSolver inverse = ekfac.solver(damping())) {
            double[] v = bed.queryGradients().get(0).toFlat();
            double[] x = precondition(inverse, v);
            double[] x1 = x.clone();
            double[] d1 = precondition(inverse, Vectors.minus(damped(x), v));
            Vectors.add(-0.05, d1, x1);
            double[] d2 = precondition(inverse, Vectors.minus(damped(x1), v));
            Vectors.add(0.5, d1, d2);
            double[] x2 = x1.clone();
            Vectors.add(-0.025, d2, x2);
            AstraOptions options = AstraOptions.defaults()
                    .withIterations(2)
                    .withBatchSize(ALL)
                    .withStepSize(0.05)
                    .withMomentum(0.5)
                    .withHalveEvery(1)
                    .withSeed(3);
            try (IterativeSolver solver = astra(ekfac, options)) {
                MatrixAssert.assertClose(
                        x2,
                        solver.solve(bed.queryGradients().get(0)).toFlat(),
                        Tolerances.REORDERED_FLOAT64,
                        "two steps");
            }
        }
    }

    private static double[] precondition(IhvpSolver inverse, double[] vector) {
        return inverse.solve(LayerGradients.ofFlat(bed.layers(), vector)).toFlat();
    }

    private static double[] damped(double[] vector) {
        ExampleBatch<LabelledExample> all = bed.train().batches(ALL).iterator().next();
        double[] product = bed.model()
                .product(all, LayerGradients.ofFlat(bed.layers(), vector))
                .toFlat();
        double[] result = Vectors.scaled(1.0 / all.size(), product);
        Vectors.add(LAMBDA, vector, result);
        return result;
    }

    @Test
    void astraOfTheWholeDataSetConvergesToTheExactSolution() {
        List<LayerGradients> exact = exact();
        AstraOptions options = AstraOptions.defaults()
                .withIterations(1500)
                .withHalveEvery(1500)
                .withBatchSize(ALL);
        try (EigenbasisCurvature ekfac = ekfac();
                IterativeSolver solver = astra(ekfac, options)) {
            List<LayerGradients> solutions = solver.solveAll(bed.queryGradients());
            for (int q = 0; q < exact.size(); q++) {
                MatrixAssert.assertClose(
                        exact.get(q).toFlat(),
                        solutions.get(q).toFlat(),
                        Tolerances.CONJUGATE_GRADIENT,
                        "solution of query " + q);
            }
        }
    }

    @Test
    void divergenceOfAstraIsAnErrorThatSaysWhatToDo() {
        AstraOptions options = AstraOptions.defaults().withStepSize(5);
        try (EigenbasisCurvature ekfac = ekfac();
                IterativeSolver solver = astra(ekfac, options)) {
            NumericalException error =
                    assertThrows(NumericalException.class, () -> solver.solveAll(bed.queryGradients()));
            assertTrue(
                    error.toString().contains("ASTRA diverged")
                            && error.toString().contains("step size below 5.000"),
                    error::toString);
        }
    }

    @Test
    void ordersOfBatchesGoThroughTheWholeDataSet() {
        ExampleSource<Integer> data =
                ExampleSource.of(IntStream.range(0, 10).boxed().toList());
        ShuffledBatches<Integer> batches = new ShuffledBatches<>(data, 5, 1);
        for (int order = 0; order < 4; order++) {
            Set<Integer> seen = new HashSet<>(batches.next().examples());
            seen.addAll(batches.next().examples());
            assertEquals(10, seen.size());
        }
        batches.restart();
        ExampleBatch<Integer> first = batches.next();
        assertEquals(new ShuffledBatches<>(data, 5, 1).next().examples(), first.examples());
        for (int k = 0; k < 5; k++) {
            assertEquals((long) first.examples().get(k), first.ids()[k]);
        }
        assertTrue(new ShuffledBatches<>(data, 11, 1).isWhole());
    }
}
