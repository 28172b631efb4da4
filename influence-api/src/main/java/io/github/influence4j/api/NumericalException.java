package io.github.influence4j.api;

/** Thrown where numbers make no sense: NaN or infinite input, a decomposition that does not converge, a singular system. */
public class NumericalException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * Makes an exception.
     *
     * @param message what is wrong, where, and with which numbers
     */
    public NumericalException(String message) {
        super(message);
    }
}
