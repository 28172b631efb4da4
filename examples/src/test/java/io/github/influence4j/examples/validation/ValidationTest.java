package io.github.influence4j.examples.validation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.examples.data.DigitImage;
import io.github.influence4j.examples.report.ValidationReport;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.models.Activation;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.MlpShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
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
        assertEquals(4, bed.sampledRows().size(), "EK-FAC with sampled labels at each damping");
        assertEquals(8, bed.closeness().size(), "K-FAC and EK-FAC at each damping");
        // what is said within a standard error cannot be judged from one network
        assertEquals(
                3, result.claims().stream().filter(claim -> !claim.judged()).count());
        for (Claim claim : result.claims()) {
            boolean withinAnError = claim.claim().startsWith("Linear datamodelling")
                    || claim.claim().startsWith("EK-FAC is never below");
            assertEquals(withinAnError, !claim.judged(), claim.toString());
            assertTrue(withinAnError || claim.holds(), claim.toString());
            assertFalse(claim.measured().contains("±"), claim.toString());
        }
        ValidationResult again = new Validation(ValidationOptions.quick(), (stage, done, total) -> {
                    throw new AssertionError("a finished data set is done again: " + stage);
                })
                .run(folder);
        assertEquals(result.beds(), again.beds());
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
        assertTrue(page.contains("loses most at") && page.contains("diabetes 64-64"));
        assertEquals(5, bed.removals().size(), "random examples and four estimators");
        assertTrue(page.contains("random examples"));
        assertTrue(page.contains("EK-FAC, sampled labels") && page.contains("beside the exact blocks"));
        assertEquals(4, results.get("datasets").get(0).get("sampledLabels").size());
        assertTrue(page.contains("more networks are needed to tell") && !page.contains(">fails<"), page);
        assertFalse(page.contains("± 0.000"), page);
        assertFalse(Pattern.compile("\\d[eE][+-]\\d").matcher(page).find(), "powers of ten are written in one form");
        // every table and chart can be wider than a phone
        assertEquals(
                0,
                Pattern.compile("(?<!<div class=\"scroll\">)<(table|svg class=\"chart\")")
                        .matcher(page)
                        .results()
                        .count());
        int advice = page.indexOf("<p class=\"use\"><b>Use ");
        assertTrue(advice > 0 && advice < page.indexOf("class=\"lead\""), "which estimator to use is said first");
        assertFalse(page.contains("http://") || page.contains("https://"));
    }

    @Test
    void wrongLabelsAreFoundBeforeOthers() {
        List<LabelledExample> train = Bed.DIGITS.split().train().subList(0, 400);
        try (MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64)) {
            List<BedResult.Mislabelled> found = new MislabelledStudy(
                            backend,
                            MlpShape.of(Activation.RELU, Loss.SOFTMAX_CROSS_ENTROPY, 64, 16, DigitImage.CLASSES),
                            Bed.DIGITS.training(),
                            train)
                    .run(1);
            assertEquals(12, found.size(), "four rankings, three parts");
            for (BedResult.Mislabelled row : found) {
                assertTrue(row.found() > 2 * row.inspected(), row.toString());
            }
        }
    }
}
