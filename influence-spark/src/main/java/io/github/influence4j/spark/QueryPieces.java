package io.github.influence4j.spark;

import io.github.influence4j.api.Matrix;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes prepared queries in pieces that are read and broadcast one at a time: the driver never holds those of all layers. */
final class QueryPieces {

    /** Of the matrices of a piece, but for one that is larger. */
    static final long MOST_BYTES = 64L << 20;

    private final WorkFolder folder;
    private final List<ScorePass.Piece> written = new ArrayList<>();
    private final Map<String, Matrix> next = new LinkedHashMap<>();
    private long bytes;

    QueryPieces(WorkFolder folder) {
        this.folder = folder;
    }

    /** Writes the queries of a pass at some layers. */
    void write(int firstQuery, Map<String, Matrix> tensors) {
        tensors.forEach((name, matrix) -> {
            long more =
                    (long) matrix.rows() * matrix.columns() * matrix.precision().bytes();
            if (bytes + more > MOST_BYTES) {
                finish(firstQuery);
            }
            next.put(name, matrix);
            bytes += more;
        });
        finish(firstQuery);
    }

    private void finish(int firstQuery) {
        if (next.isEmpty()) {
            return;
        }
        ScorePass.Piece piece = new ScorePass.Piece(firstQuery, "queries-" + written.size());
        try {
            folder.write(piece.name(), next);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        written.add(piece);
        next.clear();
        bytes = 0;
    }

    /** The pieces, in their order. */
    List<ScorePass.Piece> written() {
        return List.copyOf(written);
    }
}
