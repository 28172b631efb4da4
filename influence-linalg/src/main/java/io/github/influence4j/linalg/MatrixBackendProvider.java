package io.github.influence4j.linalg;

import io.github.influence4j.api.Precision;

/** Starts a backend; found by {@link java.util.ServiceLoader}. */
public interface MatrixBackendProvider {

    /**
     * Returns the name by which the backend is asked for.
     *
     * @return a short lower-case name, for instance {@code openblas}
     */
    String name();

    /**
     * Returns the rank among the backends when none is asked for by name.
     *
     * @return the highest that works wins
     */
    int priority();

    /**
     * Starts the backend: loads what is native, and checks a small product and a small eigendecomposition.
     *
     * @param precision the working precision
     * @return a backend that the caller closes
     * @throws IllegalStateException if it cannot start here, with the reason, or lacks the precision
     */
    MatrixBackend start(Precision precision);

    /**
     * Starts the backend where nobody asked for it by name and no better one works; whoever is much slower puts the reason into {@link
     * MatrixBackend#description()}, and with it into the provenance of results.
     *
     * @param precision the working precision
     * @param reason why no better one was taken, in words
     * @return a backend that the caller closes
     * @throws IllegalStateException if it cannot start here, with the reason, or lacks the precision
     */
    default MatrixBackend startInPlace(Precision precision, String reason) {
        return start(precision);
    }
}
