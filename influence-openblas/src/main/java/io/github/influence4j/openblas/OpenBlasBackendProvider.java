package io.github.influence4j.openblas;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackendProvider;
import io.github.influence4j.linalg.StartupCheck;
import io.github.influence4j.openblas.internal.BlasKernels;
import io.github.influence4j.openblas.internal.NativeBackend;
import io.github.influence4j.openblas.internal.OpenBlas;

/** Starts the backend on OpenBLAS: float32 and float64 on the processor. */
public final class OpenBlasBackendProvider implements MatrixBackendProvider {

    /** Name by which the backend is asked for. */
    public static final String NAME = "openblas";

    /** OpenBLAS 0.3.19's wrong eigenvectors appear from order 200 on. */
    private static final int CHECKED_ORDER = 300;

    /** Makes the provider; called by {@link java.util.ServiceLoader}. */
    public OpenBlasBackendProvider() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int priority() {
        return 200;
    }

    @Override
    public MatrixBackend start(Precision precision) {
        OpenBlas library = OpenBlas.load();
        MatrixBackend backend = new NativeBackend(precision, BlasKernels.onOwnMemory(NAME), library);
        StartupCheck.verify(backend, CHECKED_ORDER);
        return backend;
    }
}
