package io.github.influence4j.baselines.iterative;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.KeptSolves;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.linalg.ejml.EjmlBackend;
import io.github.influence4j.models.LabelledExample;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A solve that is ended after any iteration and taken up again gives the bits of one that was not. */
class KeptSolvesTest {

    private static MatrixBackend backend = new EjmlBackend();
    private static FriedmanBed bed = FriedmanBed.trained(backend, 2, 2, 1, 0);

    @BeforeAll
    static void train() {
        backend = MatrixBackends.named("openblas", Precision.FLOAT64);
        bed = FriedmanBed.trained(backend, 60, 6, 10, 1);
    }

    @AfterAll
    static void close() {
        bed.close();
        backend.close();
    }

    /** Stands for the end of the process. */
    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /** Keeps copies of the states, as a file would, and ends the process after some. */
    private static final class Memory implements KeptSolves {
        private final Map<String, State> states = new HashMap<>();
        private int left;

        Memory(int left) {
            this.left = left;
        }

        @Override
        public Optional<State> find(String solve) {
            return Optional.ofNullable(states.get(solve)).map(Memory::copy);
        }

        @Override
        public void keep(String solve, State state) {
            states.put(solve, copy(state));
            if (--left == 0) {
                throw new Killed();
            }
        }

        private static State copy(State state) {
            return new State(
                    state.iteration(),
                    state.vectors().stream().map(double[]::clone).toList());
        }
    }

    private static void assertTakenUp(Function<KeptSolves, Curvature> method, int iterations) {
        List<LayerGradients> queries = bed.queryGradients().subList(0, 3);
        double[][] whole = solved(method.apply(KeptSolves.none()), queries);
        for (int killed = 1; killed < iterations; killed += 3) {
            Memory memory = new Memory(killed);
            Curvature ended = method.apply(memory);
            assertThrows(Killed.class, () -> solved(ended, queries));
            assertEquals(1, memory.states.size());
            double[][] again = solved(method.apply(memory), queries);
            for (int q = 0; q < whole.length; q++) {
                assertArrayEquals(whole[q], again[q], "query " + q + ", ended after iteration " + killed);
            }
            assertEquals(2, solved(method.apply(memory), queries.subList(1, 3)).length);
            assertEquals(2, memory.states.size(), "other right-hand sides are another solve");
        }
    }

    private static double[][] solved(Curvature curvature, List<LayerGradients> queries) {
        try (var solver = curvature.solver(Damping.absolute(0.05))) {
            return solver.solveAll(queries).stream().map(LayerGradients::toFlat).toArray(double[][]::new);
        }
    }

    @Test
    void conjugateGradients() {
        ConjugateGradient method = ConjugateGradient.on(backend)
                .with(ConjugateGradientOptions.defaults().withMaxIterations(10));
        assertTakenUp(kept -> method.keeping(kept).curvature(bed.model(), bed.train()), 10);
    }

    @Test
    void astra() {
        try (EigenbasisCurvature ekfac =
                EigenbasisApproximator.<LabelledExample>ekfac(backend).fit(bed.model(), bed.train())) {
            Astra method = Astra.on(backend, ekfac)
                    .with(AstraOptions.defaults()
                            .withIterations(12)
                            .withHalveEvery(5)
                            .withBatchSize(16));
            assertTakenUp(kept -> method.keeping(kept).curvature(bed.model(), bed.train()), 12);
        }
    }
}
