package io.github.influence4j.linalg;

import io.github.influence4j.api.Precision;

/** A backend of the highest priority that never starts, registered as a service for the tests of the selection. */
public final class BrokenProvider implements MatrixBackendProvider {

    @Override
    public String name() {
        return "broken";
    }

    @Override
    public int priority() {
        return 1000;
    }

    @Override
    public MatrixBackend start(Precision precision) {
        throw new UnsatisfiedLinkError("no abacus on this machine");
    }
}
