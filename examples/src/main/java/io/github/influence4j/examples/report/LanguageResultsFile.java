package io.github.influence4j.examples.report;

import io.github.influence4j.api.Provenance;
import io.github.influence4j.examples.language.BasisComparison;
import io.github.influence4j.examples.language.Claim;
import io.github.influence4j.examples.language.LanguageResult;
import io.github.influence4j.examples.language.RetrievalTable;
import io.github.influence4j.examples.language.VerseModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Writes what the language study found as {@code results.json}, for programs that compare runs. */
public final class LanguageResultsFile {

    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private LanguageResultsFile() {}

    record Results(
            String study,
            String models,
            long seed,
            Optional<LanguageResult.SyntheticModel> model,
            List<Measured> claims,
            Map<String, RetrievalTable> retrieval,
            Optional<BasisComparison> eigenbases,
            List<VerseModel> verseModels,
            Optional<Origin> provenance,
            Map<String, Double> seconds) {}

    record Measured(int claim, Map<String, Object> measured, String threshold, boolean holds) {}

    record Origin(
            String backend, String precision, Map<String, String> options, String runtime, String libraryVersion) {}

    private static Origin origin(Provenance provenance) {
        return new Origin(
                provenance.backend(),
                provenance.precision().toString(),
                provenance.options(),
                provenance.runtime(),
                provenance.libraryVersion());
    }

    private static Measured measured(Claim claim) {
        return new Measured(claim.claim(), claim.measured(), claim.threshold(), claim.holds());
    }

    /**
     * Renders the results.
     *
     * @param result what the study found
     * @return JSON
     */
    public static String render(LanguageResult result) {
        Map<String, Double> seconds = new LinkedHashMap<>();
        result.durations().forEach((part, time) -> seconds.put(part, time.toMillis() / 1000.0));
        return MAPPER.writeValueAsString(new Results(
                        "language",
                        result.origin(),
                        result.seed(),
                        result.model(),
                        result.claims().stream()
                                .map(LanguageResultsFile::measured)
                                .toList(),
                        result.retrieval(),
                        result.basis(),
                        result.verseModels(),
                        result.provenance().map(LanguageResultsFile::origin),
                        seconds))
                + "\n";
    }

    /**
     * Writes the results.
     *
     * @param result what the study found
     * @param file to be written or replaced
     * @throws IOException if it cannot be written
     */
    public static void write(LanguageResult result, Path file) throws IOException {
        Files.writeString(file, render(result));
    }
}
