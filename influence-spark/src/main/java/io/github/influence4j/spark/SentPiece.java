package io.github.influence4j.spark;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.ekfac.internal.fit.KeptFit;
import io.github.influence4j.safetensors.SafetensorsFile;
import java.io.IOException;
import java.io.Serializable;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** Matrices by name that are broadcast. */
@DefaultSerializer(JavaSerializer.class) // where Kryo is used, which fills collections in its own way
final class SentPiece implements KeptFit.Piece, Serializable {

    private static final long serialVersionUID = 1;

    private final HashMap<String, SentMatrix> matrices = new LinkedHashMap<>();

    /** Reads a piece. */
    static SentPiece read(WorkFolder folder, String piece) throws IOException {
        SentPiece sent = new SentPiece();
        try (SafetensorsFile file = folder.open(piece)) {
            file.names().forEach(name -> sent.matrices.put(name, SentMatrix.of(file.matrix(name))));
        }
        return sent;
    }

    @Override
    public int parts() {
        return 1;
    }

    @Override
    public Matrix matrix(String name) {
        SentMatrix found = matrices.get(name);
        if (found == null) {
            throw new IllegalStateException("a piece of " + matrices.keySet() + " has no matrix " + name);
        }
        return found;
    }

    Map<String, Matrix> matrices() {
        return new LinkedHashMap<>(matrices);
    }

    @Override
    public void close() {
        // lies on the heap
    }
}
