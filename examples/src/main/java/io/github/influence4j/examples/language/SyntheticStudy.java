package io.github.influence4j.examples.language;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.examples.corpus.Fact;
import io.github.influence4j.examples.corpus.Kind;
import io.github.influence4j.examples.corpus.Prompt;
import io.github.influence4j.examples.corpus.Sentence;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.text.search.TfIdfIndex;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/** Everything that is asked of the model of the synthetic language: claims 5 to 12, and the search for sources. */
final class SyntheticStudy {

    private static final int LOW_RANK_SEQUENCES = 1500;

    private final SyntheticBed bed;
    private final MatrixBackend backend;
    private final SyntheticQueries queries;

    /**
     * What was found.
     *
     * @param claims claims 5 to 12
     * @param retrieval what was found by kind
     * @param explained some answers
     * @param model the model and how well it learnt
     * @param provenance how EK-FAC was fitted
     */
    record Findings(
            List<Claim> claims,
            Map<String, RetrievalTable> retrieval,
            List<ExplainedQuery> explained,
            LanguageResult.SyntheticModel model,
            Provenance provenance) {}

    SyntheticStudy(SyntheticBed bed, MatrixBackend backend, LanguageOptions options) {
        this.bed = bed;
        this.backend = backend;
        this.queries = SyntheticQueries.of(bed, options);
    }

    Findings run() {
        List<Prompt> close = queries.close();
        List<Prompt> searched = queries.searched();
        try (TfIdfIndex index = TfIdfIndex.of(ExampleSource.of(bed.sentences()), Sentence::tokens);
                EigenbasisCurvature curvature = bed.fit(FitOptions.defaults(), bed.train());
                IhvpSolver ekfac = curvature.solver(Damping.DEFAULT);
                EigenbasisCurvature identity =
                        bed.fit(FitOptions.defaults().withStrategy(Strategy.IDENTITY), bed.train());
                IhvpSolver dotProduct = identity.solver(Damping.absolute(0))) {
            InfluenceScores scores = bed.scores(ekfac, close);
            List<Retrieved> found = RetrievalClaim.retrieve(
                    bed.sentences(), searched, bed.scores(ekfac, searched), bed.scores(dotProduct, searched), index);
            List<Claim> claims = List.of(
                    LowRankClaim.measure(bed, ekfac, queries.lowRank(), LOW_RANK_SEQUENCES),
                    SplitClaim.measure(bed, close, scores),
                    RetrievalClaim.measure(found),
                    TailClaim.measure(close, scores),
                    WordOrderClaim.measure(bed, ekfac, dotProduct),
                    DecompositionClaim.measure(bed, ekfac, close, scores),
                    RobustnessClaim.measure(bed, curvature, close, scores),
                    FilterClaim.measure(close, scores, index));
            return new Findings(
                    claims,
                    RetrievalClaim.tables(found),
                    explain(ekfac, close, scores),
                    new LanguageResult.SyntheticModel(
                            bed.model().shape().parameters(), bed.sentences().size(), loss(), factsKnown()),
                    ekfac.provenance());
        }
    }

    private double factsKnown() {
        List<TokenSequence> asked = queries.facts().stream().map(bed::query).toList();
        double[] losses = bed.model().measurements(new ExampleBatch<>(asked, new long[asked.size()]));
        return IntStream.range(0, losses.length)
                        .filter(q -> losses[q] < Math.log(2))
                        .count()
                / (double) losses.length;
    }

    private double loss() {
        double sum = 0;
        long tokens = 0;
        for (ExampleBatch<TokenSequence> batch : bed.train().batches(256)) {
            for (double[] row : bed.model().tokenLosses(batch)) {
                for (double value : row) {
                    sum += value;
                }
                tokens += row.length;
            }
        }
        return sum / tokens;
    }

    private List<ExplainedQuery> explain(IhvpSolver solver, List<Prompt> prompts, InfluenceScores scores) {
        Explainer explainer = new Explainer(
                backend, bed.model(), "a model of a made-up language", solver, bed.train(), tokens -> IntStream.of(
                                tokens)
                        .mapToObj(token -> token == bed.language().start()
                                ? "▸"
                                : " " + bed.language().tokenizer().text(token))
                        .toList());
        List<ExplainedQuery> explained = new ArrayList<>();
        for (int q : queries.explained()) {
            explained.add(explainer.explain(question(prompts.get(q), q), scores, q));
        }
        return explained;
    }

    private Explainer.Question question(Prompt prompt, int number) {
        return new Explainer.Question(
                name(prompt.kind()) + "-" + number,
                switch (prompt.kind()) {
                    case FACT -> "A fact about " + entity(bed.language().facts().get(prompt.topic()));
                    case QUOTE -> "The end of a quote";
                    case TRANSLATION -> "A translation of five words";
                    case REVERSED, FILLER -> throw new IllegalStateException("nothing asks for " + prompt.kind());
                },
                bed.query(prompt),
                id -> note(prompt, bed.sentences().get((int) id)),
                id -> RetrievalClaim.isSource(bed.sentences().get((int) id), prompt));
    }

    private static String name(Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    private String entity(Fact fact) {
        return bed.language().tokenizer().decode(new int[] {fact.entityFirst(), fact.entitySecond()});
    }

    private String note(Prompt asked, Sentence sentence) {
        return switch (sentence.kind()) {
            case FACT, REVERSED -> {
                String order = sentence.kind() == Kind.REVERSED ? ", told backwards" : "";
                if (asked.kind() != Kind.FACT) {
                    yield "a fact" + order;
                }
                Fact told = bed.language().facts().get(sentence.topic());
                Fact wanted = bed.language().facts().get(asked.topic());
                if (told.equals(wanted)) {
                    yield "the same fact" + order;
                }
                yield (entity(told).equals(entity(wanted))
                                ? "another fact about " + entity(told)
                                : "a fact about another place")
                        + order;
            }
            case QUOTE ->
                sentence.topic() == asked.topic() && asked.kind() == Kind.QUOTE ? "the same quote" : "a quote";
            case TRANSLATION -> "a translation";
            case FILLER -> "filler";
        };
    }
}
