package io.github.influence4j.nd4j;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackendProvider;
import io.github.influence4j.linalg.StartupCheck;
import io.github.influence4j.openblas.internal.BlasKernels;
import io.github.influence4j.openblas.internal.Kernels;
import io.github.influence4j.openblas.internal.NativeBackend;
import org.nd4j.nativeblas.NativeOpsHolder;

/** Starts the backend on ND4J's arrays: on the processor with OpenBLAS's products and decompositions, on a card with ND4J's products. */
public final class Nd4jBackendProvider implements MatrixBackendProvider {

    /** Name by which the backend is asked for. */
    public static final String NAME = "nd4j";

    /** Elements from which ND4J shares an elementwise operation; its own limit is about a thousand. */
    private static final int SHARED_ELEMENTS = 1 << 18;

    /** OpenBLAS 0.3.19's wrong eigenvectors appear from order 200 on. */
    private static final int CHECKED_ORDER = 300;

    /** Makes the provider; called by {@link java.util.ServiceLoader}. */
    public Nd4jBackendProvider() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int priority() {
        return 100;
    }

    @Override
    public MatrixBackend start(Precision precision) {
        Nd4jRuntime runtime = Nd4jRuntime.load();
        if (runtime.onHost()) {
            // for the whole JVM
            NativeOpsHolder.getInstance().getDeviceNativeOps().setElementThreshold(SHARED_ELEMENTS);
        }
        Kernels kernels = runtime.onHost() ? new BlasKernels(NAME, ArrayBlock::allocate) : new Nd4jOpsKernels();
        MatrixBackend backend = new NativeBackend(precision, kernels, runtime);
        StartupCheck.verify(backend, CHECKED_ORDER);
        return backend;
    }
}
