package io.github.influence4j.openblas.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OpenBlasTest {

    @Test
    void describesWhatIsLoaded() {
        OpenBlas library = OpenBlas.load();
        assertSame(library, OpenBlas.load());
        assertTrue(
                library.description().matches("OpenBLAS 0\\.3\\.\\d+ \\(\\w+ kernels, \\d+ threads\\)"),
                library.description());
        assertTrue(library.availableMemory() > 1_000_000);
    }

    /** What OpenBLAS read when it was loaded, unless the user had said something else. */
    @Test
    void idleThreadsSleepSoon() {
        OpenBlas.load();
        assertEquals(
                System.getenv().getOrDefault(IdleThreads.VARIABLE, "16"),
                IdleThreads.environment().getenv(IdleThreads.VARIABLE));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"OpenBLAS 0.3.31 DYNAMIC_ARCH", "OpenBLAS 0.3.32", "OpenBLAS 0.4.0 Haswell", "OpenBLAS 1.0.0"})
    void acceptsRightVersions(String config) {
        OpenBlas.requireRightVersion(config);
    }

    @ParameterizedTest
    @ValueSource(strings = {"OpenBLAS 0.3.19 DYNAMIC_ARCH", "OpenBLAS 0.3.30", "OpenBLAS 0.2.99", "something else", ""})
    void refusesVersionsThatMayBeWrong(String config) {
        IllegalStateException e = assertThrows(IllegalStateException.class, () -> OpenBlas.requireRightVersion(config));
        assertTrue(e.toString().contains("'" + config + "'") && e.toString().contains("influence-bom"), e.toString());
    }

    @Test
    void refusesOrdersThatLapackCannotCount() {
        IllegalArgumentException eigen =
                assertThrows(IllegalArgumentException.class, () -> Lapack.checkEigenOrder(32_767));
        assertTrue(eigen.toString().contains("up to order 32766, found 32767"), eigen.toString());
        Lapack.checkEigenOrder(32_766);
        IllegalArgumentException svd =
                assertThrows(IllegalArgumentException.class, () -> Lapack.checkSvdOrder(20_000, 16_001));
        assertTrue(svd.toString().contains("20000 x 16001"), svd.toString());
        Lapack.checkSvdOrder(1_000_000, 16_000);
        assertEquals(32_766, Lapack.MAX_EIGEN_ORDER);
    }
}
