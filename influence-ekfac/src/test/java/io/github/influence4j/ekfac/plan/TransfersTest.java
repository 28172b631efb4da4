package io.github.influence4j.ekfac.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.ekfac.TestBackends;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Numbers come from a card and go there in as many transfers for a wide layer as for a narrow one: none for each row. */
class TransfersTest {

    private record Host(LayerSpec layer) implements GradientProvider<Integer> {

        @Override
        public List<LayerSpec> layers() {
            return List.of(layer);
        }

        @Override
        public void capture(
                ExampleBatch<Integer> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
            SplittableRandom random = new SplittableRandom(batch.ids()[0]);
            int n = batch.size();
            sink.accept(LayerCapture.of(
                    layer, n, 1, random(random, n, layer.inputs()), random(random, n, layer.outputs())));
        }

        private static Matrix random(SplittableRandom random, int rows, int columns) {
            return Matrix.of(random.doubles((long) rows * columns, -1, 1).toArray(), rows, columns);
        }
    }

    /** Defect: eigenvalues and norms of gradients were read row by row. */
    @ParameterizedTest
    @EnumSource
    void doNotGrowWithTheRows(Strategy strategy) {
        assertEquals(transfers(strategy, 12, 10), transfers(strategy, 12, 70));
    }

    @ParameterizedTest
    @EnumSource
    void doNotGrowWithTheExamplesOfABatch(Strategy strategy) {
        assertEquals(transfers(strategy, 12, 10), transfers(strategy, 90, 10));
    }

    private static long transfers(Strategy strategy, int examples, int outputs) {
        CountingBackend backend = new CountingBackend(TestBackends.FAST_FLOAT32);
        Host host = new Host(LayerSpec.dense("layer", 9, outputs));
        ExampleSource<Integer> data =
                ExampleSource.of(IntStream.range(0, examples).boxed().toList());
        FitOptions options = FitOptions.defaults().withStrategy(strategy);
        try (EigenbasisCurvature curvature =
                        EigenbasisApproximator.<Integer>of(backend, options).fit(host, data);
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            new InfluenceScorer<>(backend, host).self(solver, data);
        }
        return backend.transfers();
    }
}
