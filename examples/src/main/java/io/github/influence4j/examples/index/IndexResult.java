package io.github.influence4j.examples.index;

import java.util.List;
import java.util.Locale;

/**
 * What the study found.
 *
 * @param options what was done
 * @param parameters numbers of a gradient
 * @param heldOutLoss mean −log p of a held-out token, in nats
 * @param rows the representations
 * @param requirements what was asked for beforehand, if anything was
 */
public record IndexResult(
        IndexStudyOptions options,
        long parameters,
        double heldOutLoss,
        List<Measured> rows,
        List<Requirement> requirements) {

    /** Copies the lists. */
    public IndexResult {
        rows = List.copyOf(rows);
        requirements = List.copyOf(requirements);
    }

    /**
     * Writes the tables.
     *
     * @return Markdown
     */
    public String tables() {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%,d sequences, %d questions, %,d parameters, seed %d; loss of a held-out token %.2f.%n%n",
                options.sequences(),
                options.questions(),
                parameters,
                options.seed(),
                heldOutLoss));
        text.append("| kept | % | bytes | Spearman | worst question | recall@10 | recall@50 | harmful recall@10"
                        + " | top 10 in the best 5 % | all pairs within 2 errors | top 10 within |\n")
                .append("|---|---|---|---|---|---|---|---|---|---|---|\n");
        for (Measured row : rows) {
            text.append(String.format(
                    Locale.ROOT,
                    "| %s | %s | %,d | %.3f | %.3f | %.3f | %.3f | %.3f | %.3f | %s | %s |%n",
                    row.name(),
                    row.percent(),
                    row.bytes(),
                    Requirement.mean(row.spearman()),
                    Requirement.worst(row),
                    Requirement.mean(row.helpful()),
                    Requirement.mean(row.helpful50()),
                    Requirement.mean(row.harmful()),
                    Requirement.mean(row.candidates()),
                    share(row.within()),
                    share(row.withinTop())));
        }
        if (requirements.isEmpty()) {
            return text.toString();
        }
        text.append("\n| asked for | least | most | found | |\n|---|---|---|---|---|\n");
        for (Requirement requirement : requirements) {
            text.append(String.format(
                    Locale.ROOT,
                    "| %s | %.2f | %.2f | %.3f | %s |%n",
                    requirement.text(),
                    requirement.least(),
                    requirement.most(),
                    requirement.found(),
                    requirement.holds() ? "held" : "**missed**"));
        }
        return text.toString();
    }

    private static String share(double[] shares) {
        return shares.length == 0 ? "–" : String.format(Locale.ROOT, "%.3f", Requirement.mean(shares));
    }
}
