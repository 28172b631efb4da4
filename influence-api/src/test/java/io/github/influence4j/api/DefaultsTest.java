package io.github.influence4j.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What the contracts' default methods do for whoever implements them. */
class DefaultsTest {

    private static final Provenance PROVENANCE = Provenance.here("test", Precision.FLOAT64, Optional.empty());
    private static final List<LayerSpec> LAYERS = List.of(LayerSpec.dense("fc", 1, 1));

    @Test
    void curvatureResolvesADampingBeforeItMakesASolver() {
        List<Double> resolved = new ArrayList<>();
        Curvature curvature = new Curvature() {
            @Override
            public List<LayerSpec> layers() {
                return LAYERS;
            }

            @Override
            public LayerDamping resolve(Damping damping) {
                return LayerDamping.of(LAYERS, layer -> damping.resolve(4));
            }

            @Override
            public IhvpSolver solver(LayerDamping damping) {
                resolved.add(damping.lambda("fc"));
                return new NoSolver(damping);
            }

            @Override
            public Provenance provenance() {
                return PROVENANCE;
            }

            @Override
            public void close() {}
        };
        try (curvature;
                IhvpSolver solver = curvature.solver(Damping.relative(0.5))) {
            assertEquals(2, solver.damping().lambda("fc"));
        }
        assertEquals(List.of(2.0), resolved);
    }

    @Test
    void fittingWithoutAListenerReportsToNobody() {
        List<ProgressListener> given = new ArrayList<>();
        CurvatureApproximator<String, GradientProvider<String>> approximator = (model, data, progress) -> {
            progress.progress("stage", 1, 2);
            given.add(progress);
            throw new IllegalStateException("enough");
        };
        GradientProvider<String> model = new GradientProvider<>() {
            @Override
            public List<LayerSpec> layers() {
                return LAYERS;
            }

            @Override
            public void capture(
                    ExampleBatch<String> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {}
        };
        assertEquals(Optional.empty(), model.fingerprint());
        Refusals.refused(
                IllegalStateException.class, () -> approximator.fit(model, ExampleSource.of(List.of("a"))), "enough");
        assertEquals(1, given.size());
    }

    @Test
    void precisionsKnowTheirSizeAndRounding() {
        assertEquals(4, Precision.FLOAT32.bytes());
        assertEquals(8, Precision.FLOAT64.bytes());
        assertEquals(Math.ulp(1f) / 2, Precision.FLOAT32.unitRoundoff());
        assertEquals(Math.ulp(1.0) / 2, Precision.FLOAT64.unitRoundoff());
    }

    private record NoSolver(LayerDamping damping) implements IhvpSolver {
        @Override
        public List<LayerSpec> layers() {
            return LAYERS;
        }

        @Override
        public LayerGradients solve(LayerGradients vector) {
            return vector;
        }

        @Override
        public Provenance provenance() {
            return PROVENANCE;
        }

        @Override
        public void close() {}
    }
}
