package io.github.influence4j.examples.language;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.testkit.Tolerances;
import java.util.List;
import org.junit.jupiter.api.Test;

class BasisComparisonTest {

    private static BasisComparison.Layer layer(long seed, double ekfac, double gradient) {
        return new BasisComparison.Layer(seed, "fc", basis(0), basis(ekfac), basis(gradient));
    }

    private static BasisComparison.Basis basis(double value) {
        return new BasisComparison.Basis(new double[] {value, value + 0.1}, new double[] {value}, value);
    }

    private static String verdict(BasisComparison.Layer... layers) {
        return new BasisComparison(List.of(layers), List.of(), 2, 10, 5, 5).verdict();
    }

    @Test
    void verdictNeedsEverySeed() {
        assertTrue(verdict(layer(1, 0.5, 0.6), layer(2, 0.5, 0.51))
                .startsWith(
                        "Scores: the gradients' directions are better in every seed (the gradients' in 2 of 2 seeds"));
        assertTrue(verdict(layer(1, 0.5, 0.6), layer(2, 0.5, 0.4)).contains("neither is better in every seed"));
        assertTrue(verdict(layer(1, 0.5, 0.3)).contains("EK-FAC's directions are better in every seed"));
    }

    @Test
    void meansAreOverTheLayersOfASeed() {
        BasisComparison comparison = new BasisComparison(
                List.of(layer(1, 0.2, 0.6), layer(1, 0.4, 0.6), layer(2, 0.9, 0.9)), List.of(), 2, 10, 5, 5);
        assertEquals(List.of(1L, 2L), comparison.seeds());
        BasisComparison.Mean mean = comparison.mean(1, BasisComparison.Layer::ekfac);
        assertEquals(0.35, mean.pearson(), Tolerances.REORDERED_FLOAT64);
        assertEquals(0.3, mean.spearman(), Tolerances.REORDERED_FLOAT64);
        assertEquals(0.3, mean.explained(), Tolerances.REORDERED_FLOAT64);
    }
}
