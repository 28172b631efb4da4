package io.github.influence4j.examples.language;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.examples.report.LanguageReport;
import io.github.influence4j.examples.report.LanguageResultsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The study from training to the pages, far too small for its claims: what must add up adds up in any model. */
class LanguageTest {

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    @Test
    void tinyStudyRunsToItsPages() throws IOException {
        LanguageOptions options = LanguageOptions.defaults()
                .withSequences(150)
                .withSteps(10)
                .withFacts(2)
                .withWords(2)
                .withBasisSeeds(List.of(1L))
                .withVerses(0)
                .withModels(new ModelSource.Trained(folder));
        LanguageResult result = new LanguageStudy(options, ProgressListener.silent()).run();
        assertEquals(
                List.of(5, 6, 7, 8, 9, 10, 11, 12),
                result.claims().stream().map(Claim::claim).sorted().distinct().toList());
        LanguageReport.write(result, folder);
        Path json = folder.resolve("results.json");
        LanguageResultsFile.write(result, json);
        JsonNode claims = JsonMapper.builder().build().readTree(json).get("claims");
        assertEquals(result.claims().size(), claims.size());
        assertTrue(Files.readString(folder.resolve("index.html")).contains("</html>"));
    }
}
