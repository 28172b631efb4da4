package io.github.influence4j.spark;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.internal.factor.FactorGroups;
import io.github.influence4j.ekfac.internal.factor.FactorMemory;
import io.github.influence4j.ekfac.internal.factor.SharedInputs;
import io.github.influence4j.ekfac.internal.score.SolverGroups;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.store.factors.FactorManifest;
import io.github.influence4j.store.factors.FactorStore;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Factors in a folder that every machine sees.
 *
 * @param path the folder
 * @param fingerprint of the factors that the driver found there
 */
record SentFactors(String path, String fingerprint) implements Serializable {

    private static final Loans<Solved> SOLVERS = Loans.of(false);

    /** The option of a solver's provenance that has λ of each layer. */
    private static final String DAMPING = "damping";

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

    /** The factors in groups of layers, of which one is in memory at a time, with half of what a task may take. */
    Groups groups(MatrixBackend backend, ScoreSettings settings) throws IOException {
        FactorManifest manifest = open().manifest();
        FactorMemory memory = new FactorMemory(
                backend.precision(),
                manifest.strategy(),
                manifest.blocks(),
                SharedInputs.of(manifest.sharedInputs(), manifest.layers()));
        return new Groups(
                this,
                backend,
                settings.dampingOfLayers(),
                FactorGroups.of(manifest.layers(), memory, settings.memoryLimit() / 2.0),
                manifest.provenance());
    }

    /** Closes the factors that this JVM has and no task uses. */
    static void closeIdle() throws IOException {
        SOLVERS.closeIdle();
    }

    /** Lends the solver of this JVM. */
    private Loans<Solved>.Loan solver(MatrixBackend backend, Damping damping, List<LayerSpec> layers)
            throws IOException {
        String key = fingerprint + " " + backend.precision() + " " + damping + " "
                + layers.stream().map(LayerSpec::name).toList();
        return SOLVERS.borrow(key, true, () -> {
            Curvature curvature = open().load(backend, layers);
            try {
                return new Solved(curvature, curvature.solver(damping));
            } catch (RuntimeException | Error e) {
                curvature.close();
                throw e;
            }
        });
    }

    /** The inverse curvature in a task. Queries are rotated back, so that they can be scored where no factors are. */
    static final class Groups implements SolverGroups {

        private final SentFactors factors;
        private final MatrixBackend backend;
        private final Damping damping;
        private final List<List<LayerSpec>> groups;
        private final Provenance fitted;
        private final SortedMap<Integer, Provenance> solved = new TreeMap<>();

        private Groups(
                SentFactors factors,
                MatrixBackend backend,
                Damping damping,
                List<List<LayerSpec>> groups,
                Provenance fitted) {
            this.factors = factors;
            this.backend = backend;
            this.damping = damping;
            this.groups = groups;
            this.fitted = fitted;
        }

        @Override
        public List<List<LayerSpec>> groups() {
            return groups;
        }

        @Override
        public void with(int group, Consumer<IhvpSolver> work) {
            try (var loan = factors.solver(backend, damping, groups.get(group))) {
                IhvpSolver solver = loan.thing().solver();
                solved.put(group, solver.provenance());
                work.accept(solver);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Of a solver, with the λ of the layers of all groups that were in memory. */
        @Override
        public Provenance provenance() {
            Provenance made = fitted;
            for (String option : List.of(DAMPING, EigenbasisSolver.DOUBTFUL)) {
                List<String> of = solved.values().stream()
                        .flatMap(group -> Optional.ofNullable(group.options().get(option)).stream())
                        .toList();
                made = of.isEmpty() ? made : made.withOption(option, joined(option, of));
            }
            return made;
        }

        private static String joined(String option, List<String> groups) {
            if (option.equals(EigenbasisSolver.DOUBTFUL)) {
                return String.join(" ", groups);
            }
            // each is a map in braces
            return groups.stream()
                    .map(group -> group.substring(1, group.length() - 1))
                    .collect(Collectors.joining(", ", "{", "}"));
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
