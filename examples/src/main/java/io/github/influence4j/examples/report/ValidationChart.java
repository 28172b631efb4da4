package io.github.influence4j.examples.report;

import io.github.influence4j.examples.validation.BedResult;
import io.github.influence4j.examples.validation.ValidationRow;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Pearson's correlation with the responses by damping, a line for each estimator, as SVG that the template draws.
 *
 * @param lines one for each estimator that is shown
 * @param columns the dampings, at their places
 * @param ticks marks of the correlation
 */
record ValidationChart(List<Line> lines, List<Tick> columns, List<Tick> ticks) {

    static final int WIDTH = 980;
    static final int HEIGHT = 400;
    private static final int LEFT = 60;
    private static final int RIGHT = 800;
    private static final int TOP = 20;
    private static final int BOTTOM = 350;
    private static final int LABEL_GAP = 17;

    private static final List<String> SHOWN = List.of(
            "dot product", "diagonal", "K-FAC", "EK-FAC", "exact block GGN", "LiSSA", "ASTRA", "SOURCE", "exact GGN");

    record Tick(String at, String text) {}

    record Dot(String x, String y) {}

    record Line(String name, int hue, String path, List<Dot> dots, String labelY, String lastY) {}

    static ValidationChart of(BedResult bed) {
        Map<String, Integer> columns = new LinkedHashMap<>();
        bed.rows().forEach(row -> columns.putIfAbsent(ValidationFindings.damping(row), columns.size()));
        List<Tick> names = new ArrayList<>();
        columns.forEach((name, index) -> names.add(new Tick(number(x(index, columns.size())), name)));
        List<Tick> ticks = new ArrayList<>();
        for (int k = 0; k <= 4; k++) {
            ticks.add(new Tick(number(y(k / 4.0)), String.format(Locale.ROOT, "%.2f", k / 4.0)));
        }
        return new ValidationChart(lines(bed, columns), names, ticks);
    }

    private static List<Line> lines(BedResult bed, Map<String, Integer> columns) {
        Map<String, List<Dot>> dots = new LinkedHashMap<>();
        Map<String, Double> last = new LinkedHashMap<>();
        for (ValidationRow row : bed.rows()) {
            if (SHOWN.contains(row.estimator()) && row.pearsonPbrf().isPresent()) {
                Integer column = columns.get(ValidationFindings.damping(row));
                if (column != null) {
                    double y = y(Math.max(0, row.pearsonPbrf().getAsDouble()));
                    dots.computeIfAbsent(row.estimator(), key -> new ArrayList<>())
                            .add(new Dot(number(x(column, columns.size())), number(y)));
                    last.put(row.estimator(), y);
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
            int hue = 360 * SHOWN.indexOf(name) / SHOWN.size();
            lines.add(new Line(
                    name,
                    hue,
                    path.toString(),
                    points,
                    number(labels.getOrDefault(name, 0.0)),
                    number(last.getOrDefault(name, 0.0))));
        });
        return lines;
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

    private static double x(int column, int columns) {
        return LEFT + (column + 0.5) * (RIGHT - LEFT) / columns;
    }

    private static double y(double correlation) {
        return BOTTOM - correlation * (BOTTOM - TOP);
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
