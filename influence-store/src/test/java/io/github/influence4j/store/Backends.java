package io.github.influence4j.store;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.util.List;

/** The backends that the tests of this module run with, started once. */
public final class Backends {

    public static final MatrixBackend EJML = MatrixBackends.named("ejml", Precision.FLOAT64);
    public static final MatrixBackend OPENBLAS_FLOAT64 = MatrixBackends.named("openblas", Precision.FLOAT64);
    public static final MatrixBackend OPENBLAS_FLOAT32 = MatrixBackends.named("openblas", Precision.FLOAT32);

    private Backends() {}

    public static List<MatrixBackend> float64() {
        return List.of(EJML, OPENBLAS_FLOAT64);
    }
}
