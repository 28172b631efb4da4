package io.github.influence4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.ejml.EjmlBackendProvider;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/** Which backend is started when; {@link BrokenProvider} is first in line and never starts. */
@ResourceLock(Resources.SYSTEM_PROPERTIES)
class MatrixBackendsTest {

    @Test
    void takesTheHighestPriorityThatWorks() {
        List<MatrixBackendProvider> providers = List.of(new BrokenProvider(), new EjmlBackendProvider());
        try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT64, providers)) {
            assertEquals("ejml", backend.name());
            assertEquals(Precision.FLOAT64, backend.precision());
        }
    }

    /** Who reads a result must see that it was computed by the slow backend, and why, without a log. */
    @Test
    void pureJavaSaysWhyItWasTaken() {
        List<MatrixBackendProvider> broken = List.of(new BrokenProvider(), new EjmlBackendProvider());
        try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT64, broken)) {
            assertTrue(
                    backend.description()
                            .endsWith("pure Java, CPU; taken because matrix backend 'broken' cannot start:"
                                    + " java.lang.UnsatisfiedLinkError: no abacus on this machine"),
                    backend.description());
        }
        try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT64, List.of(new EjmlBackendProvider()))) {
            assertTrue(
                    backend.description().endsWith("taken because no other matrix backend is on the class path"),
                    backend.description());
        }
        try (MatrixBackend backend = MatrixBackends.pureJava()) {
            assertEquals("ejml", backend.name());
            assertTrue(backend.description().endsWith("pure Java, CPU"), backend.description());
        }
    }

    @Test
    void startsTheBackendAskedForByName() {
        try (MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64)) {
            assertEquals("ejml", backend.name());
            assertTrue(backend.description().contains("EJML 0."), backend.description());
        }
    }

    @Test
    void startsTheBackendNamedByTheProperty() {
        withProperty("ejml", () -> {
            try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT64)) {
                assertEquals("ejml", backend.name());
            }
        });
    }

    @Test
    void neverReplacesTheBackendAskedFor() {
        IllegalStateException byName =
                assertThrows(IllegalStateException.class, () -> MatrixBackends.named("broken", Precision.FLOAT64));
        assertMentions(byName, "broken", "no abacus on this machine");
        withProperty("broken", () -> {
            IllegalStateException byProperty =
                    assertThrows(IllegalStateException.class, () -> MatrixBackends.select(Precision.FLOAT64));
            assertMentions(byProperty, "broken", "no abacus on this machine");
        });
        withProperty("ejml", () -> {
            IllegalStateException precision =
                    assertThrows(IllegalStateException.class, () -> MatrixBackends.select(Precision.FLOAT32));
            assertMentions(precision, "ejml", "FLOAT64 only", "FLOAT32");
        });
    }

    @Test
    void refusesAnUnknownNameAndListsTheOnesThereAre() {
        IllegalArgumentException byName =
                assertThrows(IllegalArgumentException.class, () -> MatrixBackends.named("abacus", Precision.FLOAT64));
        assertMentions(byName, "abacus", "broken, ");
        for (String artifact : List.of("openblas", "nd4j", "cuda")) {
            IllegalArgumentException missing = assertThrows(
                    IllegalArgumentException.class,
                    () -> MatrixBackends.named(artifact, Precision.FLOAT64, List.of(new BrokenProvider())));
            assertMentions(missing, "add io.github.influence4j:influence-" + artifact, "there are: broken");
        }
        withProperty("slide-rule", () -> {
            IllegalArgumentException byProperty =
                    assertThrows(IllegalArgumentException.class, () -> MatrixBackends.select(Precision.FLOAT64));
            assertMentions(byProperty, "slide-rule", "broken, ");
        });
    }

    @Test
    void givesEveryReasonWhereNoneWorks() {
        List<MatrixBackendProvider> providers = List.of(new BrokenProvider(), new EjmlBackendProvider());
        IllegalStateException e =
                assertThrows(IllegalStateException.class, () -> MatrixBackends.select(Precision.FLOAT32, providers));
        assertMentions(e, "FLOAT32", "broken", "no abacus on this machine", "ejml", "FLOAT64 only");
        assertMentions(e, "add io.github.influence4j:influence-openblas", "or ask for FLOAT64");
        assertEquals(2, e.getSuppressed().length);
    }

    private static void withProperty(String name, Runnable test) {
        String before = System.getProperty(MatrixBackends.PROPERTY, "");
        System.setProperty(MatrixBackends.PROPERTY, name);
        try {
            test.run();
        } finally {
            System.setProperty(MatrixBackends.PROPERTY, before);
        }
    }

    private static void assertMentions(Exception e, String... words) {
        for (String word : words) {
            assertTrue(e.toString().contains(word), () -> "expected '" + word + "' in " + e);
        }
    }
}
