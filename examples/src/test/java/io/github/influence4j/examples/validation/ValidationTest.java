package io.github.influence4j.examples.validation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.examples.report.ValidationReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The quick form of the study, from training to the page. */
class ValidationTest {

    private static final Set<String> NAMES = Set.of(
            "dot product",
            "diagonal",
            "K-FAC",
            "EK-FAC",
            "EK-FAC gradient basis",
            "exact block GGN",
            "exact GGN",
            "CG",
            "LiSSA",
            "ASTRA",
            "SOURCE");

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    @Test
    void quickStudyBearsOutWhatOneNetworkCanShow() throws IOException {
        ValidationResult result = new Validation(ValidationOptions.quick(), ProgressListener.silent()).run(folder);
        BedResult bed = result.beds().get(0);
        assertEquals(
                NAMES,
                new TreeSet<>(bed.rows().stream().map(ValidationRow::estimator).toList()));
        assertEquals(4 * NAMES.size(), bed.rows().size());
        for (Claim claim : result.claims()) {
            if (!claim.claim().startsWith("Linear datamodelling")
                    && !claim.measured().equals("not part of this run")
                    && !claim.claim().startsWith("EK-FAC is never below")
                    && !claim.claim().startsWith("The search for")) {
                assertTrue(claim.holds(), claim.toString());
            }
        }
        // where the damping is small, searches may end at the limit of steps: that claim is reported, and fails
        bed.truths().stream()
                .filter(truth -> truth.damping().startsWith("λ"))
                .forEach(truth -> assertEquals(truth.searches(), truth.converged(), truth.toString()));
        ValidationReport.write(result, folder);
        JsonNode results = JsonMapper.shared().readTree(Files.readString(folder.resolve("results.json")));
        JsonNode row = results.get("rows").get(0);
        for (String field : List.of("dataset", "seeds", "damping", "lambda", "estimator", "pearsonPbrf", "lds")) {
            assertTrue(row.has(field), field);
        }
        assertFalse(row.has("ldsSe"), "one seed has no standard error");
        String page = Files.readString(folder.resolve("index.html"));
        assertTrue(page.contains("it loses most at") && page.contains("diabetes 64-64"));
        assertFalse(page.contains("http://") || page.contains("https://"));
    }
}
