package io.github.influence4j.nd4j;

import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class Nd4jRuntimeTest {

    @Test
    void describesWhatIsLoaded() {
        Nd4jRuntime runtime = Nd4jRuntime.load();
        assertSame(runtime, Nd4jRuntime.load());
        assertTrue(
                runtime.description()
                        .matches("ND4J 1\\.0\\.0-M2\\.1 on (the CPU|CUDA, .*), OpenBLAS 0\\.3\\.\\d+"
                                + " \\(\\w+ kernels, \\d+ threads\\)"),
                runtime.description());
        assertTrue(runtime.availableMemory() > 1_000_000);
    }
}
