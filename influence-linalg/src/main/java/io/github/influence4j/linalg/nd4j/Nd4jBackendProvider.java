package io.github.influence4j.linalg.nd4j;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackendProvider;
import io.github.influence4j.linalg.StartupCheck;

/** Starts {@link Nd4jBackend}. */
public final class Nd4jBackendProvider implements MatrixBackendProvider {

    /** OpenBLAS 0.3.19's wrong eigenvectors appear from order 200 on. */
    private static final int CHECKED_ORDER = 300;

    /** Makes the provider; called by {@link java.util.ServiceLoader}. */
    public Nd4jBackendProvider() {}

    @Override
    public String name() {
        return Nd4jBackend.NAME;
    }

    @Override
    public int priority() {
        return 100;
    }

    @Override
    public MatrixBackend start(Precision precision) {
        Nd4jRuntime runtime = Nd4jRuntime.load();
        if (runtime.cpu()) {
            ThreadUse.limitElementwise();
        }
        Kernels kernels = runtime.cpu() ? new BlasKernels() : new Nd4jOpsKernels();
        Nd4jBackend backend = new Nd4jBackend(precision, kernels, runtime);
        StartupCheck.verify(backend, CHECKED_ORDER);
        return backend;
    }
}
