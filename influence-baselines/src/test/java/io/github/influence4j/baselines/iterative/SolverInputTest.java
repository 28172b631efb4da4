package io.github.influence4j.baselines.iterative;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.CurvatureProduct;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Objective;
import io.github.influence4j.baselines.exact.ExactCase;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.ejml.EjmlBackend;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every iterative solver, given nonsense. */
class SolverInputTest {

    private static final ExactCase<LabelledExample> CASE = ExactCase.mlp();
    private static final Mlp MLP = (Mlp) CASE.model();
    private static final MatrixBackend BACKEND = new EjmlBackend();
    private static final EigenbasisCurvature EKFAC =
            EigenbasisApproximator.<LabelledExample>ekfac(BACKEND).fit(MLP, CASE.data());

    /** A solver with its name in the messages. */
    record Method(String name, Fit curvature) {

        /** Takes a model and a data set. */
        interface Fit {
            IterativeCurvature of(CurvatureProduct<LabelledExample> model, ExampleSource<LabelledExample> data);
        }

        IterativeSolver solver(CurvatureProduct<LabelledExample> model, LayerDamping damping) {
            return curvature.of(model, CASE.data()).solver(damping);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static List<Method> methods() {
        return List.of(
                new Method("conjugate gradients", ConjugateGradient.on(BACKEND)::curvature),
                new Method("conjugate gradients", ConjugateGradient.on(BACKEND).preconditionedBy(EKFAC)::curvature),
                new Method("LiSSA", Lissa.on(BACKEND)::curvature),
                new Method(
                        "ASTRA",
                        Astra.on(BACKEND, EKFAC).with(AstraOptions.defaults().withIterations(3))::curvature));
    }

    static List<Method> preconditioned() {
        return List.of(methods().get(1), methods().get(3));
    }

    @AfterEach
    void clearInterrupt() {
        Thread.interrupted();
    }

    private static LayerDamping damping() {
        return LayerDamping.of(CASE.layers(), layer -> 0.1);
    }

    private static <T extends Throwable> void refused(Class<T> type, Executable call, String... parts) {
        T error = assertThrows(type, call);
        for (String part : parts) {
            assertTrue(String.valueOf(error.getMessage()).contains(part), () -> "no '" + part + "' in " + error);
        }
    }

    /** The model with its products replaced. */
    private record Changed(List<LayerSpec> layers, UnaryOperator<List<LayerGradients>> change)
            implements CurvatureProduct<LabelledExample> {

        @Override
        public LayerGradients product(ExampleBatch<LabelledExample> batch, LayerGradients vector) {
            return products(batch, List.of(vector)).get(0);
        }

        @Override
        public List<LayerGradients> products(ExampleBatch<LabelledExample> batch, List<LayerGradients> vectors) {
            return change.apply(MLP.products(batch, vectors));
        }

        @Override
        public void capture(
                ExampleBatch<LabelledExample> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
            MLP.capture(batch, objective, wanted, sink);
        }
    }

    private static LayerGradients with(LayerGradients vector, int index, double value) {
        double[] flat = vector.toFlat();
        flat[index] = value;
        return LayerGradients.ofFlat(vector.layers(), flat);
    }

    @ParameterizedTest
    @MethodSource("methods")
    void productThatIsNotFinite(Method method) {
        for (double value : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
            Changed model = new Changed(MLP.layers(), products -> products.stream()
                    .map(product -> with(product, 26, value))
                    .toList());
            try (IterativeSolver solver = method.solver(model, damping())) {
                refused(
                        NumericalException.class,
                        () -> solver.solve(CASE.vector(1)),
                        "layer2",
                        "Gauss-Newton product",
                        "id",
                        "is " + value);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("methods")
    void productsThatAreMissing(Method method) {
        Changed model = new Changed(MLP.layers(), products -> List.of());
        try (IterativeSolver solver = method.solver(model, damping())) {
            refused(
                    IllegalArgumentException.class,
                    () -> solver.solve(CASE.vector(1)),
                    "0 Gauss-Newton products of 1 vectors");
        }
    }

    /** What a wrong sign in a host's product looks like. */
    @ParameterizedTest
    @MethodSource("methods")
    void productOfANegativeMatrix(Method method) {
        Changed model = new Changed(MLP.layers(), products -> products.stream()
                .map(product -> LayerGradients.ofFlat(product.layers(), Vectors.scaled(-1e6, product.toFlat())))
                .toList());
        try (IterativeSolver solver = method.solver(model, damping())) {
            refused(NumericalException.class, () -> solver.solve(CASE.vector(1)));
        }
    }

    @ParameterizedTest
    @MethodSource("methods")
    void vectorThatIsNotFiniteOrOfOtherLayers(Method method) {
        LayerGradients other = LayerGradients.ofFlat(List.of(LayerSpec.dense("other", 1, 1)), new double[2]);
        try (IterativeSolver solver = method.solver(MLP, damping())) {
            refused(
                    NumericalException.class,
                    () -> solver.solve(with(CASE.vector(1), 3, Double.NaN)),
                    "layer1",
                    "vector to solve for",
                    "NaN at [0, 3]");
            refused(IllegalArgumentException.class, () -> solver.solve(other), "layer1", "other");
        }
    }

    @ParameterizedTest
    @MethodSource("methods")
    void dampingOfOtherLayersOrNegative(Method method) {
        refused(
                IllegalArgumentException.class,
                () -> method.solver(MLP, new LayerDamping(Map.of("layer1", 0.1))),
                "layer2",
                "no damping");
        refused(
                IllegalArgumentException.class,
                () -> method.solver(MLP, LayerDamping.of(CASE.layers(), layer -> -0.1)),
                "layer1",
                "-0.1");
        refused(IllegalArgumentException.class, () -> Damping.absolute(-1), "-1");
    }

    @ParameterizedTest
    @MethodSource("preconditioned")
    void preconditionerOfOtherLayers(Method method) {
        List<LayerSpec> renamed = MLP.layers().stream()
                .map(layer -> LayerSpec.dense("my " + layer.name(), layer.inputs(), layer.outputs()))
                .toList();
        Changed model = new Changed(renamed, products -> products);
        refused(
                IllegalArgumentException.class,
                () -> method.curvature().of(model, CASE.data()),
                method.name(),
                "curvature of other layers",
                "my layer1");
    }

    @ParameterizedTest
    @MethodSource("methods")
    void modelWithoutLayersOrWithTwoOfOneName(Method method) {
        refused(
                IllegalArgumentException.class,
                () -> method.curvature().of(new Changed(List.of(), products -> products), CASE.data()),
                method.name(),
                "no layers");
        LayerSpec layer = MLP.layers().get(0);
        refused(
                IllegalArgumentException.class,
                () -> method.curvature().of(new Changed(List.of(layer, layer), products -> products), CASE.data()),
                method.name(),
                "two layers named layer1");
    }

    @ParameterizedTest
    @MethodSource("methods")
    void emptyDataSet(Method method) {
        refused(
                IllegalArgumentException.class,
                () -> method.curvature().of(MLP, ExampleSource.of(List.of())),
                method.name(),
                "empty");
    }

    @ParameterizedTest
    @MethodSource("methods")
    void interruptedThread(Method method) {
        try (IterativeSolver solver = method.solver(MLP, damping())) {
            Thread.currentThread().interrupt();
            refused(CancellationException.class, () -> solver.solve(CASE.vector(1)), "interrupted");
        }
    }

    @Test
    void optionsThatMakeNoSense() {
        ConjugateGradientOptions cg = ConjugateGradientOptions.defaults();
        refused(IllegalArgumentException.class, () -> cg.withMaxIterations(0), "iteration", "0");
        refused(IllegalArgumentException.class, () -> cg.withTolerance(0), "tolerance");
        refused(IllegalArgumentException.class, () -> cg.withTolerance(Double.NaN), "NaN");
        refused(IllegalArgumentException.class, () -> cg.withBatchSize(0), "batch size");
        LissaOptions lissa = LissaOptions.defaults();
        refused(IllegalArgumentException.class, () -> lissa.withDepth(0), "depth", "0");
        refused(IllegalArgumentException.class, () -> lissa.withScale(0), "scale");
        refused(IllegalArgumentException.class, () -> lissa.withScale(Double.POSITIVE_INFINITY), "Infinity");
        refused(IllegalArgumentException.class, () -> lissa.withBatchSize(0), "batches of 0");
        refused(IllegalArgumentException.class, () -> lissa.withRepeats(0), "0 repeats");
        AstraOptions astra = AstraOptions.defaults();
        refused(IllegalArgumentException.class, () -> astra.withIterations(0), "iteration", "0");
        refused(IllegalArgumentException.class, () -> astra.withStepSize(-1), "step size", "-1");
        refused(IllegalArgumentException.class, () -> astra.withMomentum(1), "momentum", "1.0");
        refused(IllegalArgumentException.class, () -> astra.withBatchSize(0), "batch size");
        refused(IllegalArgumentException.class, () -> astra.withHalveEvery(0), "halvings");
    }
}
