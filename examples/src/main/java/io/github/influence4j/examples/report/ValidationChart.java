package io.github.influence4j.examples.report;

import io.github.influence4j.examples.validation.BedResult;
import io.github.influence4j.examples.validation.ValidationRow;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * A correlation by damping, a line for each estimator with whiskers of one standard error, as SVG that the template draws.
 *
 * @param title what is drawn, for those who cannot see it
 * @param axis what the height means
 * @param lines one for each estimator that is shown
 * @param columns the dampings, at their places
 * @param ticks marks of the correlation
 */
record ValidationChart(String title, String axis, List<Line> lines, List<Tick> columns, List<Tick> ticks) {

    private static final int LEFT = 60;
    private static final int RIGHT = 800;
    private static final int TOP = 34;
    private static final int BOTTOM = 350;
    private static final int LABEL_GAP = 17;
    private static final int SPREAD = 5;
    private static final double STEP = 0.2;

    /** What is drawn, and in which style; the others are in the tables. */
    private static final Map<String, String> STYLES = styles();

    record Tick(String at, String text) {}

    record Dot(String x, String y, String low, String high) {}

    record Line(String name, String style, String path, List<Dot> dots, String lastX, String lastY, String labelY) {}

    private static Map<String, String> styles() {
        Map<String, String> styles = new LinkedHashMap<>();
        styles.put("dot product", "dot");
        styles.put("K-FAC", "kfac");
        styles.put("EK-FAC", "ekfac");
        styles.put("exact block GGN", "block");
        styles.put("LiSSA", "lissa");
        styles.put("ASTRA", "astra");
        styles.put("SOURCE", "source");
        styles.put("exact GGN", "exact");
        return styles;
    }

    static ValidationChart responses(BedResult bed) {
        return new Drawing(bed, ValidationRow::pearsonPbrf, ValidationRow::pearsonPbrfSe)
                .chart(
                        bed.dataset() + ": agreement with the proximal Bregman response by damping",
                        "Pearson correlation with the proximal Bregman response");
    }

    static ValidationChart retraining(BedResult bed) {
        return new Drawing(bed, ValidationRow::lds, ValidationRow::ldsSe)
                .chart(
                        bed.dataset() + ": agreement with retrained models by damping",
                        "linear datamodelling score (Spearman correlation with retrained models)");
    }

    private static final class Drawing {
        private final BedResult bed;
        private final Function<ValidationRow, OptionalDouble> value;
        private final Function<ValidationRow, OptionalDouble> error;
        private final Map<String, Integer> columns = new LinkedHashMap<>();
        private final double lowest;
        private final double highest;

        Drawing(
                BedResult bed,
                Function<ValidationRow, OptionalDouble> value,
                Function<ValidationRow, OptionalDouble> error) {
            this.bed = bed;
            this.value = value;
            this.error = error;
            double low = 0;
            double high = 0;
            for (ValidationRow row : bed.rows()) {
                columns.putIfAbsent(ValidationFindings.damping(row), columns.size());
                double at = value.apply(row).orElse(0);
                double whisker = error.apply(row).orElse(0);
                low = Math.min(low, at - whisker);
                high = Math.max(high, at + whisker);
            }
            this.lowest = Math.max(-1, STEP * Math.floor(low / STEP));
            this.highest = Math.min(1, STEP * Math.ceil(high / STEP));
        }

        ValidationChart chart(String title, String axis) {
            List<Tick> names = new ArrayList<>();
            columns.forEach((name, index) -> names.add(new Tick(number(x(index)), name)));
            List<Tick> ticks = new ArrayList<>();
            for (long k = Math.round(lowest / STEP); k <= Math.round(highest / STEP); k++) {
                ticks.add(new Tick(number(y(k * STEP)), ScoreFormat.fixed(k * STEP, 1)));
            }
            return new ValidationChart(title, axis, lines(), names, ticks);
        }

        private List<Line> lines() {
            Map<String, List<Dot>> dots = new LinkedHashMap<>();
            Map<String, Double> last = new LinkedHashMap<>();
            for (String name : STYLES.keySet()) {
                for (ValidationRow row : bed.rows()) {
                    if (row.estimator().equals(name) && value.apply(row).isPresent()) {
                        double at = value.apply(row).getAsDouble();
                        double whisker = error.apply(row).orElse(0);
                        // side by side, so that whiskers of equal heights are seen
                        double x = x(columns.getOrDefault(ValidationFindings.damping(row), 0))
                                + (dots.containsKey(name) ? dots.size() - 1 : dots.size()) * SPREAD
                                - STYLES.size() * SPREAD / 2.0;
                        dots.computeIfAbsent(name, key -> new ArrayList<>())
                                .add(new Dot(
                                        number(x), number(y(at)), number(y(at - whisker)), number(y(at + whisker))));
                        last.put(name, y(at));
                    }
                }
            }
            Map<String, Double> labels = apart(last);
            List<Line> lines = new ArrayList<>();
            dots.forEach((name, points) -> {
                StringBuilder path = new StringBuilder();
                points.forEach(dot -> path.append(path.length() == 0 ? "M" : "L")
                        .append(dot.x())
                        .append(' ')
                        .append(dot.y()));
                Dot end = points.get(points.size() - 1);
                lines.add(new Line(
                        name,
                        STYLES.getOrDefault(name, ""),
                        path.toString(),
                        points,
                        end.x(),
                        end.y(),
                        number(labels.getOrDefault(name, 0.0))));
            });
            return lines;
        }

        private double x(int column) {
            return LEFT + (column + 0.5) * (RIGHT - LEFT) / columns.size();
        }

        private double y(double correlation) {
            return BOTTOM - (correlation - lowest) / (highest - lowest) * (BOTTOM - TOP);
        }
    }

    /** Moves labels down until none covers another, then all up again where they would leave the chart. */
    private static Map<String, Double> apart(Map<String, Double> wanted) {
        Map<String, Double> placed = new LinkedHashMap<>();
        double[] above = {Double.NEGATIVE_INFINITY};
        wanted.entrySet().stream().sorted(Map.Entry.comparingByValue()).forEach(entry -> {
            double y = Math.max(entry.getValue(), above[0] + LABEL_GAP);
            placed.put(entry.getKey(), y);
            above[0] = y;
        });
        double excess = Math.max(0, above[0] - BOTTOM);
        placed.replaceAll((name, y) -> y - excess);
        return placed;
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
