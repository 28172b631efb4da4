package io.github.influence4j.store.runs;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.ekfac.internal.fit.KeptFit;
import io.github.influence4j.store.internal.KeptMatrices;
import io.github.influence4j.store.internal.StoredPiece;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;

/** Keeps the pieces of a fit in the progress of a run, a file each. */
record FitPieces(Progress kept) implements KeptFit {

    @Override
    public Optional<Piece> find(String name) {
        Optional<ProgressLog.Finished> found = kept.find(name);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new StoredPiece(found.get().units(), kept.open(found.get())));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void keep(String name, int parts, Map<String, Matrix> matrices) {
        try {
            kept.finish(name, parts, KeptMatrices.specs(matrices), file -> KeptMatrices.write(file, matrices));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
