package io.github.influence4j.nd4j;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackendProvider;
import io.github.influence4j.openblas.internal.NativeBackend;

/** ND4J with the kernels for devices, on whatever device there is: on the CPU they are tested without a card. */
public final class OpsBackendProvider implements MatrixBackendProvider {

    @Override
    public String name() {
        return "nd4j-ops";
    }

    @Override
    public int priority() {
        return 0;
    }

    @Override
    public MatrixBackend start(Precision precision) {
        return new NativeBackend(precision, new Nd4jOpsKernels(), Nd4jRuntime.load());
    }
}
