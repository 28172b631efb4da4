package io.github.influence4j.linalg.conformance;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * A backend and precision that the conformance tests run on: the reference, or what the system property {@code influence.test.backend}
 * names, several separated by commas, so that a run cannot silently test something else. {@code influence.test.device} is a word that
 * their descriptions must have; {@code influence.test.skip} gives a reason why they cannot be tested here.
 */
public record BackendUnderTest(String label, Supplier<MatrixBackend> starter) {

    /** The reference. */
    public static final BackendUnderTest EJML =
            new BackendUnderTest("EJML", () -> MatrixBackends.named("ejml", Precision.FLOAT64));

    private static final String REQUIRED = System.getProperty("influence.test.backend", "");
    private static final String DEVICE = System.getProperty("influence.test.device", "");
    private static final Map<String, MatrixBackend> STARTED = new ConcurrentHashMap<>();

    /** All that are to be tested. */
    static Stream<BackendUnderTest> all() {
        return REQUIRED.isEmpty()
                ? Stream.of(EJML)
                : Stream.of(REQUIRED.split(","))
                        .flatMap(name -> Stream.of(Precision.values()).map(precision -> named(name, precision)));
    }

    private static BackendUnderTest named(String name, Precision precision) {
        return new BackendUnderTest(name + " " + precision, () -> {
            MatrixBackend backend = MatrixBackends.named(name, precision);
            assertTrue(backend.description().contains(DEVICE), backend.description());
            return backend;
        });
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

    @Override
    public String toString() {
        return label;
    }
}
