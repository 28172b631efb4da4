package io.github.influence4j.examples.report;

import io.github.influence4j.examples.quickstart.EstimatorQuality;
import io.github.influence4j.examples.quickstart.ExactAgreement;
import io.github.influence4j.examples.quickstart.ExplainedImage;
import io.github.influence4j.examples.quickstart.FlipSearch;
import io.github.influence4j.examples.quickstart.ModelSummary;
import io.github.influence4j.examples.quickstart.QuickstartResult;
import java.util.List;

/**
 * What the numbers say, in sentences: for EK-FAC where it is better, against it where it is not. The page and the summary
 * on the console share them.
 */
public final class Findings {

    private static final double TOP = 0.2;
    private static final double CLOSE = 0.9;
    private static final double LEVEL = 0.02;

    private final QuickstartResult result;

    /**
     * Prepares the sentences about a result.
     *
     * @param result what the quickstart found
     */
    public Findings(QuickstartResult result) {
        this.result = result;
    }

    String lead() {
        ModelSummary model = result.model();
        return "A small network was trained on " + ScoreFormat.grouped(model.trainSize()) + " handwritten digits, "
                + model.flipped() + " of them with a wrong label put there on purpose. EK-FAC influence functions then"
                + " traced its answers on unseen digits back to single training images, and ranked the training set"
                + " by how suspicious each image is.";
    }

    /**
     * Says what was found about the flipped labels, the estimators and the answers.
     *
     * @return one sentence or two about each
     */
    public List<String> all() {
        return List.of(flippedLabels(), estimators(), answers());
    }

    String flippedLabels() {
        FlipSearch search = result.search();
        String opening = "Inspecting the fifth of the training set with the highest self-influence finds "
                + ScoreFormat.percent(search.selfInfluence().shareAt(TOP)) + " of the flipped labels; plain loss finds "
                + ScoreFormat.percent(search.loss().shareAt(TOP)) + " and the gradient's norm "
                + ScoreFormat.percent(search.gradientNorm().shareAt(TOP)) + ".";
        return opening + " " + searchVerdict();
    }

    /** Whether EK-FAC was the better search, at 5, 10 and 20 % against the better of the two simple rankings. */
    String searchVerdict() {
        FlipSearch search = result.search();
        int better = 0;
        int worse = 0;
        for (double part : new double[] {0.05, 0.1, TOP}) {
            double simple =
                    Math.max(search.loss().shareAt(part), search.gradientNorm().shareAt(part));
            double own = search.selfInfluence().shareAt(part);
            better += own > simple ? 1 : 0;
            worse += own < simple ? 1 : 0;
        }
        if (worse == 0 && better > 0) {
            return "EK-FAC is ahead of both simple rankings here.";
        }
        if (better > 0) {
            return "Which ranking is ahead depends on how much is inspected; EK-FAC has no clear lead.";
        }
        return "EK-FAC is no better at this than the simpler rankings: to find wrong labels in a model like this, the"
                + " loss is enough. What the loss cannot tell is which training images an answer came from.";
    }

    String estimators() {
        ExactAgreement comparison = result.comparison();
        EstimatorQuality ekfac = comparison.estimator(ExactAgreement.EKFAC);
        return "EK-FAC's scores correlate " + ScoreFormat.fixed(ekfac.pearson(), 2)
                + " with the exact damped solution, the dot product's "
                + ScoreFormat.fixed(
                        comparison.estimator(ExactAgreement.DOT_PRODUCT).pearson(), 2)
                + " and the diagonal's "
                + ScoreFormat.fixed(
                        comparison.estimator(ExactAgreement.DIAGONAL).pearson(), 2) + ". "
                + kfacVerdict();
    }

    private String kfacVerdict() {
        EstimatorQuality ekfac = result.comparison().estimator(ExactAgreement.EKFAC);
        EstimatorQuality kfac = result.comparison().estimator(ExactAgreement.KFAC);
        String beside = " K-FAC (" + ScoreFormat.fixed(kfac.pearson(), 2) + ")";
        double lead = ekfac.pearson() - kfac.pearson();
        if (Math.abs(lead) < LEVEL) {
            return "It is level with" + beside + ": on this small network correcting the eigenvalues gains nothing.";
        }
        return lead > 0
                ? "It is ahead of" + beside + "."
                : "It is behind" + beside + ": here correcting the eigenvalues does not help.";
    }

    String answers() {
        List<ExplainedImage> explained = result.explained();
        long wrong = explained.stream().filter(image -> !image.correct()).count();
        long flipped = explained.stream()
                .flatMap(image -> image.harmful().stream())
                .filter(scored -> scored.image().flipped())
                .count();
        long harmful =
                explained.stream().mapToLong(image -> image.harmful().size()).sum();
        return "Of the " + explained.size() + " test images below the network misreads " + wrong + ". " + flipped
                + " of their " + harmful + " most harmful training images carry a flipped label ("
                + ScoreFormat.percent(flipped / (double) Math.max(1, harmful)) + ", against "
                + ScoreFormat.percent(
                        result.model().flipped() / (double) result.model().trainSize())
                + " in the training set).";
    }

    String gallery() {
        long flipped = result.suspects().stream()
                .filter(scored -> scored.image().flipped())
                .count();
        return "The " + result.suspects().size() + " training images that bent the network most for their own sake. "
                + flipped + " of them carry a flipped label (yellow, written → told). The others are rightly labelled"
                + " and hard: odd, faint or ambiguous handwriting.";
    }

    String comparison() {
        double best = result.comparison().estimators().stream()
                .mapToDouble(EstimatorQuality::pearson)
                .max()
                .orElse(0);
        return "Every estimator replaces the same matrix, the damped Gauss-Newton curvature, by something cheaper. This"
                + " network is small enough to solve with the matrix itself, so the estimators can be held against it."
                + (best < CLOSE
                        ? " Even the best is a rough approximation: a guide to what to look at, not a measurement."
                        : " The best comes close.");
    }

    String comparisonCaption() {
        ExactAgreement comparison = result.comparison();
        return "Correlation with the exact damped solution over " + ScoreFormat.grouped(comparison.trainExamples())
                + " training images, mean of " + comparison.queries()
                + " test images. Time: fit and score; the estimators' is of a second run.";
    }
}
