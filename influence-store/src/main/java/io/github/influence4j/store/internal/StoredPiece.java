package io.github.influence4j.store.internal;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.ekfac.internal.fit.KeptFit;
import io.github.influence4j.safetensors.SafetensorsFile;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * What a piece of a fit had come to, in a file.
 *
 * @param parts parts of the data that were added up; 1 for what is done at once
 * @param file its matrices, closed with this
 */
public record StoredPiece(int parts, SafetensorsFile file) implements KeptFit.Piece {

    @Override
    public Matrix matrix(String name) {
        return file.matrix(name);
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
