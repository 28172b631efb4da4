package io.github.influence4j.baselines.exact;

import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.ejml.EjmlBackend;

class EjmlExactGaussNewtonTest extends ExactGaussNewtonContract {

    private final EjmlBackend backend = new EjmlBackend();

    @Override
    MatrixBackend backend() {
        return backend;
    }
}
