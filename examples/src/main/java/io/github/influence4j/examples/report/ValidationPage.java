package io.github.influence4j.examples.report;

import io.github.influence4j.examples.validation.BedResult;
import io.github.influence4j.examples.validation.BlockDistance;
import io.github.influence4j.examples.validation.Claim;
import io.github.influence4j.examples.validation.NumberWords;
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

    private static final double MEBI = 1024.0 * 1024;

    private final ValidationResult result;

    record Line(
            String estimator,
            String pearson,
            String pearsonBar,
            String spearman,
            String lds,
            String ldsBar,
            String fit,
            String query,
            String memory) {}

    record Table(String damping, List<Line> lines) {}

    record Closeness(String damping, String estimator, String pearson, String error, String slope, String random) {}

    record Removal(String chosenBy, String rise) {}

    record Mislabelled(String ranking, List<String> found) {}

    record Section(
            String title,
            String facts,
            List<ValidationChart> charts,
            List<ValidationFindings.Split> splits,
            List<Closeness> closeness,
            List<Table> tables,
            String cost,
            String removed,
            List<Removal> removals,
            List<Mislabelled> mislabelled,
            List<BedResult.Lissa> lissa) {

        boolean leftOut() {
            return !removals.isEmpty();
        }

        boolean wrongLabels() {
            return !mislabelled.isEmpty();
        }
    }

    ValidationPage(ValidationResult result) {
        this.result = result;
    }

    String extent() {
        ValidationOptions options = result.options();
        return String.format(
                Locale.ROOT,
                "%d training examples and %d test examples of each data set; %d random halves with %d model%s each; %d network%s a"
                        + " data set",
                options.candidates(),
                options.queries(),
                options.subsets(),
                options.repeats(),
                plural(options.repeats()),
                options.seeds(),
                plural(options.seeds()));
    }

    boolean oneSeed() {
        return result.options().seeds() == 1;
    }

    private static String plural(int count) {
        return count == 1 ? "" : "s";
    }

    ValidationAdvice.Advice advice() {
        return ValidationAdvice.of(result);
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
        List<ValidationRow> rows = new ArrayList<>(bed.rows());
        rows.addAll(bed.sampledRows());
        for (ValidationRow row : rows) {
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
                List.of(ValidationChart.responses(bed), ValidationChart.retraining(bed)),
                ValidationFindings.splits(bed),
                bed.closeness().stream().map(ValidationPage::closeness).toList(),
                tables.entrySet().stream()
                        .map(entry -> new Table(entry.getKey(), entry.getValue()))
                        .toList(),
                cost(bed.cost()),
                removed(bed),
                bed.removals().stream()
                        .map(removal -> new Removal(removal.chosenBy(), withError(removal.rise(), removal.se(), 3)))
                        .toList(),
                mislabelled(bed),
                bed.lissa().stream().filter(choice -> !choice.tried().isEmpty()).toList());
    }

    private static Closeness closeness(BedResult.Closeness closeness) {
        BlockDistance distance = closeness.distance();
        return new Closeness(
                closeness.damping(),
                closeness.estimator(),
                NumberWords.correlation(distance.pearson()),
                ScoreFormat.fixed(distance.error(), 3),
                ScoreFormat.fixed(distance.slope(), 3),
                ScoreFormat.fixed(distance.randomError(), 3));
    }

    private static String removed(BedResult bed) {
        return bed.removals().stream()
                .findFirst()
                .map(first -> String.format(
                        Locale.ROOT,
                        "%.0f %% of the training set is left out, for each of %d test examples another part, and models are"
                                + " trained again.",
                        100 * first.share(),
                        first.queries()))
                .orElse("");
    }

    private static List<Mislabelled> mislabelled(BedResult bed) {
        Map<String, List<String>> found = new LinkedHashMap<>();
        bed.mislabelled().forEach(row -> found.computeIfAbsent(row.ranking(), key -> new ArrayList<>())
                .add(withError(100 * row.found(), row.se() > 0 ? 100 * row.se() : Double.NaN, 1) + " %"));
        return found.entrySet().stream()
                .map(entry -> new Mislabelled(entry.getKey(), entry.getValue()))
                .toList();
    }

    /** An error that one network or one example cannot give is left out. */
    private static String withError(double value, double error, int decimals) {
        String written = ScoreFormat.fixed(value, decimals);
        return Double.isNaN(error) ? written : written + " ± " + ScoreFormat.fixed(error, decimals);
    }

    private static String cost(BedResult.Cost cost) {
        return String.format(
                Locale.ROOT,
                "For %d queries EK-FAC with one sampled label an example takes %s flops with its fit, LiSSA with as many steps as"
                        + " training examples %s, %.0f times as many (%.0f times as many as EK-FAC with the exact output"
                        + " Hessian). Times: fit %.0f ms and queries %.0f ms against %.0f ms. EK-FAC is the cheaper from %s"
                        + " queries on by flops, from %s by time.",
                cost.queries(),
                NumberWords.power(cost.ekfacFlops()),
                NumberWords.power(cost.lissaFlops()),
                cost.flopRatio(),
                cost.exactHessianFlopRatio(),
                cost.ekfacFitMillis(),
                cost.ekfacQueryMillis(),
                cost.lissaMillis(),
                count(cost.breakEvenQueriesByFlops()),
                count(cost.breakEvenQueries()));
    }

    private static String count(double queries) {
        return Double.isInfinite(queries) ? "no number of" : String.format(Locale.ROOT, "%.0f", queries);
    }

    private static Line line(ValidationRow row) {
        return new Line(
                row.estimator(),
                number(row.pearsonPbrf(), row.pearsonPbrfSe()),
                ScoreFormat.bar(Math.max(0, row.pearsonPbrf().orElse(0)), 1),
                number(row.spearmanPbrf(), OptionalDouble.empty()),
                number(row.lds(), row.ldsSe()),
                ScoreFormat.bar(Math.max(0, row.lds().orElse(0)), 1),
                decimal(row.fitMillis()),
                decimal(row.perQueryMillis()),
                row.heldBytes().isPresent() ? decimal(row.heldBytes().getAsDouble() / MEBI) : "");
    }

    private static String number(OptionalDouble value, OptionalDouble error) {
        if (value.isEmpty()) {
            return "diverged";
        }
        return withError(value.getAsDouble(), error.orElse(Double.NaN), 3);
    }

    private static String decimal(double value) {
        return String.format(Locale.ROOT, value < 10 ? "%.1f" : "%,.0f", value);
    }

    String backend() {
        return result.backend();
    }

    String seconds() {
        return String.format(Locale.ROOT, "%,.0f", result.seconds());
    }
}
