package io.github.influence4j.index;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.util.List;

/** The backends that the tests of this module run with, started once. */
public final class TestBackends {

    public static final MatrixBackend EJML = MatrixBackends.named("ejml", Precision.FLOAT64);
    public static final MatrixBackend OPENBLAS = MatrixBackends.named("openblas", Precision.FLOAT32);

    private TestBackends() {}

    public static List<MatrixBackend> all() {
        return List.of(EJML, OPENBLAS);
    }
}
