package io.github.influence4j.spark;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.internal.score.SolverGroups;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.store.factors.FactorStore;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/**
 * Factors in a folder that every machine sees.
 *
 * @param path the folder
 * @param fingerprint of the factors that the driver found there
 */
record SentFactors(String path, String fingerprint) implements Serializable {

    private static final Loans<Solved> SOLVERS = new Loans<>();

    /** A solver with the factors behind it. */
    private record Solved(Curvature curvature, IhvpSolver solver) implements AutoCloseable {
        @Override
        public void close() {
            solver.close();
            curvature.close();
        }
    }

    static SentFactors of(Path folder) throws IOException {
        return new SentFactors(
                folder.toAbsolutePath().toString(), FactorStore.open(folder).fingerprint());
    }

    FactorStore open() throws IOException {
        FactorStore store = ExecutorJvm.reading("the factors", () -> FactorStore.open(Path.of(path)));
        if (!store.fingerprint().equals(fingerprint)) {
            throw new IllegalStateException(
                    "the factors in " + path
                            + " are not those that the driver found there: they were written again, or this machine has others");
        }
        return store;
    }

    /** Lends the solver of this JVM. */
    Loans<Solved>.Loan solver(MatrixBackend backend, ScoreSettings settings) throws IOException {
        String key = fingerprint + " " + backend.precision() + " " + settings.dampingOfLayers();
        return SOLVERS.borrow(key, true, () -> {
            Curvature curvature = open().load(backend);
            try {
                return new Solved(curvature, curvature.solver(settings.dampingOfLayers()));
            } catch (RuntimeException | Error e) {
                curvature.close();
                throw e;
            }
        });
    }

    static IhvpSolver in(Loans<Solved>.Loan loan) {
        return loan.thing().solver();
    }

    /** A solver whose queries are rotated back, so that they can be scored where no factors are. */
    record Apart(IhvpSolver solver) implements SolverGroups {

        @Override
        public List<List<LayerSpec>> groups() {
            return List.of(solver.layers());
        }

        @Override
        public void with(int group, Consumer<IhvpSolver> work) {
            work.accept(solver);
        }

        @Override
        public Provenance provenance() {
            return solver.provenance();
        }
    }

    /** In the place of factors where queries that were prepared elsewhere are scored. */
    record Elsewhere(List<LayerSpec> layers, Provenance provenance) implements SolverGroups {

        @Override
        public List<List<LayerSpec>> groups() {
            return List.of(layers);
        }

        @Override
        public void with(int group, Consumer<IhvpSolver> work) {
            throw new IllegalStateException("queries were not prepared");
        }
    }
}
