package io.github.influence4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.ekfac.options.FisherLabels;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import java.util.List;
import org.junit.jupiter.api.Test;

class FitSettingsTest {

    /** Executors fit with what was asked for: an option that is not sent would be the default there. */
    @Test
    void everyOptionIsSent() {
        FitOptions limited = FitOptions.defaults().withMemoryLimit(12345);
        for (FitOptions options : List.of(
                limited,
                limited.withStrategy(Strategy.GRADIENT_BASIS),
                limited.withLabels(new FisherLabels.Sampled(7, 3)),
                limited.withLabels(FisherLabels.empirical()),
                limited.withBatchSize(17),
                limited.withBatchPositions(99),
                limited.withKfacScale(FitOptions.KfacScale.PER_EXAMPLE),
                limited.withBlocks(3),
                limited.withFloat64Covariances())) {
            assertEquals(options.toString(), FitSettings.of(options).options().toString());
        }
    }
}
