package io.github.influence4j.cuda;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackendProvider;
import io.github.influence4j.linalg.StartupCheck;

/** Starts {@link CudaBackend}; whoever has this module on the class path prefers the card to the processor. */
public final class CudaBackendProvider implements MatrixBackendProvider {

    private static final int CHECKED_ORDER = 100;

    /** Makes the provider; called by {@link java.util.ServiceLoader}. */
    public CudaBackendProvider() {}

    @Override
    public String name() {
        return CudaBackend.NAME;
    }

    @Override
    public int priority() {
        return 200;
    }

    @Override
    public MatrixBackend start(Precision precision) {
        CudaBackend backend = new CudaBackend(precision, CudaDevice.get());
        try {
            StartupCheck.verify(backend, CHECKED_ORDER);
            return backend;
        } catch (RuntimeException | Error e) {
            backend.close();
            throw e;
        }
    }
}
