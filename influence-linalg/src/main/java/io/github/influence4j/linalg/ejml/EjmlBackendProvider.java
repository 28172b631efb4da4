package io.github.influence4j.linalg.ejml;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackendProvider;
import io.github.influence4j.linalg.StartupCheck;

/** Starts {@link EjmlBackend}. */
public final class EjmlBackendProvider implements MatrixBackendProvider {

    /** Makes the provider; called by {@link java.util.ServiceLoader}. */
    public EjmlBackendProvider() {}

    @Override
    public String name() {
        return EjmlBackend.NAME;
    }

    @Override
    public int priority() {
        return 10;
    }

    @Override
    public MatrixBackend start(Precision precision) {
        return startInPlace(precision, "");
    }

    @Override
    public MatrixBackend startInPlace(Precision precision, String reason) {
        if (precision != Precision.FLOAT64) {
            throw new IllegalStateException("it computes in FLOAT64 only, asked for " + precision);
        }
        EjmlBackend backend = new EjmlBackend(reason);
        StartupCheck.verify(backend, 20);
        return backend;
    }
}
