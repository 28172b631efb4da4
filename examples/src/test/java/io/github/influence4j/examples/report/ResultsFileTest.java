package io.github.influence4j.examples.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.examples.quickstart.QuickstartResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ResultsFileTest {

    private static final QuickstartResult RESULT = SampleResults.typical();

    @Test
    void holdsTheFieldsThatProgramsReadBy(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("results.json");
        ResultsFile.write(RESULT, file);

        JsonNode json = JsonMapper.shared().readTree(Files.readString(file));

        for (String search : new String[] {"flippedFound", "flippedFoundByLoss", "flippedFoundByGradientNorm"}) {
            assertEquals(List.of("5", "10", "20"), List.copyOf(json.get(search).propertyNames()), search);
        }
        assertEquals(
                RESULT.search().selfInfluence().shareAt(0.1),
                json.get("flippedFound").get("10").doubleValue());
        assertEquals(
                RESULT.search().loss().shareAt(0.05),
                json.get("flippedFoundByLoss").get("5").doubleValue());
        assertEquals(
                RESULT.search().gradientNorm().shareAt(0.2),
                json.get("flippedFoundByGradientNorm").get("20").doubleValue());
        assertEquals(
                List.of("dot product", "diagonal", "K-FAC", "EK-FAC"),
                json.get("estimators")
                        .valueStream()
                        .map(e -> e.get("name").stringValue())
                        .toList());
        for (JsonNode estimator : json.get("estimators")) {
            assertEquals(List.of("name", "pearson", "spearman", "millis"), List.copyOf(estimator.propertyNames()));
        }
        assertEquals("sample", json.get("backend").stringValue());
        assertEquals("float64", json.get("precision").stringValue());
        assertEquals(12.345, json.get("seconds").doubleValue());
        assertEquals(1, json.get("seed").longValue());
    }

    @Test
    void holdsQueriesWithTheirScores() {
        JsonNode json = JsonMapper.shared().readTree(ResultsFile.render(RESULT));

        assertEquals(5, json.get("queries").size());
        for (JsonNode query : json.get("queries")) {
            assertEquals(8, query.get("helpful").size());
            assertEquals(8, query.get("harmful").size());
            assertTrue(query.get("helpful").get(0).get("score").doubleValue() > 0);
            assertTrue(query.get("harmful").get(0).get("score").doubleValue() < 0);
        }
        assertEquals(48, json.get("suspects").size());
        assertEquals(381 / 397.0, json.get("model").get("testAccuracy").doubleValue());
        assertEquals("sha256:12ab", json.get("provenance").get("model").stringValue());
        assertEquals(
                0.031, json.get("provenance").get("seconds").get("covariances").doubleValue());
    }
}
