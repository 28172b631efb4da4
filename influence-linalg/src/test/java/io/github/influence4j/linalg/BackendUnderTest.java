package io.github.influence4j.linalg;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.nd4j.OpsBackends;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Every combination of backend, kernels and precision that the conformance tests run on. The system property {@code
 * influence.test.backend=nd4j-cuda} requires ND4J's device, so that a run cannot silently test something else.
 */
enum BackendUnderTest {
    EJML,
    ND4J_FLOAT32,
    ND4J_FLOAT64,
    ND4J_OPS_FLOAT32,
    ND4J_OPS_FLOAT64;

    private static final Map<BackendUnderTest, MatrixBackend> STARTED = new ConcurrentHashMap<>();

    /** The one backend of this kind in this JVM. */
    MatrixBackend backend() {
        return STARTED.computeIfAbsent(this, BackendUnderTest::start);
    }

    private static MatrixBackend start(BackendUnderTest kind) {
        return switch (kind) {
            case EJML -> MatrixBackends.named("ejml", Precision.FLOAT64);
            case ND4J_FLOAT32 -> nd4j(Precision.FLOAT32);
            case ND4J_FLOAT64 -> nd4j(Precision.FLOAT64);
            case ND4J_OPS_FLOAT32 -> OpsBackends.start(Precision.FLOAT32);
            case ND4J_OPS_FLOAT64 -> OpsBackends.start(Precision.FLOAT64);
        };
    }

    private static MatrixBackend nd4j(Precision precision) {
        MatrixBackend backend = MatrixBackends.named("nd4j", precision);
        if (System.getProperty("influence.test.backend", "").equals("nd4j-cuda")) {
            assertTrue(backend.description().contains("CUDA"), backend.description());
        }
        return backend;
    }
}
