package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.internal.eigen.EigenbasisStage;
import io.github.influence4j.ekfac.internal.eigen.EigenvalueStage;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.factor.CovarianceStage;
import io.github.influence4j.ekfac.internal.factor.FisherObjectives;
import io.github.influence4j.ekfac.internal.factor.LayerCovariance;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.score.ScoringWays;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.internal.solve.LayerCurvature;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * For how many positions squares of rotated gradients are faster as sums over pairs of positions than through the gradients, and
 * these faster in tiles of a core's own than together, in the eigenvalue pass and in self-influence: captures in memory, the same
 * rows for every number of positions.
 */
public final class GramForm {

    private static final int RUNS = 3;
    private static final int ROWS = 4096;
    private static final int ROWS_PER_BATCH = 2048;

    private GramForm() {}

    /**
     * Measures and prints a Markdown table.
     *
     * @param arguments none
     */
    public static void main(String[] arguments) {
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            System.out.println(backend.description());
            System.out.printf(Locale.ROOT, "sgemm of order 2048: %.0f GFLOP/s%n%n", Sgemm.gflops(backend));
            System.out.println(
                    "| i x o | t | eigenvalues: gradients / tiles / pairs, ms | self: gradients / tiles / pairs, ms |"
                            + "\n|---|---|---|---|");
            for (int[] size : new int[][] {{64, 64}, {128, 512}, {512, 128}, {512, 512}, {768, 3072}}) {
                for (int positions : new int[] {2, 4, 8, 16, 32, 64, 128}) {
                    measure(backend, LayerSpec.tokens("layer", size[0], size[1]).withoutBias(), positions);
                }
            }
        }
    }

    private static void measure(MatrixBackend backend, LayerSpec layer, int positions) {
        int examples = ROWS / positions;
        int batch = ROWS_PER_BATCH / positions;
        StoredCaptures captures = new StoredCaptures(List.of(layer), positions, examples);
        ExampleSource<Integer> data = captures.source(examples);
        FisherObjectives fisher = new FisherObjectives(List.of(new Objective.TrainingLoss()), 1);
        try (CapturePass<Integer> pass = new CapturePass<>(backend, captures);
                LayerCovariance covariance = CovarianceStage.fit(
                                backend, pass, data, batch, fisher, ProgressListener.silent())
                        .get(0)) {
            LayerEigenbasis basis = EigenbasisStage.decompose(backend, covariance);
            ToDoubleFunction<Rotation> eigenvalues =
                    rotation -> milliseconds(() -> eigenvalues(backend, pass, data, batch, fisher, rotation, basis)
                            .close());
            double gradients = eigenvalues.applyAsDouble(Rotation.ROTATE_FIRST);
            double tiles = eigenvalues.applyAsDouble(Rotation.TILES);
            double pairs = eigenvalues.applyAsDouble(Rotation.GRAM);
            try (LayerCurvature curvature = LayerCurvature.of(
                            layer,
                            Optional.of(basis),
                            Optional.of(eigenvalues(backend, pass, data, batch, fisher, Rotation.GRAM, basis)));
                    EigenbasisSolver solver = EigenbasisSolver.of(
                            backend,
                            List.of(curvature),
                            LayerDamping.of(List.of(layer), l -> Damping.DEFAULT.resolve(curvature.meanEigenvalue())),
                            Provenance.here(backend.description(), backend.precision(), Optional.empty()))) {
                ToDoubleFunction<Rotation> self = rotation -> milliseconds(() -> new InfluenceScorer<>(
                                backend,
                                captures,
                                ScoreOptions.defaults().withBatchSize(batch),
                                ProgressListener.silent())
                        .taking(ScoringWays.CHEAPEST.with(rotation))
                        .self(solver, data));
                double selfGradients = self.applyAsDouble(Rotation.ROTATE_FIRST);
                double selfTiles = self.applyAsDouble(Rotation.TILES);
                double selfPairs = self.applyAsDouble(Rotation.GRAM);
                System.out.printf(
                        Locale.ROOT,
                        "| %d x %d | %d | %.1f / %.1f / %.1f | %.1f / %.1f / %.1f |%n",
                        layer.inputs(),
                        layer.outputs(),
                        positions,
                        gradients,
                        tiles,
                        pairs,
                        selfGradients,
                        selfTiles,
                        selfPairs);
            }
        }
    }

    private static BackendMatrix eigenvalues(
            MatrixBackend backend,
            CapturePass<Integer> pass,
            ExampleSource<Integer> data,
            int batch,
            FisherObjectives fisher,
            Rotation rotation,
            LayerEigenbasis basis) {
        EigenvalueStage.Options options = new EigenvalueStage.Options(batch, fisher, rotation);
        return EigenvalueStage.fit(backend, pass, data, options, List.of(Optional.of(basis)), ProgressListener.silent())
                .get(0);
    }

    private static double milliseconds(Runnable work) {
        double[] seconds = new double[RUNS];
        for (int k = -1; k < RUNS; k++) {
            long start = System.nanoTime();
            work.run();
            if (k >= 0) {
                seconds[k] = (System.nanoTime() - start) / 1e9;
            }
        }
        return 1e3 * Sgemm.median(seconds);
    }
}
