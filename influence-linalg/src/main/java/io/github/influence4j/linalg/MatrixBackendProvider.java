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
}
