package io.github.influence4j.baselines.exact;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.plan.CountingBackend;
import io.github.influence4j.linalg.ejml.EjmlBackend;
import java.util.List;
import org.junit.jupiter.api.Test;

/** On a card every read waits for the bus. */
class ExplicitBlockTransfersTest {

    /** Defect: G came to the host row by row. */
    @Test
    void copyingDoesNotReadRowByRow() {
        assertEquals(transfers(LayerSpec.dense("small", 2, 3)), transfers(LayerSpec.dense("large", 9, 12)));
    }

    private static long transfers(LayerSpec layer) {
        CountingBackend backend = new CountingBackend(new EjmlBackend());
        int parameters = Math.toIntExact(layer.parameters());
        try (ExplicitBlock block = new ExplicitBlock(backend, List.of(layer), 5, 5)) {
            block.finish();
            block.copyTo(new double[parameters][parameters], 0);
        }
        return backend.transfers();
    }
}
