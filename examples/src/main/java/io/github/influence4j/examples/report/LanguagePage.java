package io.github.influence4j.examples.report;

import io.github.influence4j.baselines.retraining.PairedBootstrap;
import io.github.influence4j.examples.language.BasisComparison;
import io.github.influence4j.examples.language.Claim;
import io.github.influence4j.examples.language.LanguageResult;
import io.github.influence4j.examples.language.RetrievalTable;
import io.github.influence4j.examples.language.VerseModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What the template of the results asks for by name, with every number written out. */
final class LanguagePage {

    private final LanguageResult result;

    record Tile(String label, String value, String note) {}

    record Link(String page, String topic, String prompt, String completion) {}

    record Verdict(int number, String statement, String threshold, String measured, boolean holds) {}

    record Found(
            String name,
            int queries,
            String estimator,
            String precision,
            String precisionBar,
            String rank,
            String rankBar) {}

    record Size(
            String name,
            String parameters,
            String loss,
            String heldOut,
            String above,
            String topTenth,
            String median,
            String dotProduct,
            String tfIdf,
            String english) {}

    record Entry(String name, String value) {}

    record Directions(String seed, String name, String pearson, String spearman, String explained) {}

    LanguagePage(LanguageResult result) {
        this.result = result;
    }

    List<Tile> tiles() {
        long held = result.claims().stream().filter(Claim::holds).count();
        List<Tile> tiles = new ArrayList<>();
        if (!result.claims().isEmpty()) {
            tiles.add(new Tile(
                    "Claims of the paper that hold here",
                    held + " of " + result.claims().size(),
                    "with the thresholds set beforehand"));
        }
        RetrievalTable facts = result.retrieval().get("facts");
        if (facts != null) {
            tiles.add(new Tile(
                    "Sources of a fact among the first ten",
                    ScoreFormat.percent(facts.ekfac().precision()),
                    "EK-FAC; dot product of gradients: "
                            + ScoreFormat.percent(facts.dotProduct().precision()) + ", shared words: "
                            + ScoreFormat.percent(facts.tfIdf().precision())));
        }
        if (!result.verseModels().isEmpty()) {
            VerseModel largest = result.verseModels().get(result.verseModels().size() - 1);
            tiles.add(new Tile(
                    "Spanish verses whose English counterpart ranks above the middle",
                    ScoreFormat.percent(largest.aboveMedian()),
                    "largest model; chance: 50 %"));
        }
        tiles.add(new Tile(
                "Time for everything",
                ScoreFormat.fixed(result.duration().toSeconds() / 60.0, 1) + " min",
                "models: " + result.origin()));
        return tiles;
    }

    List<Link> links() {
        return result.queries().stream()
                .map(query -> new Link(query.name() + ".html", query.topic(), query.prompt(), query.completion()))
                .toList();
    }

    List<Verdict> claims() {
        return result.claims().stream()
                .map(claim ->
                        new Verdict(claim.claim(), claim.statement(), claim.threshold(), summary(claim), claim.holds()))
                .toList();
    }

    /** The measured numbers that are not lists of queries. */
    private static String summary(Claim claim) {
        List<String> parts = new ArrayList<>();
        claim.measured().forEach((name, value) -> {
            String text = value(value);
            if (!text.isEmpty()) {
                parts.add(name + ": " + text);
            }
        });
        return String.join("; ", parts);
    }

    private static String value(Object value) {
        if (value instanceof Double number) {
            return number != 0 && Math.abs(number) < 0.001
                    ? String.format(Locale.ROOT, "%.1e", number)
                    : ScoreFormat.fixed(number, 3);
        }
        if (value instanceof Map<?, ?> map) {
            List<String> parts = new ArrayList<>();
            map.forEach((name, part) -> {
                String text = value(part);
                if (!text.isEmpty()) {
                    parts.add(name + " " + text);
                }
            });
            return String.join(", ", parts);
        }
        boolean plain = value instanceof Number || value instanceof Boolean || value instanceof String;
        return plain ? value.toString() : "";
    }

    List<Found> retrieval() {
        List<Found> rows = new ArrayList<>();
        result.retrieval().forEach((name, table) -> {
            rows.add(found(name, table.queries(), "EK-FAC", table.ekfac()));
            rows.add(found("", table.queries(), "dot product", table.dotProduct()));
            rows.add(found("", table.queries(), "TF-IDF (shared words)", table.tfIdf()));
        });
        return rows;
    }

    private static Found found(String name, int queries, String estimator, RetrievalTable.Means means) {
        return new Found(
                name.isEmpty() ? "" : name + " (" + queries + ")",
                queries,
                estimator,
                ScoreFormat.fixed(means.precision(), 2),
                ScoreFormat.bar(means.precision(), 1),
                ScoreFormat.fixed(means.reciprocalRank(), 2),
                ScoreFormat.bar(means.reciprocalRank(), 1));
    }

    List<String> comparisons() {
        List<String> lines = new ArrayList<>();
        result.retrieval().forEach((name, table) -> {
            lines.add(comparison(name, "precision", "the dot product", table.precisionOverDotProduct()));
            lines.add(comparison(name, "precision", "TF-IDF", table.precisionOverTfIdf()));
            lines.add(comparison(name, "reciprocal rank", "the dot product", table.rankOverDotProduct()));
            lines.add(comparison(name, "reciprocal rank", "TF-IDF", table.rankOverTfIdf()));
        });
        return lines;
    }

    private static String comparison(String name, String measure, String other, PairedBootstrap difference) {
        String verdict = difference.better() ? "above" : difference.high() < 0 ? "below" : "not told apart from";
        return "For " + name + " EK-FAC's " + measure + " is " + verdict + " that of " + other + ": difference "
                + ScoreFormat.fixed(difference.difference(), 2) + ", 95 % interval "
                + ScoreFormat.fixed(difference.low(), 2) + " to " + ScoreFormat.fixed(difference.high(), 2) + ".";
    }

    boolean hasClaims() {
        return !result.claims().isEmpty();
    }

    boolean hasBasis() {
        return result.basis().isPresent();
    }

    String basisVerdict() {
        return result.basis().orElseThrow().verdict();
    }

    int basisDraws() {
        return result.basis().orElseThrow().draws();
    }

    List<Directions> bases() {
        BasisComparison comparison = result.basis().orElseThrow();
        List<Directions> rows = new ArrayList<>();
        for (long seed : comparison.seeds()) {
            rows.add(directions(Long.toString(seed), "none", comparison.mean(seed, BasisComparison.Layer::identity)));
            rows.add(directions("", "EK-FAC", comparison.mean(seed, BasisComparison.Layer::ekfac)));
            rows.add(directions("", "gradients", comparison.mean(seed, BasisComparison.Layer::gradient)));
        }
        return rows;
    }

    List<Directions> exactWords() {
        return result.basis().orElseThrow().words().stream()
                .map(words -> new Directions(
                        Long.toString(words.seed()),
                        words.scores(),
                        ScoreFormat.fixed(words.precision(), 2),
                        ScoreFormat.fixed(words.reciprocalRank(), 2),
                        ""))
                .toList();
    }

    private static Directions directions(String seed, String name, BasisComparison.Mean mean) {
        return new Directions(
                seed,
                name,
                ScoreFormat.fixed(mean.pearson(), 3),
                ScoreFormat.fixed(mean.spearman(), 3),
                ScoreFormat.fixed(mean.explained(), 3));
    }

    boolean hasVerses() {
        return !result.verseModels().isEmpty();
    }

    List<Size> sizes() {
        return result.verseModels().stream().map(LanguagePage::size).toList();
    }

    private static Size size(VerseModel model) {
        return new Size(
                model.name(),
                ScoreFormat.grouped(model.parameters()),
                ScoreFormat.fixed(model.trainingLoss(), 2),
                ScoreFormat.fixed(model.heldOutLoss(), 2),
                ScoreFormat.percent(model.aboveMedian()),
                ScoreFormat.percent(model.topTenth()),
                ScoreFormat.percent(model.median()),
                ScoreFormat.percent(model.medianOfDotProduct()),
                ScoreFormat.percent(model.medianOfTfIdf()),
                ScoreFormat.percent(model.english()));
    }

    String verdictOnVerses() {
        VerseModel smallest = result.verseModels().get(0);
        VerseModel largest = result.verseModels().get(result.verseModels().size() - 1);
        String place = String.format(
                Locale.ROOT,
                "In the largest model the counterpart %s above the middle for most verses (chance alone would be as far from half"
                        + " with p = %.2g); for %s of them it is in the highest tenth (chance: 10 %%).",
                largest.aboveMedian() > 0.5 ? "ranks" : "does not rank",
                largest.chance(),
                ScoreFormat.percent(largest.topTenth()));
        PairedBootstrap change = largest.growthOver(smallest);
        String growth = String.format(
                Locale.ROOT,
                " From the smallest to the largest model its mean place changes by %+.3f (95 %% interval %+.3f to %+.3f): %s.",
                change.difference(),
                change.low(),
                change.high(),
                change.better()
                        ? "it grows with size"
                        : "a growth with size, as the paper found from 810 million to 52 billion parameters, is not seen here");
        String words = largest.median() > largest.medianOfTfIdf()
                ? " It ranks better than by shared names and punctuation alone."
                : " Shared names and punctuation alone place it as high or higher.";
        return place + growth + words;
    }

    List<Entry> provenance() {
        List<Entry> entries = new ArrayList<>();
        entries.add(new Entry("models", result.origin()));
        result.model().ifPresent(model -> {
            entries.add(new Entry("seed of the model of the synthetic language", Long.toString(result.seed())));
            entries.add(new Entry("its weights", ScoreFormat.grouped(model.parameters())));
            entries.add(new Entry("its training loss a token", ScoreFormat.fixed(model.loss(), 3) + " nats"));
            entries.add(new Entry("facts it is more than half sure of", ScoreFormat.percent(model.factsKnown())));
        });
        result.provenance().ifPresent(provenance -> {
            entries.add(new Entry("backend", provenance.backend()));
            provenance.options().forEach((name, value) -> entries.add(new Entry(name, value)));
            entries.add(new Entry("influence4j", provenance.libraryVersion()));
            entries.add(new Entry("runtime", provenance.runtime()));
        });
        result.durations()
                .forEach((name, time) ->
                        entries.add(new Entry("time: " + name, ScoreFormat.fixed(time.toMillis() / 1000.0, 1) + " s")));
        return entries;
    }
}
