package io.github.influence4j.examples.report;

import io.github.influence4j.api.Provenance;
import io.github.influence4j.examples.data.DigitImage;
import io.github.influence4j.examples.quickstart.EstimatorQuality;
import io.github.influence4j.examples.quickstart.ExactAgreement;
import io.github.influence4j.examples.quickstart.ExplainedImage;
import io.github.influence4j.examples.quickstart.FlipSearch;
import io.github.influence4j.examples.quickstart.ModelSummary;
import io.github.influence4j.examples.quickstart.QuickstartResult;
import io.github.influence4j.examples.quickstart.RecallCurve;
import io.github.influence4j.examples.quickstart.ScoredImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** What the template of the page asks for by name, with every number written out. */
final class QuickstartPage {

    private static final double ALL = 1;

    private final QuickstartResult result;
    private final Findings findings;

    record Tile(String label, String value, String note) {}

    record Entry(String name, String value) {}

    record Shares(String name, String at5, String at10, String at20) {}

    record Estimator(
            String name, String pearson, String pearsonBar, String spearman, String spearmanBar, String millis) {}

    record Thumb(
            String picture, String description, boolean flipped, int trueLabel, int label, String score, String bar) {}

    record Card(
            String picture,
            long id,
            boolean correct,
            int trueLabel,
            int predicted,
            String confidence,
            String loss,
            List<Thumb> helpful,
            List<Thumb> harmful) {}

    QuickstartPage(QuickstartResult result) {
        this.result = result;
        this.findings = new Findings(result);
    }

    String title() {
        return "influence4j quickstart";
    }

    String headline() {
        return "Which training images made the network answer this way?";
    }

    String lead() {
        return findings.lead();
    }

    List<String> findings() {
        return findings.all();
    }

    String searchVerdict() {
        return findings.searchVerdict();
    }

    String galleryNote() {
        return findings.gallery();
    }

    String comparisonVerdict() {
        return findings.comparison();
    }

    String comparisonCaption() {
        return findings.comparisonCaption();
    }

    String exactMillis() {
        return millis(result.comparison().exactMillis());
    }

    String trainSize() {
        return ScoreFormat.grouped(result.model().trainSize());
    }

    List<Tile> tiles() {
        ModelSummary model = result.model();
        ExactAgreement comparison = result.comparison();
        FlipSearch search = result.search();
        return List.of(
                new Tile(
                        "Test images read rightly",
                        ScoreFormat.fixed(100 * model.testAccuracy(), 1) + " %",
                        model.testCorrect() + " of " + model.testSize() + ", despite " + model.flipped()
                                + " wrong labels"),
                new Tile(
                        "Flipped labels found in the first fifth",
                        ScoreFormat.percent(search.selfInfluence().shareAt(0.2)),
                        "by self-influence; plain loss: "
                                + ScoreFormat.percent(search.loss().shareAt(0.2))),
                new Tile(
                        "Correlation with the exact solution",
                        ScoreFormat.fixed(
                                comparison.estimator(ExactAgreement.EKFAC).pearson(), 2),
                        "dot product: "
                                + ScoreFormat.fixed(
                                        comparison
                                                .estimator(ExactAgreement.DOT_PRODUCT)
                                                .pearson(),
                                        2)),
                new Tile(
                        "Time for everything",
                        ScoreFormat.fixed(result.duration().toMillis() / 1000.0, 1) + " s",
                        "training included"));
    }

    List<Card> explained() {
        return result.explained().stream().map(QuickstartPage::card).toList();
    }

    private static Card card(ExplainedImage explained) {
        ScoreFormat format = ScoreFormat.of(Stream.concat(explained.helpful().stream(), explained.harmful().stream())
                .map(ScoredImage::score)
                .toList());
        DigitImage image = explained.image();
        return new Card(
                DigitPicture.dataUri(image),
                image.id(),
                explained.correct(),
                image.trueLabel(),
                explained.predicted(),
                ScoreFormat.percent(explained.confidence()),
                ScoreFormat.fixed(explained.loss(), 2),
                thumbs(explained.helpful(), format, true),
                thumbs(explained.harmful(), format, true));
    }

    List<Thumb> suspects() {
        ScoreFormat format = ScoreFormat.of(
                result.suspects().stream().map(ScoredImage::score).toList());
        return thumbs(result.suspects(), format, false);
    }

    private static List<Thumb> thumbs(List<ScoredImage> scored, ScoreFormat format, boolean signed) {
        return scored.stream()
                .map(entry -> new Thumb(
                        DigitPicture.dataUri(entry.image()),
                        "training image " + entry.image().id() + ", a "
                                + entry.image().trueLabel()
                                + (entry.image().flipped()
                                        ? " labelled " + entry.image().label()
                                        : ""),
                        entry.image().flipped(),
                        entry.image().trueLabel(),
                        entry.image().label(),
                        signed ? format.signed(entry.score()) : format.plain(entry.score()),
                        format.bar(entry.score())))
                .toList();
    }

    RecallChart wideChart() {
        return RecallChart.of("wide", 980, 430, result.search());
    }

    RecallChart narrowChart() {
        return RecallChart.of("narrow", 340, 300, result.search());
    }

    List<Shares> shares() {
        List<Shares> rows = new ArrayList<>();
        for (RecallCurve curve : result.search().curves()) {
            rows.add(new Shares(
                    curve.name(),
                    ScoreFormat.percent(curve.shareAt(0.05)),
                    ScoreFormat.percent(curve.shareAt(0.1)),
                    ScoreFormat.percent(curve.shareAt(0.2))));
        }
        rows.add(new Shares("random order, on average", "5 %", "10 %", "20 %"));
        return rows;
    }

    List<Estimator> estimators() {
        return result.comparison().estimators().stream()
                .map(QuickstartPage::estimator)
                .toList();
    }

    private static Estimator estimator(EstimatorQuality quality) {
        return new Estimator(
                quality.name(),
                ScoreFormat.fixed(quality.pearson(), 3),
                ScoreFormat.bar(Math.max(0, quality.pearson()), ALL),
                ScoreFormat.fixed(quality.spearman(), 3),
                ScoreFormat.bar(Math.max(0, quality.spearman()), ALL),
                millis(quality.millis()));
    }

    private static String millis(double value) {
        return String.format(Locale.ROOT, value < 10 ? "%.1f" : "%,.0f", value);
    }

    List<Entry> provenance() {
        Provenance provenance = result.provenance();
        ModelSummary model = result.model();
        List<Entry> entries = new ArrayList<>();
        entries.add(new Entry("seed", Long.toString(result.seed())));
        entries.add(new Entry(
                "network", model.form() + ", " + ScoreFormat.grouped(model.parameters()) + " weights and biases"));
        entries.add(new Entry(
                "wrong labels it gives back", model.flippedLearned() + " of " + model.flipped() + " flipped ones"));
        entries.add(new Entry("backend", provenance.backend()));
        entries.add(new Entry("precision", provenance.precision().name().toLowerCase(Locale.ROOT)));
        provenance.options().forEach((name, value) -> entries.add(new Entry(name, value)));
        provenance.counts().forEach((name, value) -> entries.add(new Entry(name, ScoreFormat.grouped(value))));
        provenance
                .durations()
                .forEach((name, value) ->
                        entries.add(new Entry("time: " + name, ScoreFormat.fixed(value.toNanos() / 1e6, 1) + " ms")));
        provenance.model().ifPresent(fingerprint -> entries.add(new Entry("weights", fingerprint)));
        entries.add(new Entry("influence4j", provenance.libraryVersion()));
        entries.add(new Entry("runtime", provenance.runtime()));
        return entries;
    }
}
