package io.github.influence4j.examples.language;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.token.TokenInfluence;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.text.tail.Coverage;
import io.github.influence4j.text.tail.PowerLaw;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.function.LongPredicate;
import java.util.stream.Stream;

/** Looks closely at the sequences at both ends of a query's ranking: which of their words, and which layers, matter. */
final class Explainer {

    private static final int HELPFUL = 10;
    private static final int HARMFUL = 3;
    private static final double TOP = 0.01;

    private final MatrixBackend backend;
    private final Decoder model;
    private final String modelName;
    private final IhvpSolver solver;
    private final List<TokenSequence> train;
    private final Function<int[], List<String>> texts;

    /** {@code texts}: how the tokens of a sequence are written, each with the space that it begins with. */
    Explainer(
            MatrixBackend backend,
            Decoder model,
            String modelName,
            IhvpSolver solver,
            ExampleSource<TokenSequence> train,
            Function<int[], List<String>> texts) {
        this.backend = backend;
        this.model = model;
        this.modelName = modelName;
        this.solver = solver;
        this.train = new ArrayList<>();
        train.batches(1024).forEach(batch -> this.train.addAll(batch.examples()));
        this.texts = texts;
    }

    /**
     * What is asked.
     *
     * @param name name of the page
     * @param topic what is asked, in words
     * @param sequence prompt and completion
     * @param note says where a training sequence comes from
     * @param isSource says whether a training sequence states the answer
     */
    record Question(
            String name, String topic, TokenSequence sequence, LongFunction<String> note, LongPredicate isSource) {}

    /** {@code q}: row of the question in scores over the whole training set. */
    ExplainedQuery explain(Question question, InfluenceScores scores, int q) {
        List<Influence> helpful = scores.topK(q, HELPFUL);
        List<Influence> harmful = scores.bottomK(q, HARMFUL);
        List<TokenSequence> both = Stream.concat(helpful.stream(), harmful.stream())
                .map(influence -> train.get((int) influence.trainId()))
                .toList();
        InfluenceScores parts = new InfluenceScorer<TokenSequence>(
                        backend,
                        model,
                        ScoreOptions.defaults().withPerLayer(true).withPerToken(true),
                        ProgressListener.silent())
                .pairwise(solver, ExampleSource.of(List.of(question.sequence())), ExampleSource.of(both));
        double[][] predicted;
        try (TokenInfluence<TokenSequence> tokens =
                TokenInfluence.of(model, solver, QueryGradient.of(model, question.sequence()))) {
            predicted = tokens.outputTokens(new ExampleBatch<>(both, new long[both.size()]));
        }
        double[] row = scores.row(q);
        double[] sorted = row.clone();
        Arrays.sort(sorted);
        double[] highest = new double[sorted.length];
        Arrays.setAll(highest, r -> sorted[sorted.length - 1 - r]);
        TokenSequence asked = question.sequence();
        List<String> words = texts.apply(asked.tokens());
        double loss = model.measurements(new ExampleBatch<>(List.of(asked), new long[1]))[0];
        return new ExplainedQuery(
                question.name(),
                question.topic(),
                modelName,
                String.join("", words.subList(1, asked.prompt())),
                String.join("", words.subList(asked.prompt(), words.size())),
                Math.exp(-loss),
                sequences(question, helpful, parts, predicted, 0),
                sequences(question, harmful, parts, predicted, helpful.size()),
                layers(parts, helpful.size()),
                highest,
                PowerLaw.fit(row, QueryTail.size(row.length)),
                Coverage.ofTop(row, TOP));
    }

    private List<ExplainedSequence> sequences(
            Question question, List<Influence> influences, InfluenceScores parts, double[][] predicted, int first) {
        List<ExplainedSequence> sequences = new ArrayList<>();
        for (int r = 0; r < influences.size(); r++) {
            Influence influence = influences.get(r);
            double[] perToken = parts.tokens(0, first + r);
            int[] tokens = train.get((int) influence.trainId()).tokens();
            List<String> written = texts.apply(tokens);
            List<ExplainedToken> words = new ArrayList<>();
            for (int t = 0; t < tokens.length; t++) {
                // the last token is predicted and never read, the first one read and never predicted
                words.add(new ExplainedToken(
                        written.get(t),
                        t < tokens.length - 1 ? perToken[t] : 0,
                        t > 0 ? predicted[first + r][t - 1] : 0));
            }
            sequences.add(new ExplainedSequence(
                    influence.trainId(),
                    question.note().apply(influence.trainId()),
                    question.isSource().test(influence.trainId()),
                    influence.score(),
                    TokenInfluence.isSpurious(perToken),
                    words));
        }
        return sequences;
    }

    private static Map<String, Double> layers(InfluenceScores parts, int helpful) {
        Map<String, Double> shares = new LinkedHashMap<>();
        double total = 0;
        for (int z = 0; z < helpful; z++) {
            total += parts.score(0, z);
        }
        for (String layer : parts.layers()) {
            double sum = 0;
            for (int z = 0; z < helpful; z++) {
                sum += parts.layer(layer).toArray()[0][z];
            }
            shares.put(layer.replace("blocks.", "block ").replace(".mlp.", ", "), sum / total);
        }
        return shares;
    }
}
