package io.github.influence4j.linalg;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.nd4j.OpsBackends;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Every combination of backend, kernels and precision that the conformance tests run on. The system property {@code
 * influence.test.backend=nd4j-cuda} requires ND4J's device, so that a run cannot silently test something else.
 */
enum BackendUnderTest {
    EJML(() -> MatrixBackends.named("ejml", Precision.FLOAT64)),
    ND4J_FLOAT32(() -> nd4j(Precision.FLOAT32)),
    ND4J_FLOAT64(() -> nd4j(Precision.FLOAT64)),
    ND4J_OPS_FLOAT32(() -> OpsBackends.start(Precision.FLOAT32)),
    ND4J_OPS_FLOAT64(() -> OpsBackends.start(Precision.FLOAT64));

    private final Supplier<MatrixBackend> start;
    private @Nullable MatrixBackend backend;

    BackendUnderTest(Supplier<MatrixBackend> start) {
        this.start = start;
    }

    /** The one backend of this kind in this JVM. */
    synchronized MatrixBackend backend() {
        if (backend == null) {
            backend = start.get();
        }
        return backend;
    }

    private static MatrixBackend nd4j(Precision precision) {
        MatrixBackend backend = MatrixBackends.named("nd4j", precision);
        if (System.getProperty("influence.test.backend", "").equals("nd4j-cuda")) {
            assertTrue(backend.description().contains("CUDA"), backend.description());
        }
        return backend;
    }
}
