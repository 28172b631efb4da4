package io.github.influence4j.baselines.exact;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.OutputHessianRoots;
import io.github.influence4j.api.PositionMask;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.baselines.exact.ExactOptions.Form;
import io.github.influence4j.baselines.exact.ExactOptions.Scope;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.ejml.EjmlBackend;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the exact solver refuses, and what it says then; and what it reports. */
class ExactGaussNewtonInputTest {

    private static final LayerSpec LAYER = LayerSpec.dense("fc", 2, 3);

    private final MatrixBackend backend = new EjmlBackend();

    /** One layer whose captures are made by a function of the batch and the column. */
    private static final class Scripted implements OutputHessianRoots<double[]> {
        private final List<LayerSpec> layers;
        private final int columns;
        private final Script script;
        private int calls;

        interface Script {
            void capture(ExampleBatch<double[]> batch, int column, CaptureSink sink);
        }

        Scripted(int columns, Script script) {
            this(List.of(LAYER), columns, script);
        }

        Scripted(List<LayerSpec> layers, int columns, Script script) {
            this.layers = layers;
            this.columns = columns;
            this.script = script;
        }

        @Override
        public List<LayerSpec> layers() {
            return layers;
        }

        @Override
        public int outputHessianColumns() {
            return columns;
        }

        @Override
        public void capture(
                ExampleBatch<double[]> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
            calls++;
            script.capture(batch, ((Objective.OutputHessianRoot) objective).column(), sink);
        }
    }

    private static LayerCapture capture(ExampleBatch<double[]> batch, double value) {
        return capture(batch, 1, value);
    }

    private static LayerCapture capture(ExampleBatch<double[]> batch, int positions, double value) {
        double[] a = new double[batch.size() * positions * LAYER.inputs()];
        double[] g = new double[batch.size() * positions * LAYER.outputs()];
        Arrays.fill(a, 1);
        Arrays.fill(g, 1);
        g[g.length - 1] = value;
        int rows = batch.size() * positions;
        return LayerCapture.of(
                LAYER,
                batch.size(),
                positions,
                Matrix.of(a, rows, LAYER.inputs()),
                Matrix.of(g, rows, LAYER.outputs()));
    }

    private static ExampleSource<double[]> data(int examples) {
        return ExampleSource.of(Collections.nCopies(examples, new double[0]));
    }

    private ExactCurvature fit(OutputHessianRoots<double[]> model, ExampleSource<double[]> data, Form form) {
        ExactOptions options = ExactOptions.defaults().withForm(form).withBatchSize(3);
        return ExactGaussNewton.on(backend).with(options).curvature(model, data);
    }

    private static void assertSays(Throwable thrown, String... parts) {
        for (String part : parts) {
            assertTrue(
                    String.valueOf(thrown.getMessage()).contains(part),
                    () -> "'" + part + "' in: " + thrown.getMessage());
        }
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void refusesAnEmptyDataSet(Form form) {
        Scripted model = new Scripted(1, (batch, column, sink) -> sink.accept(capture(batch, 1)));
        assertSays(assertThrows(IllegalArgumentException.class, () -> fit(model, data(0), form)), "empty");
        assertEquals(0, model.calls);
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void refusesAMissingLayer(Form form) {
        Scripted model = new Scripted(2, (batch, column, sink) -> {
            if (column == 0) {
                sink.accept(capture(batch, 1));
            }
        });
        assertSays(
                assertThrows(IllegalArgumentException.class, () -> fit(model, data(2), form)), "layer fc", "missing");
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void refusesALayerThatComesTwice(Form form) {
        Scripted model = new Scripted(1, (batch, column, sink) -> {
            sink.accept(capture(batch, 1));
            sink.accept(capture(batch, 1));
        });
        assertSays(assertThrows(IllegalArgumentException.class, () -> fit(model, data(2), form)), "layer fc", "twice");
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void refusesAnotherNumberOfExamples(Form form) {
        Scripted model = new Scripted(1, (batch, column, sink) -> {
            sink.accept(capture(new ExampleBatch<>(batch.examples().subList(0, 1), new long[] {0}), 1));
        });
        assertSays(assertThrows(IllegalArgumentException.class, () -> fit(model, data(2), form)), "layer fc", "2", "1");
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void refusesNumbersThatAreNotFinite(Form form) {
        for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
            Scripted model =
                    new Scripted(2, (batch, column, sink) -> sink.accept(capture(batch, column == 1 ? bad : 1)));
            ExampleSource<double[]> data = ExampleSource.of(List.of(new double[0], new double[0]), new long[] {5, 77});
            assertSays(
                    assertThrows(NumericalException.class, () -> fit(model, data, form)),
                    "layer fc",
                    "example 77",
                    Double.toString(bad));
        }
    }

    @Test
    void refusesOtherPositionsForAnotherColumn() {
        Scripted model = new Scripted(2, (batch, column, sink) -> sink.accept(capture(batch, 1 + column, 1)));
        assertSays(
                assertThrows(IllegalArgumentException.class, () -> fit(model, data(2), Form.DUAL)),
                "layer fc",
                "column 1",
                "2 positions",
                "column 0 with 1");
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void refusesADataSetThatIsNotWhatItSays(Form form) {
        Scripted model = new Scripted(1, (batch, column, sink) -> sink.accept(capture(batch, 1)));
        assertSays(
                assertThrows(IllegalArgumentException.class, () -> fit(model, misreported(2, 3, 3), form)), "2", "3");
        assertSays(
                assertThrows(IllegalArgumentException.class, () -> fit(model, misreported(4, 3, 3), form)), "4", "3");
        assertSays(
                assertThrows(IllegalArgumentException.class, () -> fit(model, misreported(5, 5, 5), form)),
                "at most 3",
                "gave one of 5");
    }

    private static ExampleSource<double[]> misreported(int size, int examples, int batchSize) {
        return new ExampleSource<>() {
            @Override
            public long size() {
                return size;
            }

            @Override
            public Iterable<ExampleBatch<double[]>> batches(int asked) {
                return data(examples).batches(batchSize);
            }
        };
    }

    @Test
    void refusesAModelWithoutColumns() {
        Scripted model = new Scripted(0, (batch, column, sink) -> sink.accept(capture(batch, 1)));
        assertSays(assertThrows(IllegalArgumentException.class, () -> fit(model, data(2), Form.AUTO)), "0 columns");
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void stopsWhenTheThreadIsInterrupted(Form form) {
        Scripted model = new Scripted(1, (batch, column, sink) -> {
            sink.accept(capture(batch, 1));
            Thread.currentThread().interrupt();
        });
        try {
            assertSays(assertThrows(CancellationException.class, () -> fit(model, data(9), form)), "3 of 9 examples");
            assertEquals(1, model.calls);
        } finally {
            // clears the flag for the tests that follow
            assertTrue(Thread.interrupted());
        }
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void refusesWhatDoesNotFitBeforeAnythingRuns(Form form) {
        LayerSpec wide = LayerSpec.dense("wide", 999, 20);
        Scripted model = new Scripted(List.of(wide), 20, (batch, column, sink) -> {
            throw new IllegalStateException("the model should not run");
        });
        ExactOptions options = ExactOptions.defaults().withForm(form).withMemoryLimit(1 << 30);
        IllegalArgumentException thrown = assertThrows(
                IllegalArgumentException.class,
                () -> ExactGaussNewton.on(backend).with(options).curvature(model, data(1000)));
        // D = N·C = 20,000: 16 D² bytes, or 8 (N·C)² and the captures; of equals, the explicit form is taken
        assertSays(
                thrown,
                "exact Gauss-Newton needs " + (form == Form.DUAL ? "3." : "6."),
                "GiB",
                "N·C = 1,000 x 20",
                "D = 20,000",
                "limit 1.0 GiB");
    }

    @Test
    void refusesPositionsThatDoNotFitWhenTheyCome() {
        Scripted model = new Scripted(1, (batch, column, sink) -> sink.accept(capture(batch, 1000, 1)));
        ExactOptions options = ExactOptions.defaults().withForm(Form.DUAL).withMemoryLimit(50_000);
        assertSays(
                assertThrows(
                        IllegalArgumentException.class,
                        () -> ExactGaussNewton.on(backend).with(options).curvature(model, data(3))),
                "captures of layer fc",
                "limit 48.8 KiB");
    }

    @Test
    void refusesMatricesThatTheBackendCannotHold() {
        LayerSpec huge = LayerSpec.dense("huge", 9_999, 10);
        Scripted model = new Scripted(List.of(huge), 1, (batch, column, sink) -> {});
        ExactOptions options = ExactOptions.defaults().withForm(Form.EXPLICIT).withMemoryLimit(Long.MAX_VALUE);
        assertSays(
                assertThrows(
                        IllegalArgumentException.class,
                        () -> ExactGaussNewton.on(backend).with(options).curvature(model, data(3))),
                "100,000 x 100,000",
                "ejml");
    }

    @Test
    void theDualFormRefusesNoDamping() {
        ExactCase<double[]> model = ExactCase.softmax("softmax", 4);
        try (ExactCurvature curvature = fit(model.model(), model.data(), Form.DUAL)) {
            assertSays(
                    assertThrows(IllegalArgumentException.class, () -> curvature.solver(Damping.absolute(0))),
                    "layer linear",
                    "must be positive");
        }
    }

    @Test
    void theExplicitFormRefusesASingularMatrix() {
        ExactCase<double[]> model = ExactCase.softmax("softmax", 30);
        try (ExactCurvature curvature = fit(model.model(), model.data(), Form.EXPLICIT)) {
            // softmax does not see a shift of all outputs
            assertSays(
                    assertThrows(NumericalException.class, () -> curvature.solver(Damping.absolute(0))),
                    "D = 18",
                    "linear 0.0");
        }
    }

    @Test
    void theExplicitFormSolvesWithoutDampingWhereItCan() {
        ExactCase<double[][]> model = ExactCase.perToken();
        ExactOptions options = ExactOptions.defaults().withForm(Form.EXPLICIT);
        LayerGradients vector = model.vector(9);
        try (ExactCurvature curvature =
                        ExactGaussNewton.on(backend).with(options).curvature(model.model(), model.data());
                ExactSolver solver = curvature.solver(Damping.absolute(0))) {
            MatrixAssert.assertClose(
                    model.oracle().solve(solver.damping(), vector),
                    solver.solve(vector).toFlat(),
                    Tolerances.EXACT_SOLVE,
                    "G⁻¹v");
        }
    }

    @Test
    void dampingBelowRoundingIsRefusedInBothForms() {
        ExactCase<double[]> model = ExactCase.softmax("softmax", 4);
        for (Form form : List.of(Form.EXPLICIT, Form.DUAL)) {
            try (ExactCurvature curvature = fit(model.model(), model.data(), form)) {
                assertSays(
                        assertThrows(NumericalException.class, () -> curvature.solver(Damping.absolute(1e-18))),
                        form == Form.DUAL ? "N·C = 12" : "D = 18",
                        "1.0E-18");
            }
        }
    }

    @Test
    void refusesVectorsAndDampingsOfOtherLayers() {
        ExactCase<double[]> model = ExactCase.softmax("softmax", 4);
        try (ExactCurvature curvature = fit(model.model(), model.data(), Form.AUTO);
                ExactSolver solver = curvature.solver(Damping.DEFAULT)) {
            LayerGradients other = LayerGradients.ofFlat(List.of(LAYER), new double[9]);
            assertSays(assertThrows(IllegalArgumentException.class, () -> solver.solve(other)), "fc", "linear");
            double[] flat = new double[18];
            flat[7] = Double.NaN;
            LayerGradients bad = LayerGradients.ofFlat(model.layers(), flat);
            assertSays(
                    assertThrows(NumericalException.class, () -> solver.solve(bad)), "layer linear", "NaN", "[1, 1]");
            assertEquals(List.of(), solver.solveAll(List.of()));
            assertSays(
                    assertThrows(
                            IllegalArgumentException.class,
                            () -> curvature.solver(new LayerDamping(Map.of("fc", 1.0)))),
                    "linear");
        }
    }

    @Test
    void refusesAnExplicitMatrixThatIsTooLarge() {
        LayerSpec wide = LayerSpec.dense("wide", 1_000, 10);
        Scripted model = new Scripted(List.of(wide), 1, (batch, column, sink) -> {
            double[][] a = new double[batch.size()][1_000];
            sink.accept(LayerCapture.of(wide, Matrix.of(a), Matrix.of(new double[batch.size()][10])));
        });
        try (ExactCurvature curvature = fit(model, data(2), Form.AUTO)) {
            assertSays(
                    assertThrows(IllegalArgumentException.class, curvature::explicitMatrix),
                    "D = 10,010",
                    "limit is D = 10,000");
        }
    }

    @Test
    void takesTheFormWithTheSmallerMatrixBlockByBlock() {
        // rows: 5 x 2; parameters: 12 and 8
        ExactCase<double[][]> tokens = ExactCase.pooled();
        ExampleSource<double[][]> five = ExampleSource.of(Collections.nCopies(5, new double[][] {{1, 2, 3}}));
        ExactOptions whole = ExactOptions.defaults();
        try (ExactCurvature curvature = ExactGaussNewton.on(backend).with(whole).curvature(tokens.model(), five)) {
            assertEquals("dual", curvature.provenance().options().get("form"));
        }
        ExactOptions perLayer = whole.withScope(Scope.PER_LAYER);
        try (ExactCurvature curvature =
                ExactGaussNewton.on(backend).with(perLayer).curvature(tokens.model(), five)) {
            assertEquals("dual and explicit", curvature.provenance().options().get("form"));
        }
    }

    @Test
    void saysHowItWasMade() {
        ExactCase<double[]> model = ExactCase.softmax("softmax", 4);
        List<String> progress = new ArrayList<>();
        ProgressListener listener = (stage, done, total) -> progress.add(stage + " " + done + "/" + total);
        ExactOptions options = ExactOptions.defaults().withBatchSize(3);
        try (ExactCurvature curvature = ExactGaussNewton.on(backend)
                        .with(options)
                        .reporting(listener)
                        .curvature(model.model(), model.data());
                ExactSolver solver = curvature.solver(Damping.absolute(0.5))) {
            assertEquals(List.of("exact Gauss-Newton 3/4", "exact Gauss-Newton 4/4"), progress);
            Provenance provenance = solver.provenance();
            assertEquals("exact Gauss-Newton", provenance.options().get("strategy"));
            assertEquals("dual", provenance.options().get("form"));
            assertEquals("{linear=0.5}", provenance.options().get("damping"));
            assertEquals(12, provenance.counts().get("rows"));
            assertEquals(18, provenance.counts().get("parameters"));
            assertTrue(provenance.durations().keySet().containsAll(List.of("captures", "factorisation")));
            assertEquals(0.5, solver.damping().lambda("linear"));
            assertEquals(model.layers(), solver.layers());
        }
    }

    @Test
    void maskedPositionsAreAsIfTheyWereNotThere() {
        boolean[] real = {true, false};
        Scripted masked = new Scripted(
                1,
                (batch, column, sink) ->
                        sink.accept(capture(batch, 2, Double.NaN).withMask(PositionMask.of(real))));
        Scripted plain = new Scripted(1, (batch, column, sink) -> sink.accept(capture(batch, 1, 1)));
        for (Form form : List.of(Form.EXPLICIT, Form.DUAL)) {
            try (ExactCurvature a = fit(masked, data(1), form);
                    ExactCurvature b = fit(plain, data(1), form)) {
                MatrixAssert.assertClose(b.explicitMatrix(), a.explicitMatrix(), 0, "G in form " + form);
            }
        }
    }

    @Test
    void optionsAreChecked() {
        ExactOptions options = ExactOptions.defaults();
        assertThrows(IllegalArgumentException.class, () -> options.withBatchSize(0));
        assertThrows(IllegalArgumentException.class, () -> options.withMemoryLimit(0));
    }
}
