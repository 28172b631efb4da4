package io.github.influence4j.baselines.exact;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import org.junit.jupiter.api.AfterAll;

/** In a backend whose working precision is float32, because the solver works in float64 all the same. */
class OpenBlasExactGaussNewtonTest extends ExactGaussNewtonContract {

    private static final MatrixBackend BACKEND = MatrixBackends.named("openblas", Precision.FLOAT32);

    @Override
    MatrixBackend backend() {
        return BACKEND;
    }

    @AfterAll
    static void close() {
        BACKEND.close();
    }
}
