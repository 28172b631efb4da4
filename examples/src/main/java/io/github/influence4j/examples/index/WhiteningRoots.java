package io.github.influence4j.examples.index;

import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.internal.solve.Reciprocals;
import io.github.influence4j.linalg.BackendMatrix;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntFunction;

/** (Λ+λ)^-½ of each layer, [o, i] row-major, up to a factor that does not change a score. */
final class WhiteningRoots implements IntFunction<float[]> {

    private final EigenbasisSolver solver;
    private final Map<Integer, float[]> roots = new HashMap<>();

    WhiteningRoots(EigenbasisSolver solver) {
        this.solver = solver;
    }

    @Override
    public float[] apply(int layer) {
        return roots.computeIfAbsent(layer, l -> {
            BackendMatrix values =
                    solver.reciprocals(l).map(Reciprocals::values).orElseThrow();
            float[] root = new float[values.rows() * values.columns()];
            int at = 0;
            for (double[] row : values.toArray()) {
                for (double value : row) {
                    root[at++] = (float) Math.sqrt(value);
                }
            }
            return root;
        });
    }
}
