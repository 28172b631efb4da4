package io.github.influence4j.examples.validation;

import io.github.influence4j.baselines.validation.Agreement;
import io.github.influence4j.baselines.validation.ComparisonTable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Predicate;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;

/** Averages what estimators did over the seeds of one data set. */
final class RowTable {

    private final String dataset;
    private final Map<DampingLevel, Map<String, List<ComparisonTable.Row>>> entries = new LinkedHashMap<>();

    RowTable(String dataset) {
        this.dataset = dataset;
    }

    void add(DampingLevel level, List<ComparisonTable.Row> ofOneSeed) {
        Map<String, List<ComparisonTable.Row>> byName = entries.computeIfAbsent(level, key -> new LinkedHashMap<>());
        for (ComparisonTable.Row entry : ofOneSeed) {
            byName.computeIfAbsent(entry.estimator(), key -> new ArrayList<>())
                    .add(entry.withoutScores()); // of a seed they are not needed for the table
        }
    }

    /** All but those of the fit with sampled labels. */
    List<ValidationRow> rows() {
        return rows(estimator -> !estimator.equals(EstimatorNames.SAMPLED_EKFAC));
    }

    List<ValidationRow> sampledRows() {
        return rows(EstimatorNames.SAMPLED_EKFAC::equals);
    }

    private List<ValidationRow> rows(Predicate<String> wanted) {
        List<ValidationRow> rows = new ArrayList<>();
        entries.forEach((level, byName) -> byName.forEach((estimator, ofSeeds) -> {
            if (wanted.test(estimator)) {
                rows.add(row(level, estimator, ofSeeds));
            }
        }));
        return rows;
    }

    Map<String, Integer> divergences() {
        Map<String, Integer> counts = new LinkedHashMap<>();
        entries.values().forEach(byName -> byName.values().forEach(ofSeeds -> ofSeeds.stream()
                .filter(entry -> entry.failure().isPresent())
                .forEach(entry -> counts.merge(entry.estimator(), 1, Integer::sum))));
        return counts;
    }

    private ValidationRow row(DampingLevel level, String estimator, List<ComparisonTable.Row> ofSeeds) {
        SummaryStatistics pearson = new SummaryStatistics();
        SummaryStatistics spearman = new SummaryStatistics();
        SummaryStatistics lds = new SummaryStatistics();
        SummaryStatistics fit = new SummaryStatistics();
        SummaryStatistics query = new SummaryStatistics();
        SummaryStatistics bytes = new SummaryStatistics();
        SummaryStatistics flops = new SummaryStatistics();
        for (ComparisonTable.Row entry : ofSeeds) {
            if (entry.agreement().isPresent()) {
                Agreement agreement = entry.agreement().get();
                pearson.addValue(agreement.pearson());
                spearman.addValue(agreement.spearman());
                fit.addValue(entry.fitMillis());
                query.addValue(entry.perQueryMillis());
                bytes.addValue(entry.heldBytes());
            }
            entry.lds().ifPresent(lds::addValue);
            entry.solveFlops().ifPresent(flops::addValue);
        }
        return new ValidationRow(
                dataset,
                ofSeeds.size(),
                level.kind(),
                level.value(),
                estimator,
                mean(pearson),
                standardError(pearson),
                mean(spearman),
                mean(lds),
                standardError(lds),
                fit.getN() == 0 ? 0 : fit.getMean(),
                query.getN() == 0 ? 0 : query.getMean(),
                mean(bytes),
                mean(flops));
    }

    private static OptionalDouble mean(SummaryStatistics values) {
        return values.getN() == 0 ? OptionalDouble.empty() : OptionalDouble.of(values.getMean());
    }

    private static OptionalDouble standardError(SummaryStatistics values) {
        return values.getN() < 2
                ? OptionalDouble.empty()
                : OptionalDouble.of(values.getStandardDeviation() / Math.sqrt(values.getN()));
    }
}
