package io.github.influence4j.cli;

import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.cli.Report.Entry;
import io.github.influence4j.cli.Report.Found;
import io.github.influence4j.cli.Report.Question;
import io.github.influence4j.cli.Report.Share;
import io.github.influence4j.text.search.Bm25Index;
import io.github.influence4j.text.search.TfIdfMatch;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;

/** Makes a report of scores. */
final class Reporting {

    /** Layers that are shown of a question, and of an example, those of the largest share. */
    private static final int LAYERS = 8;

    private static final int LAYERS_OF_EXAMPLE = 3;

    private static final int FIRST = 10;

    /** Scores of the tail. */
    private static final int TAIL = 100;

    private final ReportedScores scores;
    private final ReportedExamples train;
    private final ReportedExamples queries;
    private final Map<Long, String> groups;
    private final int examples;
    private final Optional<String> shadedLayer;
    private final PerCopy perCopy;

    /**
     * Prepares a report.
     *
     * @param scores the scores
     * @param train shows training examples
     * @param queries shows questions
     * @param groups what training examples belong to; empty where nobody asked
     * @param examples most helpful and most harmful ones that are shown of each question
     * @param shadedLayer the layer whose parts shade tokens; empty for all together
     */
    Reporting(
            ReportedScores scores,
            ReportedExamples train,
            ReportedExamples queries,
            Map<Long, String> groups,
            int examples,
            Optional<String> shadedLayer) {
        this.scores = scores;
        this.train = train;
        this.queries = queries;
        this.groups = groups;
        this.examples = examples;
        this.shadedLayer = shadedLayer;
        this.perCopy = PerCopy.of(scores.provenance());
    }

    /** The report, with warnings that others found before those of the scores. */
    Report report(List<String> found) throws IOException {
        long[] searched = scores.areAll() && train.searched().length > 0 ? scores.trainIds() : train.searched();
        List<Question> questions = new ArrayList<>();
        try (Bm25Index index = Bm25Index.of(
                () -> Arrays.stream(searched).mapToObj(train::words).iterator())) {
            for (int q = 0; q < scores.queryIds().length; q++) {
                questions.add(question(q, index, searched));
            }
        }
        List<String> warnings = new ArrayList<>(found);
        warnings.addAll(ReportWarnings.of(scores, questions));
        return new Report(
                scores.areSelf(),
                scores.provenance().counts().getOrDefault("training examples", (long)
                        scores.of(0).trainIds().length),
                perCopy.examples(),
                perCopy.sentence(),
                scores.hasTokens(),
                shadedLayer,
                !groups.isEmpty(),
                warnings,
                questions,
                scores.provenance());
    }

    private Question question(int q, Bm25Index index, long[] searched) {
        long id = scores.queryIds()[q];
        InfluenceScores of = scores.of(q);
        List<Influence> helpful = of.topK(0, examples);
        Map<Long, Integer> columns = new HashMap<>();
        long[] ids = of.trainIds();
        for (int z = 0; z < ids.length; z++) {
            columns.put(ids[z], z);
        }
        double[][] layers = of.layers().stream().map(layer -> row(of, layer)).toArray(double[][]::new);
        Optional<Distribution> distribution = scores.areAll()
                ? Optional.of(Distribution.of(
                        Arrays.stream(of.row(0)).map(perCopy::perCopy).toArray()))
                : Optional.empty();
        List<GroupSum> sums = groups.isEmpty() ? List.of() : GroupSum.of(of, 0, groupsOf(ids), perCopy);
        double[] largest = positive(of);
        return new Question(
                id,
                queries.shown(id, new double[0]),
                entries(of, helpful, columns, layers, score -> score > 0),
                entries(of, of.bottomK(0, examples), columns, layers, score -> score < 0),
                shares(of.layers(), l -> Arrays.stream(layers[l]).map(Math::abs).sum(), LAYERS),
                ends(sums, sum -> sum.sum() > 0),
                ends(reversed(sums), sum -> sum.sum() < 0),
                distribution,
                Arrays.stream(largest).limit(TAIL).map(perCopy::perCopy).toArray(),
                concentration(largest),
                scores.areSelf() || searched.length == 0
                        ? Optional.empty()
                        : Optional.of(found(id, index, searched, helpful)),
                distribution.filter(Distribution::isFlat).isPresent()
                        ? List.of(
                                "No example stands out: neither end of the scores is further from their mean than the largest"
                                        + " of as many normal numbers would be by chance.")
                        : List.of());
    }

    private List<String> groupsOf(long[] ids) {
        return Arrays.stream(ids).mapToObj(groups::get).toList();
    }

    private static List<GroupSum> reversed(List<GroupSum> sums) {
        List<GroupSum> reversed = new ArrayList<>(sums);
        Collections.reverse(reversed);
        return reversed;
    }

    private List<GroupSum> ends(List<GroupSum> sums, Predicate<GroupSum> side) {
        return sums.stream().filter(side).limit(examples).toList();
    }

    private static double[] row(InfluenceScores of, String layer) {
        double[] row = new double[of.trainIds().length];
        of.layer(layer).read(0, 1, row, 0);
        return row;
    }

    /** Examples on the wrong side of 0 are left out: the least harmful of a helpful set is not harmful. */
    private List<Entry> entries(
            InfluenceScores of,
            List<Influence> chosen,
            Map<Long, Integer> columns,
            double[][] layers,
            Predicate<Double> side) {
        List<Entry> entries = new ArrayList<>();
        for (Influence each : chosen) {
            if (side.test(each.score())) {
                int z = columns.getOrDefault(each.trainId(), 0);
                entries.add(new Entry(
                        each.trainId(),
                        perCopy.perUnit(each.score()),
                        perCopy.perCopy(each.score()),
                        Optional.ofNullable(groups.get(each.trainId())),
                        shares(of.layers(), l -> Math.abs(layers[l][z]), LAYERS_OF_EXAMPLE),
                        layerTokens(of, z),
                        train.shown(each.trainId(), shades(of, z))));
            }
        }
        return entries;
    }

    private double[] shades(InfluenceScores of, int z) {
        if (!of.hasTokens()) {
            return new double[0];
        }
        return perCopy(shadedLayer.map(layer -> of.tokens(layer, 0, z)).orElseGet(() -> of.tokens(0, z)));
    }

    private Map<String, double[]> layerTokens(InfluenceScores of, int z) {
        Map<String, double[]> parts = new LinkedHashMap<>();
        of.tokenLayers().forEach(layer -> parts.put(layer, perCopy(of.tokens(layer, 0, z))));
        return parts;
    }

    private double[] perCopy(double[] parts) {
        return Arrays.stream(parts).map(perCopy::perCopy).toArray();
    }

    /** The share of a layer is that of its parts' magnitudes. */
    private static List<Share> shares(List<String> layers, ToDoubleFunction<Integer> magnitude, int most) {
        Map<String, Double> magnitudes = new LinkedHashMap<>();
        for (int l = 0; l < layers.size(); l++) {
            magnitudes.put(layers.get(l), magnitude.applyAsDouble(l));
        }
        double all =
                magnitudes.values().stream().mapToDouble(Double::doubleValue).sum();
        return magnitudes.entrySet().stream()
                .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
                .limit(most)
                .map(entry -> new Share(entry.getKey(), all == 0 ? 0 : entry.getValue() / all))
                .toList();
    }

    private List<Found> found(long query, Bm25Index index, long[] searched, List<Influence> helpful) {
        return index.search(queries.words(query), examples).stream()
                .map(TfIdfMatch::id)
                .map(place -> searched[Math.toIntExact(place)]) // the index counts texts
                .map(id -> new Found(id, train.words(id), helpful.stream().anyMatch(each -> each.trainId() == id)))
                .toList();
    }

    /** Empty where those that help are too few to speak of the first. */
    private String concentration(double[] largest) {
        if (largest.length == 0) {
            return "no example helps";
        }
        double all = Arrays.stream(largest).sum();
        double first = Arrays.stream(largest).limit(FIRST).sum();
        return largest.length <= FIRST
                ? ""
                : String.format(
                        Locale.ROOT,
                        "the first %d of %,d examples that help%s have %.0f %% of their sum",
                        FIRST,
                        largest.length,
                        scores.areAll() ? "" : " and were kept",
                        100 * first / all);
    }

    private static double[] positive(InfluenceScores of) {
        double[] sorted =
                Arrays.stream(of.row(0)).filter(score -> score > 0).sorted().toArray();
        double[] descending = new double[sorted.length];
        Arrays.setAll(descending, k -> sorted[sorted.length - 1 - k]);
        return descending;
    }
}
