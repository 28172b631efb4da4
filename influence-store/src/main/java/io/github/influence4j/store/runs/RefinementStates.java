package io.github.influence4j.store.runs;

import io.github.influence4j.api.KeptSolves;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.store.internal.KeptMatrices;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Keeps the states of solves in the progress of a run, a file each. */
record RefinementStates(Progress kept) implements KeptSolves {

    private static String series(String solve) {
        return "solve-" + solve;
    }

    @Override
    public Optional<State> find(String solve) {
        Optional<ProgressLog.Finished> found = kept.find(series(solve));
        if (found.isEmpty()) {
            return Optional.empty();
        }
        try (SafetensorsFile file = kept.open(found.get())) {
            List<double[]> vectors = new ArrayList<>();
            for (int v = 0; v < file.names().size(); v++) {
                Matrix row = file.matrix(Integer.toString(v));
                double[] vector = new double[row.columns()];
                row.read(0, 1, vector, 0);
                vectors.add(vector);
            }
            return Optional.of(new State(found.get().units(), vectors));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void keep(String solve, State state) {
        Map<String, Matrix> rows = new LinkedHashMap<>();
        for (int v = 0; v < state.vectors().size(); v++) {
            double[] vector = state.vectors().get(v);
            rows.put(Integer.toString(v), Matrix.of(vector, 1, vector.length));
        }
        try {
            kept.finish(
                    series(solve), state.iteration(), KeptMatrices.specs(rows), file -> KeptMatrices.write(file, rows));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
