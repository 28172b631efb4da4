package io.github.influence4j.examples.language;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.IhvpSolver;
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
import io.github.influence4j.examples.corpus.Prompt;
import io.github.influence4j.examples.corpus.Sentence;
import io.github.influence4j.examples.corpus.SyntheticLanguage;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** The synthetic language, its training sequences, and a model that was trained on them. */
final class SyntheticBed implements AutoCloseable {

    private static final int BLOCKS = 3;
    private static final int WIDTH = 48;
    private static final int HEADS = 4;

    private final MatrixBackend backend;
    private final SyntheticLanguage language;
    private final List<Sentence> sentences;
    private final ExampleSource<TokenSequence> train;
    private final Decoder model;
    private final ProgressListener progress;

    /** {@code seed}: of the model; the corpus is always the same. */
    SyntheticBed(
            MatrixBackend backend, ModelStore store, LanguageOptions options, long seed, ProgressListener progress) {
        this.backend = backend;
        this.language = new SyntheticLanguage(SyntheticLanguage.DEFAULT_SEED);
        this.sentences = language.sentences().subList(0, options.sequences());
        this.train = train(sentences.size());
        this.progress = progress;
        DecoderShape shape =
                DecoderShape.of(language.tokenizer().size(), SyntheticLanguage.LONGEST + 1, BLOCKS, WIDTH, HEADS);
        DecoderTrainingOptions training =
                DecoderTrainingOptions.defaults().withSteps(options.steps()).withSeed(seed);
        this.model = store.model("synthetic-" + seed, new ModelStore.Recipe(shape, train, training), backend);
    }

    private TokenSequence sequence(int[] tokens) {
        return TokenSequence.of(started(tokens));
    }

    private int[] started(int[] tokens) {
        return IntStream.concat(IntStream.of(language.start()), Arrays.stream(tokens))
                .toArray();
    }

    SyntheticLanguage language() {
        return language;
    }

    List<Sentence> sentences() {
        return sentences;
    }

    Decoder model() {
        return model;
    }

    ExampleSource<TokenSequence> train() {
        return train;
    }

    /** The first sequences of the corpus, which is in a random order. */
    ExampleSource<TokenSequence> train(int count) {
        return train(0, count);
    }

    ExampleSource<TokenSequence> train(int first, int count) {
        return candidates(sentences.stream()
                .skip(first)
                .limit(count)
                .map(Sentence::tokens)
                .toList());
    }

    /** Any sequences as candidates, whether they were trained on or not. */
    ExampleSource<TokenSequence> candidates(List<int[]> tokens) {
        return ExampleSource.of(tokens.stream().map(this::sequence).toList());
    }

    TokenSequence query(Prompt prompt) {
        return TokenSequence.completion(started(prompt.prompt()), prompt.completion());
    }

    EigenbasisCurvature fit(FitOptions options, ExampleSource<TokenSequence> data) {
        return EigenbasisApproximator.<TokenSequence>of(backend, options).fit(model, data, progress);
    }

    InfluenceScores scores(
            IhvpSolver solver, List<Prompt> prompts, ExampleSource<TokenSequence> candidates, ScoreOptions options) {
        ExampleSource<TokenSequence> queries =
                ExampleSource.of(prompts.stream().map(this::query).toList());
        return new InfluenceScorer<>(backend, model, options, progress).pairwise(solver, queries, candidates);
    }

    InfluenceScores scores(IhvpSolver solver, List<Prompt> prompts) {
        return scores(solver, prompts, train, ScoreOptions.defaults());
    }

    @Override
    public void close() {
        model.close();
    }
}
