package io.github.influence4j.api;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;

/**
 * Keeps how far iterative solves have come, so that one that was ended is taken up again and gives the numbers of one that was
 * not.
 *
 * <p>A solve is known by its right-hand sides. Whoever implements this keeps solves of one method, model, data set and damping
 * apart from those of others. For one thread.
 */
public interface KeptSolves {

    /** Numbers that are digested at a time. */
    int BLOCK = 1 << 13;

    /**
     * How far a solve has come.
     *
     * @param iteration iterations that are done
     * @param vectors what the next one needs, in an order of the method's own
     */
    record State(int iteration, List<double[]> vectors) {}

    /**
     * Finds a solve.
     *
     * @param solve its name, as {@link #name} gives it
     * @return its last state, if there is one
     */
    Optional<State> find(String solve);

    /**
     * Keeps a state in place of the one before it.
     *
     * @param solve the solve's name
     * @param state the state; valid during the call only
     */
    void keep(String solve, State state);

    /**
     * Names a solve.
     *
     * @param vectors its right-hand sides
     * @return hexadecimal digits, of the SHA-256 of their numbers
     */
    default String name(double[][] vectors) {
        MessageDigest digest = Fingerprint.sha256();
        ByteBuffer bytes = ByteBuffer.allocate(BLOCK * Double.BYTES);
        for (double[] vector : vectors) {
            for (int start = 0; start < vector.length; start += BLOCK) {
                int count = Math.min(BLOCK, vector.length - start);
                bytes.clear().asDoubleBuffer().put(vector, start, count);
                digest.update(bytes.limit(count * Double.BYTES));
            }
        }
        return Fingerprint.hex(digest);
    }

    /**
     * Keeps nothing.
     *
     * @return keeps nothing
     */
    static KeptSolves none() {
        return new KeptSolves() {
            @Override
            public Optional<State> find(String solve) {
                return Optional.empty();
            }

            @Override
            public void keep(String solve, State state) {}

            @Override
            public String name(double[][] vectors) {
                return "";
            }
        };
    }
}
