package io.github.influence4j.examples.report;

import io.github.influence4j.examples.validation.BedResult;
import io.github.influence4j.examples.validation.Claim;
import io.github.influence4j.examples.validation.ValidationOptions;
import io.github.influence4j.examples.validation.ValidationResult;
import io.github.influence4j.examples.validation.ValidationRow;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/** What the template of the validation's page asks for by name, with every number written out. */
final class ValidationPage {

    private final ValidationResult result;

    record Line(
            String estimator,
            String pearson,
            String pearsonBar,
            String spearman,
            String lds,
            String ldsBar,
            String fit,
            String query) {}

    record Table(String damping, List<Line> lines) {}

    record Section(
            String title, String facts, ValidationChart wide, List<Table> tables, String lissa, List<String> tried) {}

    ValidationPage(ValidationResult result) {
        this.result = result;
    }

    String lead() {
        ValidationOptions options = result.options();
        return String.format(
                Locale.ROOT,
                "Influence scores of %d estimators against what they claim to predict: the proximal Bregman response (more"
                        + " weight on %d training examples, seen by %d test examples) and models trained again on %d random"
                        + " halves of the data, %d each. %d network%s a data set.",
                11,
                options.candidates(),
                options.queries(),
                options.subsets(),
                options.repeats(),
                options.seeds(),
                options.seeds() == 1 ? "" : "s");
    }

    List<String> findings() {
        return ValidationFindings.of(result.beds());
    }

    List<Claim> claims() {
        return result.claims();
    }

    List<Section> sections() {
        return result.beds().stream().map(ValidationPage::section).toList();
    }

    private static Section section(BedResult bed) {
        Map<String, List<Line>> tables = new LinkedHashMap<>();
        for (ValidationRow row : bed.rows()) {
            tables.computeIfAbsent(ValidationFindings.damping(row), key -> new ArrayList<>())
                    .add(line(row));
        }
        String facts = String.format(
                Locale.ROOT,
                "%,d training examples, %,d weights and biases, mean test loss %.3f.",
                bed.train(),
                bed.parameters(),
                bed.testLoss());
        return new Section(
                bed.dataset(),
                facts,
                ValidationChart.of(bed),
                tables.entrySet().stream()
                        .map(entry -> new Table(entry.getKey(), entry.getValue()))
                        .toList(),
                bed.lissa(),
                bed.lissaTried());
    }

    private static Line line(ValidationRow row) {
        return new Line(
                row.estimator(),
                number(row.pearsonPbrf(), row.pearsonPbrfSe()),
                ScoreFormat.bar(Math.max(0, row.pearsonPbrf().orElse(0)), 1),
                number(row.spearmanPbrf(), OptionalDouble.empty()),
                number(row.lds(), row.ldsSe()),
                ScoreFormat.bar(Math.max(0, row.lds().orElse(0)), 1),
                millis(row.fitMillis()),
                millis(row.perQueryMillis()));
    }

    private static String number(OptionalDouble value, OptionalDouble error) {
        if (value.isEmpty()) {
            return "diverged";
        }
        String text = ScoreFormat.fixed(value.getAsDouble(), 3);
        return error.isPresent() ? text + " ± " + ScoreFormat.fixed(error.getAsDouble(), 3) : text;
    }

    private static String millis(double value) {
        return String.format(Locale.ROOT, value < 10 ? "%.1f" : "%,.0f", value);
    }

    String backend() {
        return result.backend();
    }

    String seconds() {
        return String.format(Locale.ROOT, "%,.0f", result.seconds());
    }
}
