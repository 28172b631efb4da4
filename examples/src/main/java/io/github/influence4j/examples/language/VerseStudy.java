package io.github.influence4j.examples.language;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.decoder.DecoderTrainingOptions;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.examples.corpus.Verse;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.text.search.TfIdfIndex;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Models of several sizes on the real text: where does the English counterpart of a held-out Spanish verse rank? */
final class VerseStudy {

    private static final int BATCH = 32;
    private static final int TOP = 100;
    private static final int WIDTH_OF_A_HEAD = 16;

    private final MatrixBackend backend;
    private final LanguageOptions options;
    private final ModelStore store;
    private final ProgressListener progress;
    private final VerseBed bed;
    private final ExampleSource<TokenSequence> train;
    private final List<TokenSequence> spanish;
    private final List<TokenSequence> english;

    /**
     * What was found.
     *
     * @param models smallest first
     * @param explained answers of the largest
     */
    record Findings(List<VerseModel> models, List<ExplainedQuery> explained) {}

    VerseStudy(MatrixBackend backend, LanguageOptions options, ModelStore store, ProgressListener progress) {
        this.backend = backend;
        this.options = options;
        this.store = store;
        this.progress = progress;
        this.bed = new VerseBed(options.verses());
        this.train = bed.train();
        this.spanish = bed.heldSpanish().stream()
                .map(verse -> bed.query(verse.spanish()))
                .toList();
        this.english = bed.heldEnglish().stream()
                .map(verse -> bed.query(verse.english()))
                .toList();
    }

    Findings run() {
        List<VerseModel> models = new ArrayList<>();
        List<ExplainedQuery> explained = List.of();
        for (int width : options.verseWidths()) {
            int blocks = Math.max(2, Integer.numberOfTrailingZeros(Integer.highestOneBit(width)) - 3);
            DecoderShape shape = DecoderShape.of(
                            bed.vocabulary(), VerseBed.CONTEXT, blocks, width, Math.max(1, width / WIDTH_OF_A_HEAD))
                    .withTied(true);
            int steps = Math.max(1, (int) (options.epochs() * train.size() / BATCH));
            DecoderTrainingOptions training = DecoderTrainingOptions.defaults()
                    .withBatchSize(BATCH)
                    .withSteps(steps)
                    .withSeed(options.seed());
            String name = "width " + width;
            ProgressListener named = (stage, done, total) -> progress.progress(name + ": " + stage, done, total);
            try (Decoder model =
                    store.model("verses-" + width, new ModelStore.Recipe(shape, train, training), backend)) {
                boolean last = models.size() == options.verseWidths().size() - 1;
                explained = measure(name, model, models, last, named);
            }
        }
        return new Findings(models, explained);
    }

    private List<ExplainedQuery> measure(
            String name, Decoder model, List<VerseModel> models, boolean last, ProgressListener named) {
        List<TokenSequence> asked =
                Stream.concat(spanish.stream(), english.stream()).toList();
        ExampleSource<TokenSequence> queries = ExampleSource.of(asked);
        InfluenceScorer<TokenSequence> scorer = new InfluenceScorer<>(backend, model, ScoreOptions.defaults(), named);
        try (EigenbasisCurvature curvature =
                        EigenbasisApproximator.<TokenSequence>ekfac(backend).fit(model, train, named);
                IhvpSolver solver = curvature.solver(Damping.DEFAULT);
                EigenbasisCurvature identity = EigenbasisApproximator.<TokenSequence>of(
                                backend, FitOptions.defaults().withStrategy(Strategy.IDENTITY))
                        .fit(model, train);
                IhvpSolver dotProduct = identity.solver(Damping.absolute(0));
                TfIdfIndex index = TfIdfIndex.of(ExampleSource.of(bed.passages()), VersePassage::tokens)) {
            InfluenceScores scores = scorer.pairwise(solver, queries, train);
            InfluenceScores dots = scorer.pairwise(dotProduct, queries, train);
            models.add(new VerseModel(
                    name,
                    model.shape().width(),
                    model.shape().blocks(),
                    model.shape().parameters(),
                    loss(model, train),
                    loss(model, ExampleSource.of(spanish)),
                    IntStream.range(0, spanish.size())
                            .mapToObj(q -> crossLingual(q, scores, dots, index))
                            .toList()));
            return last ? explain(name, model, solver, scores) : List.of();
        }
    }

    private CrossLingual crossLingual(int q, InfluenceScores scores, InfluenceScores dots, TfIdfIndex index) {
        Verse verse = bed.heldSpanish().get(q);
        IntPredicate isEnglish = z -> bed.passages().get(z).language() == VersePassage.Language.ENGLISH;
        int counterpart = IntStream.range(0, bed.passages().size())
                .filter(z ->
                        isEnglish.test(z) && bed.passages().get(z).reference().equals(verse.reference()))
                .findFirst()
                .orElseThrow();
        double[] shared = new double[bed.passages().size()];
        int[] tokens = Arrays.stream(spanish.get(q).tokens()).skip(1).toArray();
        index.search(tokens, shared.length).forEach(match -> shared[(int) match.id()] = match.score());
        double english = scores.topK(q, TOP).stream()
                        .map(Influence::trainId)
                        .filter(id -> isEnglish.test(id.intValue()))
                        .count()
                / (double) TOP;
        return new CrossLingual(
                verse.reference(),
                place(scores.row(q), counterpart, isEnglish),
                place(dots.row(q), counterpart, isEnglish),
                place(shared, counterpart, isEnglish),
                english);
    }

    /** Share of the other candidates with a lower score, ties counted half. */
    static double place(double[] scores, int counterpart, IntPredicate isCandidate) {
        int others = 0;
        double below = 0;
        for (int z = 0; z < scores.length; z++) {
            if (z != counterpart && isCandidate.test(z)) {
                others++;
                below += scores[z] < scores[counterpart] ? 1 : scores[z] == scores[counterpart] ? 0.5 : 0;
            }
        }
        return below / others;
    }

    private static double loss(Decoder model, ExampleSource<TokenSequence> sequences) {
        double sum = 0;
        long tokens = 0;
        for (ExampleBatch<TokenSequence> batch : sequences.batches(BATCH)) {
            for (double[] row : model.tokenLosses(batch)) {
                sum += Arrays.stream(row).sum();
                tokens += row.length;
            }
        }
        return sum / tokens;
    }

    private List<ExplainedQuery> explain(String name, Decoder model, IhvpSolver solver, InfluenceScores scores) {
        Explainer explainer = new Explainer(
                backend, model, "the largest model (" + name + ") of verses and a novel", solver, train, tokens -> {
                    List<String> texts = new ArrayList<>(List.of("▸ "));
                    texts.addAll(bed.tokenizer().texts(Arrays.copyOfRange(tokens, 1, tokens.length)));
                    return texts;
                });
        List<ExplainedQuery> explained = new ArrayList<>();
        for (int q = 0; q < english.size(); q++) {
            Verse verse = bed.heldEnglish().get(q);
            explained.add(
                    explainer.explain(question("english-" + q, verse, english.get(q)), scores, spanish.size() + q));
        }
        for (int q = 0; q < Math.min(2, spanish.size()); q++) {
            Verse verse = bed.heldSpanish().get(q);
            explained.add(explainer.explain(question("spanish-" + q, verse, spanish.get(q)), scores, q));
        }
        return explained;
    }

    private Explainer.Question question(String name, Verse verse, TokenSequence sequence) {
        return new Explainer.Question(
                name,
                verse.reference() + ", a verse that it never saw" + (name.startsWith("spanish") ? " in Spanish" : ""),
                sequence,
                id -> note(bed.passages().get((int) id)),
                id -> bed.passages().get((int) id).reference().equals(verse.reference()));
    }

    private static String note(VersePassage passage) {
        return switch (passage.language()) {
            case ENGLISH -> passage.reference();
            case SPANISH -> passage.reference() + " in Spanish";
            case NOVEL -> passage.reference();
        };
    }
}
