package io.github.influence4j.djl;

import ai.djl.engine.Engine;
import org.junit.jupiter.api.Assumptions;

/** Skips tests, with the reason, where PyTorch's native library is not on the class path or does not load. */
final class PyTorch {

    private PyTorch() {}

    static void require() {
        System.setProperty("OPT_OUT_TRACKING", "true");
        System.setProperty("ai.djl.offline", "true");
        try {
            Engine.getEngine("PyTorch");
        } catch (RuntimeException | Error e) {
            Assumptions.abort("PyTorch does not start: " + e);
        }
    }
}
