package io.github.influence4j.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CapturedExample;
import io.github.influence4j.store.factors.FactorStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** One store, one solver, one provider and one set of captures, used by several threads at once. */
class SharedByThreadsTest {

    private static final int THREADS = 4;
    private static final int ROUNDS = 5;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    static List<MatrixBackend> backends() {
        return Backends.float64();
    }

    private CaptureSet open(String name) throws IOException {
        Path file = folder.resolve(name + ".safetensors");
        try (var in = SharedByThreadsTest.class.getResourceAsStream("/kronfluence/" + name + ".safetensors")) {
            Files.copy(Objects.requireNonNull(in), file);
        }
        return CaptureSet.open(file);
    }

    @ParameterizedTest
    @MethodSource("backends")
    void allOfThemGetTheNumbersOfOneAlone(MatrixBackend backend) throws Exception {
        try (CaptureSet sampled = open("sampled");
                CaptureSet train = open("training");
                CaptureSet queries = open("measurement");
                EigenbasisCurvature fitted = EigenbasisApproximator.<CapturedExample>ekfac(backend)
                        .fit(CaptureProvider.of(sampled), sampled)) {
            FactorStore store = FactorStore.save(folder.resolve("factors"), fitted);
            CaptureProvider model = CaptureProvider.of(train, queries);
            try (EigenbasisSolver solver = fitted.solver(Damping.DEFAULT)) {
                double[][] scores = scores(backend, model, solver, queries, train);
                double[] solution = solve(solver);
                double[][] stored = ofStore(store, backend, model, queries, train);
                inParallel(() -> {
                    for (int round = 0; round < ROUNDS; round++) {
                        assertArrayEquals(scores, scores(backend, model, solver, queries, train));
                        assertArrayEquals(solution, solve(solver));
                        assertArrayEquals(stored, ofStore(store, backend, model, queries, train));
                    }
                    return true;
                });
            }
        }
    }

    private static double[][] ofStore(
            FactorStore store, MatrixBackend backend, CaptureProvider model, CaptureSet queries, CaptureSet train)
            throws IOException {
        try (EigenbasisCurvature curvature = EigenbasisCurvature.require(store.load(backend));
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            return scores(backend, model, solver, queries, train);
        }
    }

    private static double[][] scores(
            MatrixBackend backend,
            CaptureProvider model,
            EigenbasisSolver solver,
            CaptureSet queries,
            CaptureSet train) {
        InfluenceScores scores = new InfluenceScorer<>(backend, model).pairwise(solver, queries, train);
        return scores.matrix().toArray();
    }

    private static double[] solve(EigenbasisSolver solver) {
        List<Matrix> parts = new ArrayList<>();
        for (LayerSpec layer : solver.layers()) {
            double[] numbers = new double[Math.toIntExact(layer.parameters())];
            for (int k = 0; k < numbers.length; k++) {
                numbers[k] = Math.sin(k);
            }
            parts.add(Matrix.of(numbers, layer.outputs(), layer.gradientColumns()));
        }
        LayerGradients solution = solver.solve(LayerGradients.of(solver.layers(), parts));
        Matrix first = solution.layer(solver.layers().get(0).name());
        double[] numbers = new double[first.rows() * first.columns()];
        first.read(0, first.rows(), numbers, 0);
        return numbers;
    }

    private static void inParallel(Callable<Boolean> work) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            for (Future<Boolean> done : threads.invokeAll(java.util.Collections.nCopies(THREADS, work))) {
                assertEquals(true, done.get());
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
