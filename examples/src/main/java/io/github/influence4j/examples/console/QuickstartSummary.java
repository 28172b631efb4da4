package io.github.influence4j.examples.console;

import io.github.influence4j.examples.quickstart.EstimatorQuality;
import io.github.influence4j.examples.quickstart.ModelSummary;
import io.github.influence4j.examples.quickstart.QuickstartResult;
import io.github.influence4j.examples.quickstart.RecallCurve;
import io.github.influence4j.examples.report.Findings;
import java.util.Locale;

/** The quickstart's results in a few lines of text. */
public final class QuickstartSummary {

    private static final int WIDTH = 96;
    private static final String INDENT = "  ";

    private QuickstartSummary() {}

    /**
     * Writes the summary.
     *
     * @param result what the quickstart found
     * @return some lines, each with a line end
     */
    public static String of(QuickstartResult result) {
        ModelSummary model = result.model();
        StringBuilder text = new StringBuilder();
        line(text, "");
        line(
                text,
                "%,d digits, %d with a flipped label; %.1f %% of %d test digits read rightly (seed %d, %s)",
                model.trainSize(),
                model.flipped(),
                100 * model.testAccuracy(),
                model.testSize(),
                result.seed(),
                result.backend());
        line(text, "");
        line(text, "%-34s %8s %8s %8s", "flipped labels found in the first", "5 %", "10 %", "20 %");
        for (RecallCurve curve : result.search().curves()) {
            line(
                    text,
                    "  %-32s %6.0f %% %6.0f %% %6.0f %%",
                    curve.name(),
                    100 * curve.shareAt(0.05),
                    100 * curve.shareAt(0.1),
                    100 * curve.shareAt(0.2));
        }
        line(text, "");
        line(text, "%-34s %8s %8s %8s", "beside the exact damped solution", "Pearson", "Spearman", "ms");
        for (EstimatorQuality quality : result.comparison().estimators()) {
            line(
                    text,
                    "  %-32s %8.3f %8.3f %8.1f",
                    quality.name(),
                    quality.pearson(),
                    quality.spearman(),
                    quality.millis());
        }
        line(text, "  %-32s %8s %8s %8.1f", "exact", "", "", result.comparison().exactMillis());
        line(text, "");
        new Findings(result).all().forEach(finding -> paragraph(text, finding));
        return text.toString();
    }

    private static void line(StringBuilder text, String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append(System.lineSeparator());
    }

    private static void paragraph(StringBuilder text, String sentences) {
        StringBuilder line = new StringBuilder("-");
        for (String word : sentences.split(" ", -1)) {
            if (line.length() + 1 + word.length() > WIDTH) {
                text.append(line).append(System.lineSeparator());
                line.setLength(0);
                line.append(INDENT).append(word);
            } else {
                line.append(' ').append(word);
            }
        }
        text.append(line).append(System.lineSeparator());
    }
}
