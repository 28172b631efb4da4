package io.github.influence4j.ekfac;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.util.List;

/**
 * The backends that the tests of this module run with, started once: EJML as the reference and one that is fast, OpenBLAS or the
 * first that the system property {@code influence.test.backend} names.
 */
public final class TestBackends {

    private static final String FAST =
            System.getProperty("influence.test.backend", "openblas").split(",", 2)[0];

    public static final MatrixBackend EJML = MatrixBackends.named("ejml", Precision.FLOAT64);
    public static final MatrixBackend FAST_FLOAT64 = MatrixBackends.named(FAST, Precision.FLOAT64);
    public static final MatrixBackend FAST_FLOAT32 = MatrixBackends.named(FAST, Precision.FLOAT32);

    private TestBackends() {}

    public static List<MatrixBackend> all() {
        return List.of(EJML, FAST_FLOAT64, FAST_FLOAT32);
    }

    public static List<MatrixBackend> float64() {
        return List.of(EJML, FAST_FLOAT64);
    }
}
