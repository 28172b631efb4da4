package io.github.influence4j.ekfac.internal.fit;

import io.github.influence4j.api.Matrix;
import java.util.Map;
import java.util.Optional;

/**
 * Keeps what a fit has finished, so that it can be stopped at any moment and taken up again: the sums of a pass after each part
 * of the data, and the eigenbasis of each layer.
 *
 * <p>What is given back must be what was taken, to the bit; then a fit that was taken up gives the factors of one that was not
 * stopped. Called from the thread that fits.
 */
public interface KeptFit {

    /** What a piece of work had come to. Its matrices are good until it is closed. */
    interface Piece extends AutoCloseable {

        /**
         * Says how far it had come.
         *
         * @return parts of the data that were added up; 1 for what is done at once
         */
        int parts();

        /**
         * Gives a matrix back.
         *
         * @param name its name
         * @return what was taken under this name
         */
        Matrix matrix(String name);

        @Override
        void close();
    }

    /**
     * Finds a piece of work that was begun before.
     *
     * @param name of the piece
     * @return what {@link #keep} took last, which the caller closes, or nothing
     */
    Optional<Piece> find(String name);

    /**
     * Takes what a piece of work has come to, in place of what it was before.
     *
     * @param name of the piece
     * @param parts how far it has come
     * @param matrices matrices by name, valid during this call; kept in their own precision
     */
    void keep(String name, int parts, Map<String, Matrix> matrices);
}
