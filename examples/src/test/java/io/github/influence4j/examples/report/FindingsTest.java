package io.github.influence4j.examples.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Precision;
import io.github.influence4j.api.Provenance;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FindingsTest {

    private static final Provenance PROVENANCE = Provenance.here("sample", Precision.FLOAT64, Optional.empty());

    private static Findings findings(double selfNoise, double lossNoise, double ekfac, double kfac) {
        return new Findings(SampleResults.with(selfNoise, lossNoise, ekfac, kfac, PROVENANCE));
    }

    @Test
    void saysWhereTheSearchIsNoBetter() {
        assertTrue(findings(0.9, 0.1, 0.6, 0.6).searchVerdict().startsWith("EK-FAC is no better at this"));
        assertTrue(findings(0.1, 0.1, 0.6, 0.6).searchVerdict().startsWith("EK-FAC is"));
    }

    @Test
    void saysWhereTheSearchIsAhead() {
        assertEquals(
                "EK-FAC is ahead of both simple rankings here.",
                findings(0.1, 0.9, 0.6, 0.6).searchVerdict());
    }

    @ParameterizedTest
    @CsvSource({"0.60, 0.61, level with", "0.65, 0.60, ahead of", "0.60, 0.65, behind"})
    void comparesWithKfac(double ekfac, double kfac, String words) {
        String sentence = findings(0.3, 0.3, ekfac, kfac).estimators();

        assertTrue(sentence.contains(words), sentence);
    }

    @Test
    void countsWrongAnswers() {
        String sentence = findings(0.3, 0.3, 0.6, 0.6).answers();

        assertTrue(sentence.startsWith("Of the 5 test images below the network misreads 2."), sentence);
    }
}
