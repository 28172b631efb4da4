package io.github.influence4j.api;

import static io.github.influence4j.api.Refusals.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class LayerCaptureTest {

    private static final LayerSpec LAYER = LayerSpec.tokens("fc", 3, 2);

    @Test
    void layersCountTheBiasAsAnInput() {
        assertEquals(4, LAYER.gradientColumns());
        assertEquals(8, LAYER.parameters());
        LayerSpec plain = LAYER.withoutBias();
        assertFalse(plain.bias());
        assertEquals(3, plain.gradientColumns());
        assertEquals(6, plain.parameters());
        assertEquals(LayerSpec.Positions.TOKENS, LAYER.positions());
        assertEquals(LayerSpec.Positions.NONE, LayerSpec.dense("d", 1, 1).positions());
        assertTrue(LayerSpec.dense("d", 1, 1).bias());
        assertEquals(
                100_000L * 100_001, LayerSpec.dense("large", 100_000, 100_000).parameters());
    }

    @Test
    void badLayersAreRefused() {
        refused(() -> LayerSpec.dense(" ", 3, 2), "a layer needs a name");
        refused(() -> LayerSpec.dense("fc", 0, 2), "layer fc", "found 0 and 2");
        refused(() -> LayerSpec.tokens("fc", 3, -1), "layer fc", "found 3 and -1");
    }

    @Test
    void positionsAndUsesGiveRowsAndTokens() {
        LayerCapture capture = LayerCapture.of(LAYER, 2, 6, zeros(12, 3), zeros(12, 2));
        assertEquals(12, capture.rows());
        assertEquals(6, capture.tokens());
        assertEquals(1, capture.uses());
        assertTrue(capture.mask().isNone());
        assertEquals(2, capture.withUses(3).tokens());
        boolean[] real = new boolean[12];
        real[5] = true;
        assertEquals(1, capture.withMask(PositionMask.of(real)).mask().realCount());
        LayerCapture single = LayerCapture.of(LAYER, zeros(5, 3), zeros(5, 2));
        assertEquals(5, single.examples());
        assertEquals(1, single.positions());
    }

    @Test
    void wrongShapesNameTheLayerAndTheNumbers() {
        refused(
                () -> LayerCapture.of(LAYER, 2, 3, zeros(6, 4), zeros(6, 2)),
                "layer fc: activations must be 6 x 3, found 6 x 4");
        refused(
                () -> LayerCapture.of(LAYER, 2, 3, zeros(6, 3), zeros(5, 2)),
                "layer fc: output gradients must be 6 x 2, found 5 x 2");
        refused(
                () -> LayerCapture.of(LAYER, zeros(6, 3), zeros(6, 3)),
                "layer fc: output gradients must be 6 x 2, found 6 x 3");
        refused(() -> LayerCapture.of(LAYER, zeros(0, 3), zeros(0, 2)), "layer fc: a capture of 0 examples");
        LayerCapture capture = LayerCapture.of(LAYER, 2, 3, zeros(6, 3), zeros(6, 2));
        refused(() -> capture.withMask(PositionMask.none(5)), "layer fc: mask must have 6 positions", "found 5");
        refused(() -> capture.withUses(2), "layer fc", "3 positions in 2 uses");
        refused(() -> capture.withUses(0), "layer fc", "0 uses");
        refused(
                () -> LayerCapture.of(LAYER, 1 << 20, 1 << 20, zeros(1, 3), zeros(1, 2)),
                "layer fc: 1048576 examples with 1048576 positions are too many");
    }

    @Test
    void masksCountAndFindRealPositions() {
        boolean[] flags = {true, false, true};
        PositionMask mask = PositionMask.of(flags);
        flags[1] = true;
        assertEquals(3, mask.size());
        assertEquals(2, mask.realCount());
        assertFalse(mask.isNone());
        assertTrue(mask.isReal(0));
        assertFalse(mask.isReal(1));
        assertTrue(PositionMask.of(new boolean[] {true, true}).isNone());
    }

    @Test
    void emptyMaskHidesNothing() {
        PositionMask mask = PositionMask.none(4);
        assertEquals(4, mask.realCount());
        assertTrue(mask.isNone());
        assertTrue(mask.isReal(3));
        refused(IndexOutOfBoundsException.class, () -> mask.isReal(4));
        refused(IndexOutOfBoundsException.class, () -> mask.isReal(-1));
        refused(() -> PositionMask.none(-1), "-1 positions");
        assertEquals(0, PositionMask.of(new boolean[0]).realCount());
    }

    private static Matrix zeros(int rows, int columns) {
        return Matrix.of(new float[rows * columns], rows, columns);
    }
}
