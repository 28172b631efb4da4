package io.github.influence4j.benchmarks;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.benchmarks.StageEfficiency.Efficiency;
import io.github.influence4j.benchmarks.StageEfficiency.StageRate;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StageEfficiencyTest {

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyStageHasARate(boolean resident) {
        StageEfficiency.Size size = new StageEfficiency.Size(
                List.of(LayerSpec.tokens("up", 40, 70), LayerSpec.tokens("down", 70, 40)), 8, 8, 4, 2, resident, 64);
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            Efficiency efficiency = StageEfficiency.measure(backend, size);
            for (StageRate rate : List.of(efficiency.covariance(), efficiency.lambda(), efficiency.scoreRank32())) {
                assertTrue(rate.seconds() > 0 && rate.gflop() > 0 && rate.overFloor() > 0, rate::toString);
            }
            assertTrue(efficiency.table().contains("floors"));
        }
    }
}
