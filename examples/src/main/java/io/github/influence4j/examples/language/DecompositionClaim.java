package io.github.influence4j.examples.language;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.token.TokenInfluence;
import io.github.influence4j.examples.corpus.Kind;
import io.github.influence4j.examples.corpus.Prompt;
import io.github.influence4j.examples.corpus.Sentence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Claim 10: scores are the sums of their parts, by layer, by position, and by predicted token. */
final class DecompositionClaim {

    private static final int TOP = 20;
    private static final double SUM = 1e-6;
    private static final double FINITE_DIFFERENCE = 0.01;
    private static final double LEAST_LAYER = 0.15;

    /** Small enough that hardly a unit of a ReLU changes sides; the model is in float64. */
    private static final double STEP = 1e-5;

    private DecompositionClaim() {}

    /**
     * Parts of one query.
     *
     * @param kind what was asked for
     * @param topic number of the fact or quote
     * @param layers share of each block in the influence of the 20 most influential sequences
     * @param sumOfLayers largest difference between a score and the sum of its layers, relative to the score
     * @param sumOfPositions largest difference between a score and the sum of its positions, relative to the score
     * @param score score of the most influential sequence
     * @param sumOfOutputTokens sum over its predicted tokens
     * @param firstWord share of the first word of the completion in that sum; 0 where the sequence does not hold it
     * @param secondWord share of the second word of the completion in that sum
     */
    @SuppressWarnings("ArrayRecordComponent") // written out, never compared
    public record Parts(
            Kind kind,
            int topic,
            double[] layers,
            double sumOfLayers,
            double sumOfPositions,
            double score,
            double sumOfOutputTokens,
            double firstWord,
            double secondWord) {

        double finiteDifference() {
            return Math.abs(sumOfOutputTokens - score) / Math.abs(score);
        }
    }

    static Claim measure(SyntheticBed bed, IhvpSolver solver, List<Prompt> prompts, InfluenceScores scores) {
        List<Parts> queries = new ArrayList<>();
        for (int q = 0; q < prompts.size(); q++) {
            queries.add(parts(bed, solver, prompts.get(q), scores.topK(q, TOP)));
        }
        double layerSum =
                largest(queries.stream().mapToDouble(Parts::sumOfLayers).toArray());
        double positionSum =
                largest(queries.stream().mapToDouble(Parts::sumOfPositions).toArray());
        double finiteDifference =
                largest(queries.stream().mapToDouble(Parts::finiteDifference).toArray());
        Map<String, double[]> shares = new LinkedHashMap<>();
        double least = 1;
        for (Kind kind : List.of(Kind.FACT, Kind.QUOTE, Kind.TRANSLATION)) {
            double[] share = meanLayers(queries, kind);
            shares.put(kind == Kind.TRANSLATION ? "translations" : RetrievalTable.name(kind), share);
            least = Math.min(least, Arrays.stream(share).min().orElse(0));
        }
        double[] facts = meanLayers(queries, Kind.FACT);
        double[] quotes = meanLayers(queries, Kind.QUOTE);
        boolean upper = quotes[quotes.length - 1] >= facts[facts.length - 1];
        Map<String, Object> measured = new LinkedHashMap<>();
        measured.put("layers = score, largest relative difference", layerSum);
        measured.put("positions = score, largest relative difference", positionSum);
        measured.put("output tokens = score, largest relative difference", finiteDifference);
        measured.put("share of the first name in a fact's influence", mean(queries, true));
        measured.put("share of the last name in a fact's influence", mean(queries, false));
        measured.put("share of each block", blockNames(shares));
        measured.put("least share of a block", least);
        measured.put("queries", queries);
        boolean holds = Math.max(layerSum, positionSum) <= SUM
                && finiteDifference <= FINITE_DIFFERENCE
                && least >= LEAST_LAYER
                && upper;
        return new Claim(
                10,
                "The decompositions add up, and influence is spread over the layers",
                measured,
                "layers × positions = score ≤1e-6; output tokens ≤1 %; each layer ≥.15; upper share quotes ≥ facts",
                holds);
    }

    private static Map<String, Object> blockNames(Map<String, double[]> shares) {
        Map<String, Object> named = new LinkedHashMap<>();
        shares.forEach((kind, share) -> {
            Map<String, Double> blocks = new LinkedHashMap<>();
            for (int b = 0; b < share.length; b++) {
                blocks.put("block " + b, share[b]);
            }
            named.put(kind, blocks);
        });
        return named;
    }

    private static double largest(double[] values) {
        return Arrays.stream(values).max().orElse(0);
    }

    private static double mean(List<Parts> queries, boolean first) {
        return queries.stream()
                .filter(query -> query.kind() == Kind.FACT)
                .mapToDouble(first ? Parts::firstWord : Parts::secondWord)
                .average()
                .orElse(0);
    }

    private static double[] meanLayers(List<Parts> queries, Kind kind) {
        List<Parts> group =
                queries.stream().filter(query -> query.kind() == kind).toList();
        double[] mean = new double[queries.get(0).layers().length];
        for (Parts query : group) {
            for (int l = 0; l < mean.length; l++) {
                mean[l] += query.layers()[l] / group.size();
            }
        }
        return mean;
    }

    private static Parts parts(SyntheticBed bed, IhvpSolver solver, Prompt prompt, List<Influence> best) {
        List<Sentence> top = best.stream()
                .map(influence -> bed.sentences().get((int) influence.trainId()))
                .toList();
        InfluenceScores scores = bed.scores(
                solver,
                List.of(prompt),
                bed.candidates(top.stream().map(Sentence::tokens).toList()),
                ScoreOptions.defaults().withPerLayer(true).withPerToken(true));
        double[] layers = new double[scores.layers().size() / 2]; // fc and proj of each block
        double total = 0;
        double layerError = 0;
        double positionError = 0;
        for (int z = 0; z < top.size(); z++) {
            double score = scores.score(0, z);
            double sum = 0;
            for (int l = 0; l < scores.layers().size(); l++) {
                double part = scores.layer(scores.layers().get(l)).toArray()[0][z];
                layers[l / 2] += part;
                sum += part;
            }
            total += score;
            layerError = Math.max(layerError, Math.abs(sum - score) / Math.abs(score));
            double positions = Arrays.stream(scores.tokens(0, z)).sum();
            positionError = Math.max(positionError, Math.abs(positions - score) / Math.abs(score));
        }
        double all = total;
        TokenSequence first = bed.candidates(List.of(top.get(0).tokens()))
                .batches(1)
                .iterator()
                .next()
                .examples()
                .get(0);
        double[] outputs;
        try (TokenInfluence<TokenSequence> tokens = TokenInfluence.along(
                bed.model(), solver.solve(QueryGradient.of(bed.model(), bed.query(prompt))), STEP)) {
            outputs = tokens.outputTokens(new ExampleBatch<>(List.of(first), new long[1]))[0];
        }
        double outputSum = Arrays.stream(outputs).sum();
        return new Parts(
                prompt.kind(),
                prompt.topic(),
                Arrays.stream(layers).map(layer -> layer / all).toArray(),
                layerError,
                positionError,
                scores.score(0, 0),
                outputSum,
                word(outputs, first, prompt.completion()[0]) / outputSum,
                word(outputs, first, prompt.completion()[1]) / outputSum);
    }

    /** Part of the places at which a token is predicted. */
    private static double word(double[] outputs, TokenSequence sequence, int token) {
        return IntStream.range(0, outputs.length)
                .filter(t -> sequence.tokens()[t + 1] == token)
                .mapToDouble(t -> outputs[t])
                .sum();
    }
}
