package io.github.influence4j.examples.report;

import io.github.influence4j.examples.quickstart.EstimatorQuality;
import io.github.influence4j.examples.quickstart.ExplainedImage;
import io.github.influence4j.examples.quickstart.QuickstartResult;
import io.github.influence4j.examples.quickstart.RecallCurve;
import io.github.influence4j.examples.quickstart.ScoredImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Writes what the quickstart found as {@code results.json}, for programs that compare runs. */
public final class ResultsFile {

    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private ResultsFile() {}

    record Results(
            String study,
            long seed,
            String backend,
            String precision,
            double seconds,
            Map<String, Double> flippedFound,
            Map<String, Double> flippedFoundByLoss,
            Map<String, Double> flippedFoundByGradientNorm,
            List<EstimatorQuality> estimators,
            Comparison comparison,
            Model model,
            List<Query> queries,
            List<Score> suspects,
            Origin provenance) {}

    record Comparison(int trainExamples, int queries, double exactMillis) {}

    record Model(
            String form,
            long parameters,
            int trainExamples,
            int flippedLabels,
            int flippedLabelsLearned,
            int testExamples,
            double testAccuracy) {}

    record Query(
            long id,
            int label,
            int predicted,
            double confidence,
            double loss,
            List<Score> helpful,
            List<Score> harmful) {}

    record Score(long id, double score, int label, int trueLabel) {}

    record Origin(
            String libraryVersion,
            String runtime,
            String backend,
            String model,
            Map<String, String> options,
            Map<String, Long> counts,
            Map<String, Double> seconds) {}

    /**
     * Renders the results.
     *
     * @param result what the quickstart found
     * @return JSON
     */
    public static String render(QuickstartResult result) {
        return MAPPER.writeValueAsString(results(result)) + "\n";
    }

    /**
     * Writes the results.
     *
     * @param result what the quickstart found
     * @param file to be written or replaced
     * @throws IOException if it cannot be written
     */
    public static void write(QuickstartResult result, Path file) throws IOException {
        Files.writeString(file, render(result));
    }

    private static Results results(QuickstartResult result) {
        return new Results(
                "quickstart",
                result.seed(),
                result.backend(),
                result.provenance().precision().name().toLowerCase(Locale.ROOT),
                result.duration().toMillis() / 1000.0,
                shares(result.search().selfInfluence()),
                shares(result.search().loss()),
                shares(result.search().gradientNorm()),
                result.comparison().estimators(),
                new Comparison(
                        result.comparison().trainExamples(),
                        result.comparison().queries(),
                        result.comparison().exactMillis()),
                model(result),
                result.explained().stream().map(ResultsFile::query).toList(),
                scores(result.suspects()),
                origin(result));
    }

    private static Map<String, Double> shares(RecallCurve curve) {
        Map<String, Double> shares = new LinkedHashMap<>();
        for (int percent : new int[] {5, 10, 20}) {
            shares.put(Integer.toString(percent), curve.shareAt(percent / 100.0));
        }
        return shares;
    }

    private static Model model(QuickstartResult result) {
        return new Model(
                result.model().form(),
                result.model().parameters(),
                result.model().trainSize(),
                result.model().flipped(),
                result.model().flippedLearned(),
                result.model().testSize(),
                result.model().testAccuracy());
    }

    private static Query query(ExplainedImage explained) {
        return new Query(
                explained.image().id(),
                explained.image().trueLabel(),
                explained.predicted(),
                explained.confidence(),
                explained.loss(),
                scores(explained.helpful()),
                scores(explained.harmful()));
    }

    private static List<Score> scores(List<ScoredImage> scored) {
        return scored.stream()
                .map(entry -> new Score(
                        entry.image().id(),
                        entry.score(),
                        entry.image().label(),
                        entry.image().trueLabel()))
                .toList();
    }

    private static Origin origin(QuickstartResult result) {
        Map<String, Double> seconds = new LinkedHashMap<>();
        result.provenance().durations().forEach((stage, time) -> seconds.put(stage, time.toNanos() / 1e9));
        return new Origin(
                result.provenance().libraryVersion(),
                result.provenance().runtime(),
                result.provenance().backend(),
                result.provenance().model().orElse(""),
                result.provenance().options(),
                result.provenance().counts(),
                seconds);
    }
}
