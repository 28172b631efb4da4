package io.github.influence4j.benchmarks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class WorkloadDataTest {

    private static WorkloadData make(String workload) {
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            return WorkloadData.make(Workload.named(workload), backend);
        }
    }

    @Test
    void theSameWorkloadGivesTheSameData() {
        WorkloadData first = make("tiny-tokens");
        WorkloadData second = make("tiny-tokens");
        assertArrayEquals(first.kernels().get(1), second.kernels().get(1));
        assertArrayEquals(first.train().inputs(), second.train().inputs());
        assertArrayEquals(first.train().sampled(), second.train().sampled());
        assertArrayEquals(first.queries().targets(), second.queries().targets());
    }

    @Test
    void classesAreDrawnFromThePrediction() {
        Examples train = make("tiny-mlp").train();
        float[] drawn = train.sampled();
        assertEquals(60, drawn.length);
        for (float label : drawn) {
            assertTrue(label >= 0 && label < 4 && label == (int) label, () -> "label " + label);
        }
        assertFalse(Arrays.equals(drawn, train.targets()));
    }

    @Test
    void shapesAreThoseOfTheWorkload() {
        WorkloadData data = make("tiny-tokens");
        assertEquals(6 * 4, data.kernels().get(1).length);
        assertEquals(50 * 3 * 5, data.train().inputs().length);
        assertEquals(4 * 3 * 4, data.queries().targets().length);
    }

    @Test
    void anUnknownWorkloadIsRefused() {
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Workload.named("resnet"))
                .toString()
                .contains("token-mlp"));
    }
}
