package io.github.influence4j.baselines.validation;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.baselines.retraining.RemovalCurves;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import org.apache.commons.math3.stat.StatUtils;

/**
 * What a comparison of estimators found; {@link #toString} prints it as a table.
 *
 * @param rows one for each estimator
 * @param removal what training without their most helpful examples did, where that was asked for
 */
public record ComparisonTable(List<Row> rows, Optional<RemovalCurves> removal) {

    private static final double MEBI = 1 << 20;

    /** Copies the list. */
    public ComparisonTable {
        rows = List.copyOf(rows);
    }

    /**
     * How one estimator did.
     */
    public static final class Row {

        private final String estimator;
        private final Optional<Agreement> agreement;
        private final OptionalDouble lds;
        private final OptionalDouble ldsError;
        private final double fitMillis;
        private final double perQueryMillis;
        private final double heldBytes;
        private final OptionalDouble solveFlops;
        private final Optional<InfluenceScores> scores;
        private final Optional<String> failure;

        Row(
                String estimator,
                Optional<Agreement> agreement,
                OptionalDouble lds,
                OptionalDouble ldsError,
                double fitMillis,
                double perQueryMillis,
                double heldBytes,
                OptionalDouble solveFlops,
                Optional<InfluenceScores> scores,
                Optional<String> failure) {
            this.estimator = estimator;
            this.agreement = agreement;
            this.lds = lds;
            this.ldsError = ldsError;
            this.fitMillis = fitMillis;
            this.perQueryMillis = perQueryMillis;
            this.heldBytes = heldBytes;
            this.solveFlops = solveFlops;
            this.scores = scores;
            this.failure = failure;
        }

        static Row of(String name, Estimate estimate, Optional<Agreement> agreement, Optional<double[]> ldsOfQueries) {
            return new Row(
                    name,
                    agreement,
                    mean(ldsOfQueries),
                    standardError(ldsOfQueries),
                    estimate.fitMillis(),
                    estimate.perQueryMillis(),
                    estimate.heldBytes(),
                    estimate.solveFlops(),
                    Optional.of(estimate.scores()),
                    Optional.empty());
        }

        private static OptionalDouble mean(Optional<double[]> values) {
            return values.isPresent() ? OptionalDouble.of(StatUtils.mean(values.get())) : OptionalDouble.empty();
        }

        private static OptionalDouble standardError(Optional<double[]> values) {
            return values.isPresent() && values.get().length > 1
                    ? OptionalDouble.of(Math.sqrt(StatUtils.variance(values.get()) / values.get().length))
                    : OptionalDouble.empty();
        }

        /**
         * Lets go of the scores, which are many.
         *
         * @return the same otherwise
         */
        public Row withoutScores() {
            return new Row(
                    estimator,
                    agreement,
                    lds,
                    ldsError,
                    fitMillis,
                    perQueryMillis,
                    heldBytes,
                    solveFlops,
                    Optional.empty(),
                    failure);
        }

        static Row failed(String name, String reason) {
            return new Row(
                    name,
                    Optional.empty(),
                    OptionalDouble.empty(),
                    OptionalDouble.empty(),
                    0,
                    0,
                    0,
                    OptionalDouble.empty(),
                    Optional.empty(),
                    Optional.of(reason));
        }

        /**
         * Returns its name.
         *
         * @return its name
         */
        public String estimator() {
            return estimator;
        }

        /**
         * Returns the agreement with the reference.
         *
         * @return agreement with the reference; empty where it diverged or there is none
         */
        public Optional<Agreement> agreement() {
            return agreement;
        }

        /**
         * Returns the linear datamodelling score.
         *
         * @return linear datamodelling score, mean over the queries; empty where it was left out or the estimator diverged
         */
        public OptionalDouble lds() {
            return lds;
        }

        /**
         * Returns the standard error of the linear datamodelling score.
         *
         * @return of the mean over the queries; empty where there is no score, or one query only
         */
        public OptionalDouble ldsError() {
            return ldsError;
        }

        /**
         * Returns time of what is done once, milliseconds.
         *
         * @return time of what is done once, milliseconds
         */
        public double fitMillis() {
            return fitMillis;
        }

        /**
         * Returns time of a query, milliseconds.
         *
         * @return time of a query, milliseconds
         */
        public double perQueryMillis() {
            return perQueryMillis;
        }

        /**
         * Returns what must stay in memory.
         *
         * @return what must stay in memory from the fit to the last query; NaN where it is not known
         */
        public double heldBytes() {
            return heldBytes;
        }

        /**
         * Returns flops of the iterations for all queries, where the solver counts them.
         *
         * @return flops of the iterations for all queries, where the solver counts them
         */
        public OptionalDouble solveFlops() {
            return solveFlops;
        }

        /**
         * Returns the scores; empty where it diverged.
         *
         * @return the scores; empty where it diverged
         */
        public Optional<InfluenceScores> scores() {
            return scores;
        }

        /**
         * Returns why it diverged.
         *
         * @return why it diverged
         */
        public Optional<String> failure() {
            return failure;
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
        removal.ifPresent(curves -> text.append('\n').append(curves.table()));
        return text.toString();
    }

    private static String decimal(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }
}
