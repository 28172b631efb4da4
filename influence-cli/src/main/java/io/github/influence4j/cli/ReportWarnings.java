package io.github.influence4j.cli;

import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.cli.Report.Question;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/** What may make scores say less than they seem to, from the scores and from how they were made. */
final class ReportWarnings {

    /** A tenth of the default damping. */
    private static final double SMALL_DAMPING = 0.01;

    /** A residual beyond which refined scores are not those of the exact solution. */
    private static final double LARGE_RESIDUAL = 0.01;

    private ReportWarnings() {}

    static List<String> of(ReportedScores scores, List<Question> questions) {
        List<String> warnings = new ArrayList<>();
        Provenance made = scores.provenance();
        dead(scores, warnings);
        damping(made, warnings);
        Map<String, String> options = made.options();
        noted(options, "undecided eigenvectors", "Equal eigenvalues leave eigenvectors undecided", warnings);
        noted(options, "damping near rounding", "The damping is so near to rounding that scores may be off", warnings);
        String residual = options.get(IhvpSolver.LARGEST_RESIDUAL);
        if (residual != null && Double.parseDouble(residual) > LARGE_RESIDUAL) {
            warnings.add("The refinement did not converge: the largest relative residual is " + residual
                    + ". More --iterations or a larger --damping bring it down.");
        }
        if (options.getOrDefault("index", "").startsWith("estimates")) {
            warnings.add("The scores are estimates from an index, not exact; index query --rescore makes them exact.");
        }
        long scored = made.counts().getOrDefault("training examples", 0L);
        long all = made.counts().getOrDefault("training set", scored);
        if (scored < all) {
            warnings.add("Only " + scored + " of " + all
                    + " training examples were scored; what matters among the others" + " is not on this page.");
        }
        long flat = questions.stream()
                .filter(question -> !question.warnings().isEmpty())
                .count();
        if (flat > 0) {
            warnings.add("In " + flat + " of " + questions.size()
                    + " questions no example stands out, and the order may be one of noise.");
        }
        return warnings;
    }

    /** Layers that had no curvature at the fit, and those of which every part is 0. */
    private static void dead(ReportedScores scores, List<String> warnings) {
        noted(
                scores.provenance().options(),
                "layers without curvature",
                "At the fit all gradients or inputs were 0 in layers",
                warnings);
        TreeSet<String> dead = new TreeSet<>(scores.of(0).layers());
        for (int q = 0; q < scores.queryIds().length; q++) {
            int query = q;
            dead.removeIf(layer -> Arrays.stream(row(scores, query, layer)).anyMatch(part -> part != 0));
        }
        if (!dead.isEmpty()) {
            warnings.add("Layers have no part in any score: " + String.join(", ", dead) + ".");
        }
    }

    private static double[] row(ReportedScores scores, int query, String layer) {
        double[] row = new double[scores.of(query).trainIds().length];
        scores.of(query).layer(layer).read(0, 1, row, 0);
        return row;
    }

    /** With fewer examples than weights G says nothing in most directions, and λ alone decides there. */
    private static void damping(Provenance made, List<String> warnings) {
        long examples = made.counts().getOrDefault("examples", Long.MAX_VALUE);
        long weights = made.counts().getOrDefault("weights", 0L);
        String rule = made.options().getOrDefault("damping rule", "");
        int times = rule.indexOf(" x ");
        if (times > 0 && Double.parseDouble(rule.substring(0, times)) < SMALL_DAMPING && examples < weights) {
            warnings.add(String.format(
                    Locale.ROOT,
                    "The damping is small (%s) for factors of %d examples and %d weights: in most directions it alone decides"
                            + " how large scores are. Score with --damping 0.1x,0.01x and compare.",
                    rule,
                    examples,
                    weights));
        }
    }

    private static void noted(Map<String, String> options, String key, String what, List<String> warnings) {
        String value = options.get(key);
        if (value != null) {
            warnings.add(what + ": " + value + ".");
        }
    }
}
