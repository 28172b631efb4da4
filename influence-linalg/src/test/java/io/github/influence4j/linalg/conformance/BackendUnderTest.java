package io.github.influence4j.linalg.conformance;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.linalg.nd4j.OpsBackends;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * A backend, its kernels and precision that the conformance tests run on. The system property {@code influence.test.backend}
 * requires one by name, {@code nd4j-cuda} being ND4J on a card, so that a run cannot silently test something else; {@code
 * influence.test.skip} gives a reason why it cannot be tested here.
 */
public record BackendUnderTest(String label, Supplier<MatrixBackend> starter) {

    /** The reference. */
    public static final BackendUnderTest EJML =
            new BackendUnderTest("EJML", () -> MatrixBackends.named("ejml", Precision.FLOAT64));

    static final BackendUnderTest ND4J_FLOAT64 = new BackendUnderTest("ND4J_FLOAT64", () -> nd4j(Precision.FLOAT64));

    private static final String REQUIRED = System.getProperty("influence.test.backend", "");
    private static final Map<String, MatrixBackend> STARTED = new ConcurrentHashMap<>();

    /** All that are to be tested. */
    static Stream<BackendUnderTest> all() {
        BackendUnderTest nd4j32 = new BackendUnderTest("ND4J_FLOAT32", () -> nd4j(Precision.FLOAT32));
        return switch (REQUIRED) {
            case "" ->
                Stream.of(
                        EJML,
                        nd4j32,
                        ND4J_FLOAT64,
                        new BackendUnderTest("ND4J_OPS_FLOAT32", () -> OpsBackends.start(Precision.FLOAT32)),
                        new BackendUnderTest("ND4J_OPS_FLOAT64", () -> OpsBackends.start(Precision.FLOAT64)));
            case "nd4j-cuda" -> Stream.of(nd4j32, ND4J_FLOAT64);
            default -> Stream.of(named(Precision.FLOAT32), named(Precision.FLOAT64));
        };
    }

    private static BackendUnderTest named(Precision precision) {
        return new BackendUnderTest(REQUIRED + " " + precision, () -> MatrixBackends.named(REQUIRED, precision));
    }

    /** Skips a test where the backend that is required cannot be tested. */
    static void assumeTestable() {
        String reason = System.getProperty("influence.test.skip", "");
        Assumptions.assumeTrue(reason.isEmpty(), reason);
    }

    /** The one backend of this kind in this JVM. */
    public MatrixBackend backend() {
        assumeTestable();
        return STARTED.computeIfAbsent(label, l -> starter.get());
    }

    private static MatrixBackend nd4j(Precision precision) {
        MatrixBackend backend = MatrixBackends.named("nd4j", precision);
        if (REQUIRED.equals("nd4j-cuda")) {
            assertTrue(backend.description().contains("CUDA"), backend.description());
        }
        return backend;
    }

    @Override
    public String toString() {
        return label;
    }
}
