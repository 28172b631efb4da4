package io.github.influence4j.ekfac;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.PositionMask;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.ekfac.RandomSequences.Sequence;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.testkit.Tolerances;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A layer without curvature beside layers with some: it counts for nothing, and the others for what they do without it. */
class DeadLayersTest {

    private static final RandomSequences LIVING = RandomSequences.tokens();
    private static final LayerSpec DEAD = LayerSpec.tokens("dead", 3, 2);
    private static final ExampleSource<Sequence> TRAIN = RandomSequences.sequences(19, 100);
    private static final ExampleSource<Sequence> QUERIES = RandomSequences.sequences(5, 900);

    /** Ways in which a layer is dead in the training set. */
    enum Death {
        /** Output gradients are 0, as where a block is multiplied by 0. */
        GRADIENTS,
        /** Inputs are 0 and there is no bias, as in a LoRA pair whose B is 0. */
        INPUTS,
        /** No token of the training set came to the layer, as with an expert. */
        MASKED
    }

    private record WithDead(Death death) implements GradientProvider<Sequence> {

        private LayerSpec dead() {
            return death == Death.INPUTS ? DEAD.withoutBias() : DEAD;
        }

        @Override
        public List<LayerSpec> layers() {
            return List.of(LIVING.layers().get(0), dead(), LIVING.layers().get(1));
        }

        @Override
        public int positions(Sequence example) {
            return 2;
        }

        @Override
        public void capture(
                ExampleBatch<Sequence> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
            List<LayerSpec> others =
                    wanted.stream().filter(layer -> !layer.equals(dead())).toList();
            if (!others.isEmpty()) {
                LIVING.capture(batch, objective, others, sink);
            }
            if (wanted.contains(dead())) {
                int rows = 2 * batch.size();
                boolean fit = objective instanceof Objective.SampledLabels;
                LayerCapture capture = LayerCapture.of(
                        dead(),
                        batch.size(),
                        2,
                        Matrix.of(filled(rows, dead().inputs(), fit && death == Death.INPUTS ? 0 : 0.5)),
                        Matrix.of(filled(rows, dead().outputs(), fit && death == Death.GRADIENTS ? 0 : -0.25)));
                sink.accept(
                        fit && death == Death.MASKED ? capture.withMask(PositionMask.of(new boolean[rows])) : capture);
            }
        }

        private static double[][] filled(int rows, int columns, double value) {
            double[][] matrix = new double[rows][columns];
            for (double[] row : matrix) {
                java.util.Arrays.fill(row, value);
            }
            return matrix;
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "IDENTITY")
    void countForNothing(Strategy strategy) {
        for (MatrixBackend backend : TestBackends.all()) {
            for (Death death : Death.values()) {
                WithDead model = new WithDead(death);
                FitOptions options = FitOptions.defaults().withStrategy(strategy);
                try (EigenbasisCurvature expected = EigenbasisApproximator.<Sequence>of(backend, options)
                                .fit(LIVING, TRAIN);
                        EigenbasisCurvature actual = EigenbasisApproximator.<Sequence>of(backend, options)
                                .fit(model, TRAIN);
                        EigenbasisSolver solver = expected.solver(Damping.DEFAULT);
                        EigenbasisSolver withDead = actual.solver(Damping.DEFAULT)) {
                    assertEquals("[dead]", actual.provenance().options().get("layers without curvature"));
                    assertFalse(expected.provenance().options().containsKey("layers without curvature"));
                    for (ScoreOptions score : List.of(
                            ScoreOptions.defaults().withPerLayer(true),
                            ScoreOptions.defaults().withPerLayer(true).withRank(1))) {
                        InfluenceScores there = new InfluenceScorer<>(backend, LIVING, score, ProgressListener.silent())
                                .pairwise(solver, QUERIES, TRAIN);
                        InfluenceScores here = new InfluenceScorer<>(backend, model, score, ProgressListener.silent())
                                .pairwise(withDead, QUERIES, TRAIN);
                        double tolerance = Tolerances.reordered(backend.precision());
                        assertClose(matrix(there), matrix(here), tolerance, strategy + " " + death);
                    }
                    SelfInfluence self = new InfluenceScorer<>(
                                    backend,
                                    model,
                                    ScoreOptions.defaults().withPerLayer(true),
                                    ProgressListener.silent())
                            .self(withDead, TRAIN);
                    assertArrayEquals(new double[19], self.layer("dead"));
                }
            }
        }
    }

    private static Matrix matrix(InfluenceScores scores) {
        double[][] matrix = new double[5][19];
        for (int q = 0; q < 5; q++) {
            for (int z = 0; z < 19; z++) {
                matrix[q][z] = scores.score(q, z);
            }
        }
        return Matrix.of(matrix);
    }
}
