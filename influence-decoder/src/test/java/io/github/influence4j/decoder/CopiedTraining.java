package io.github.influence4j.decoder;

import io.github.influence4j.api.Matrix;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Keeps a copy of the state after one step; the numbers of later steps cannot reach it. */
final class CopiedTraining implements KeptTraining {

    private final int due;
    private final Map<String, Matrix> copies = new HashMap<>();

    CopiedTraining(int due) {
        this.due = due;
    }

    @Override
    public Optional<State> last() {
        return copies.isEmpty() ? Optional.empty() : Optional.of(new Copy());
    }

    @Override
    public boolean isDue(int steps) {
        return steps == due;
    }

    @Override
    public void keep(int steps, Map<String, Matrix> matrices) {
        matrices.forEach((name, matrix) -> copies.put(name, Matrix.of(matrix.toArray())));
    }

    private final class Copy implements State {

        @Override
        public int steps() {
            return due;
        }

        @Override
        public Matrix matrix(String name) {
            return Optional.ofNullable(copies.get(name)).orElseThrow();
        }

        @Override
        public void close() {
            // owns nothing
        }
    }
}
