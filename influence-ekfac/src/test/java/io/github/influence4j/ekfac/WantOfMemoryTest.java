package io.github.influence4j.ekfac;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Defect: where memory was wanting, nobody said for what, how much, and what would help. */
class WantOfMemoryTest {

    private static final LayerSpec LAYER = LayerSpec.dense("layer", 4, 3);

    private static final ExampleSource<Integer> DATA =
            ExampleSource.of(IntStream.range(0, 12).boxed().toList());

    /** Has room for so many captures. */
    private record Host(AtomicInteger room) implements GradientProvider<Integer> {
        @Override
        public List<LayerSpec> layers() {
            return List.of(LAYER);
        }

        @Override
        public void capture(
                ExampleBatch<Integer> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
            if (room.getAndDecrement() == 0) {
                throw new OutOfMemoryError("12345 bytes");
            }
            double[][] a = new double[batch.size()][4];
            double[][] g = new double[batch.size()][3];
            for (int e = 0; e < a.length; e++) {
                Arrays.fill(a[e], batch.ids()[e] + 1);
                Arrays.setAll(g[e], o -> o + 1);
                a[e][e % 4] = 2;
                g[e][e % 3] = 0;
            }
            sink.accept(LayerCapture.of(LAYER, Matrix.of(a), Matrix.of(g)));
        }
    }

    @Test
    void isNamed() {
        for (int room = 0; room < 2; room++) {
            Host host = new Host(new AtomicInteger(room));
            requireNamed(room == 0 ? "covariances" : "eigenvalues", () -> EigenbasisApproximator.<Integer>ekfac(
                            TestBackends.EJML)
                    .fit(host, DATA)
                    .close());
        }
        Host host = new Host(new AtomicInteger(2));
        try (EigenbasisCurvature fitted =
                        EigenbasisApproximator.<Integer>ekfac(TestBackends.EJML).fit(host, DATA);
                EigenbasisSolver solver = fitted.solver(Damping.DEFAULT)) {
            InfluenceScorer<Integer> scorer = new InfluenceScorer<>(TestBackends.EJML, host);
            for (int room = 0; room < 2; room++) {
                host.room().set(room);
                requireNamed(room == 0 ? "query preparation" : "scores", () -> scorer.pairwise(solver, DATA, DATA));
            }
            host.room().set(0);
            requireNamed("self-influence", () -> scorer.self(solver, DATA));
        }
    }

    private static void requireNamed(String stage, Runnable work) {
        OutOfMemoryError error = assertThrows(OutOfMemoryError.class, work::run);
        String said = String.valueOf(error.getMessage());
        assertTrue(
                said.startsWith(stage + " (") && said.contains("take smaller batches") && said.endsWith("12345 bytes"),
                said);
    }
}
