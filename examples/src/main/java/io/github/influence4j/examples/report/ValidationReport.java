package io.github.influence4j.examples.report;

import com.samskivert.mustache.Mustache;
import io.github.influence4j.examples.validation.BedResult;
import io.github.influence4j.examples.validation.Claim;
import io.github.influence4j.examples.validation.ValidationOptions;
import io.github.influence4j.examples.validation.ValidationResult;
import io.github.influence4j.examples.validation.ValidationRow;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Writes what the study {@code validation} found: a page that needs nothing else, and {@code results.json}. */
public final class ValidationReport {

    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private ValidationReport() {}

    record Results(
            String study,
            String backend,
            double seconds,
            Extent options,
            List<Claim> claims,
            List<Map<String, Object>> rows,
            List<DataSet> datasets) {}

    record Extent(int seeds, int trainingPoints, int testPoints, int subsets, int retrainings) {}

    record DataSet(
            String dataset,
            int train,
            long parameters,
            double testLoss,
            List<Map<String, Object>> sampledLabels,
            List<BedResult.Truth> truths,
            List<BedResult.Closeness> closenessToBlocks,
            double cgDistance,
            double preconditionedCgPearson,
            BedResult.Cost cost,
            List<BedResult.Lissa> lissa,
            Map<String, Integer> divergences,
            List<BedResult.Removal> removals,
            List<BedResult.Mislabelled> mislabelled) {}

    /**
     * Writes {@code index.html} and {@code results.json}.
     *
     * @param result what the study found
     * @param folder where to
     * @throws IOException if a file cannot be written
     */
    public static void write(ValidationResult result, Path folder) throws IOException {
        Files.writeString(folder.resolve("results.json"), MAPPER.writeValueAsString(results(result)) + "\n");
        Files.writeString(folder.resolve("index.html"), page(result));
    }

    private static Results results(ValidationResult result) {
        ValidationOptions options = result.options();
        return new Results(
                "validation",
                result.backend(),
                result.seconds(),
                new Extent(
                        options.seeds(), options.candidates(), options.queries(), options.subsets(), options.repeats()),
                result.claims(),
                result.beds().stream()
                        .flatMap(bed -> fields(bed.rows()).stream())
                        .toList(),
                result.beds().stream()
                        .map(bed -> new DataSet(
                                bed.dataset(),
                                bed.train(),
                                bed.parameters(),
                                bed.testLoss(),
                                fields(bed.sampledRows()),
                                bed.truths(),
                                bed.closeness(),
                                bed.cgDistance(),
                                bed.preconditionedCgPearson(),
                                bed.cost(),
                                bed.lissa(),
                                bed.divergences(),
                                bed.removals(),
                                bed.mislabelled()))
                        .toList());
    }

    private static List<Map<String, Object>> fields(List<ValidationRow> rows) {
        return rows.stream().map(ValidationReport::fields).toList();
    }

    /** A row without what it has no number for. */
    private static Map<String, Object> fields(ValidationRow row) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("dataset", row.dataset());
        fields.put("seeds", row.seeds());
        fields.put("damping", row.damping());
        fields.put("lambda", row.lambda());
        fields.put("estimator", row.estimator());
        row.pearsonPbrf().ifPresent(value -> fields.put("pearsonPbrf", value));
        row.pearsonPbrfSe().ifPresent(value -> fields.put("pearsonPbrfSe", value));
        row.spearmanPbrf().ifPresent(value -> fields.put("spearmanPbrf", value));
        row.lds().ifPresent(value -> fields.put("lds", value));
        row.ldsSe().ifPresent(value -> fields.put("ldsSe", value));
        fields.put("fitMillis", row.fitMillis());
        fields.put("perQueryMillis", row.perQueryMillis());
        row.heldBytes().ifPresent(value -> fields.put("heldBytes", value));
        row.solveFlops().ifPresent(value -> fields.put("solveFlops", value));
        return fields;
    }

    /**
     * Renders the page.
     *
     * @param result what the study found
     * @return HTML
     */
    public static String page(ValidationResult result) {
        try (Reader page = template("validation.html")) {
            return Mustache.compiler()
                    .escapeHTML(true)
                    .withLoader(ValidationReport::template)
                    .compile(page)
                    .execute(new ValidationPage(result));
        } catch (IOException e) {
            throw new IllegalStateException("template of the validation's page", e);
        }
    }

    private static Reader template(String name) {
        String resource = name.endsWith(".css") ? name : name + ".mustache";
        InputStream in = ValidationReport.class.getResourceAsStream(resource);
        if (in == null) {
            throw new IllegalStateException("template " + resource + " is not on the class path");
        }
        return new InputStreamReader(in, StandardCharsets.UTF_8);
    }
}
