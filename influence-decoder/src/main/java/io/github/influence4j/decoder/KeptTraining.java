package io.github.influence4j.decoder;

import io.github.influence4j.api.Matrix;
import java.util.Map;
import java.util.Optional;

/**
 * Keeps the state of a training now and then, so that it can be stopped at any moment and taken up again: the weights, what Adam
 * remembers of their gradients, and the losses so far.
 *
 * <p>What is given back must be what was taken, to the bit; then a training that was taken up gives the weights of one that was not
 * stopped. Called from the thread that trains.
 */
public interface KeptTraining {

    /** What a training had come to. Its matrices are good until it is closed. */
    interface State extends AutoCloseable {

        /**
         * Says how far it had come.
         *
         * @return steps that were done
         */
        int steps();

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
     * Gives the state that was kept last.
     *
     * @return the state, which the caller closes; nothing where a training begins
     */
    Optional<State> last();

    /**
     * Says whether to keep the state after some steps.
     *
     * @param steps how many were done, from 1
     * @return whether {@link #keep} is to be called
     */
    boolean isDue(int steps);

    /**
     * Keeps a state in the place of the one before.
     *
     * @param steps how many were done
     * @param matrices matrices by name, valid during this call; kept in their own precision
     */
    void keep(int steps, Map<String, Matrix> matrices);

    /**
     * Keeps nothing.
     *
     * @return what has no state to give back, and is never due
     */
    static KeptTraining nothing() {
        return new KeptTraining() {
            @Override
            public Optional<State> last() {
                return Optional.empty();
            }

            @Override
            public boolean isDue(int steps) {
                return false;
            }

            @Override
            public void keep(int steps, Map<String, Matrix> matrices) {
                throw new IllegalStateException("a training that keeps nothing has a state to keep");
            }
        };
    }
}
