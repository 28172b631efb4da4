package io.github.influence4j.baselines.validation;

import io.github.influence4j.api.InfluenceScores;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What a comparison of estimators found; {@link #toString} prints it as a table.
 *
 * @param rows one for each estimator
 */
public record ComparisonTable(List<Row> rows) {

    private static final double MEBI = 1 << 20;

    /** Copies the list. */
    public ComparisonTable {
        rows = List.copyOf(rows);
    }

    /**
     * How one estimator did.
     *
     * @param estimator its name
     * @param agreement with the reference; empty where it diverged or there is none
     * @param lds linear datamodelling score, mean over the queries; empty where it was left out or the estimator diverged
     * @param fitMillis time of what is done once, milliseconds
     * @param perQueryMillis time of a query, milliseconds
     * @param heldBytes what must stay in memory from the fit to the last query; NaN where it is not known
     * @param solveFlops flops of the iterations for all queries, where the solver counts them
     * @param scores the scores; empty where it diverged
     * @param failure why it diverged
     */
    public record Row(
            String estimator,
            Optional<Agreement> agreement,
            OptionalDouble lds,
            double fitMillis,
            double perQueryMillis,
            double heldBytes,
            OptionalDouble solveFlops,
            Optional<InfluenceScores> scores,
            Optional<String> failure) {

        static Row of(String name, Estimate estimate, Optional<Agreement> agreement, OptionalDouble lds) {
            return new Row(
                    name,
                    agreement,
                    lds,
                    estimate.fitMillis(),
                    estimate.perQueryMillis(),
                    estimate.heldBytes(),
                    estimate.solveFlops(),
                    Optional.of(estimate.scores()),
                    Optional.empty());
        }

        static Row failed(String name, String reason) {
            return new Row(
                    name,
                    Optional.empty(),
                    OptionalDouble.empty(),
                    0,
                    0,
                    0,
                    OptionalDouble.empty(),
                    Optional.empty(),
                    Optional.of(reason));
        }
    }

    /** Correlations are means over the queries, times are milliseconds, memory is in MiB. */
    @Override
    public String toString() {
        int width =
                rows.stream().mapToInt(row -> row.estimator().length()).max().orElse(0);
        String name = "%-" + Math.max(width, "estimator".length()) + "s";
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                name + "  %8s  %8s  %6s  %9s  %10s  %8s%n",
                "estimator",
                "Pearson",
                "Spearman",
                "LDS",
                "fit ms",
                "query ms",
                "MiB"));
        for (Row row : rows) {
            text.append(String.format(Locale.ROOT, name, row.estimator()));
            if (row.failure().isPresent()) {
                text.append(String.format(
                        Locale.ROOT, "  failed: %s%n", row.failure().get()));
                continue;
            }
            text.append(String.format(
                    Locale.ROOT,
                    "  %8s  %8s  %6s  %9.1f  %10.2f  %8s%n",
                    row.agreement().map(a -> decimal(a.pearson())).orElse(""),
                    row.agreement().map(a -> decimal(a.spearman())).orElse(""),
                    row.lds().isPresent() ? decimal(row.lds().getAsDouble()) : "",
                    row.fitMillis(),
                    row.perQueryMillis(),
                    Double.isNaN(row.heldBytes()) ? "" : String.format(Locale.ROOT, "%.1f", row.heldBytes() / MEBI)));
        }
        return text.toString();
    }

    private static String decimal(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }
}
