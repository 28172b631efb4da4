package io.github.influence4j.linalg.nd4j;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;

/** ND4J with the kernels for devices, on whatever device there is: on the CPU they are tested without a card. */
public final class OpsBackends {

    private OpsBackends() {}

    public static MatrixBackend start(Precision precision) {
        return new Nd4jBackend(precision, new Nd4jOpsKernels(), Nd4jRuntime.load());
    }
}
