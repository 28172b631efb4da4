package io.github.influence4j.examples.language;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.EigenbasisApproximator;
import io.github.influence4j.ekfac.EigenbasisCurvature;
import io.github.influence4j.ekfac.FitOptions;
import io.github.influence4j.ekfac.score.InfluenceScorer;
import io.github.influence4j.ekfac.score.ScoreOptions;
import io.github.influence4j.examples.corpus.Prompt;
import io.github.influence4j.examples.corpus.Sentence;
import io.github.influence4j.examples.corpus.SyntheticLanguage;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.models.transformer.TokenSequence;
import io.github.influence4j.models.transformer.Transformer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** The synthetic language, its training sequences, and a model that was trained on them. */
final class SyntheticBed {

    private final MatrixBackend backend;
    private final SyntheticLanguage language;
    private final Transformer model;
    private final List<Sentence> sentences;
    private final ExampleSource<TokenSequence> train;
    private final ProgressListener progress;

    SyntheticBed(
            MatrixBackend backend,
            SyntheticLanguage language,
            List<Sentence> sentences,
            Transformer model,
            ProgressListener progress) {
        this.backend = backend;
        this.language = language;
        this.model = model;
        this.sentences = sentences;
        this.train = train(language, sentences);
        this.progress = progress;
    }

    static ExampleSource<TokenSequence> train(SyntheticLanguage language, List<Sentence> sentences) {
        return ExampleSource.of(sentences.stream()
                .map(sentence -> sequence(language, sentence.tokens()))
                .toList());
    }

    private static TokenSequence sequence(SyntheticLanguage language, int[] tokens) {
        return TokenSequence.of(started(language, tokens));
    }

    private static int[] started(SyntheticLanguage language, int[] tokens) {
        return IntStream.concat(IntStream.of(language.start()), Arrays.stream(tokens))
                .toArray();
    }

    SyntheticLanguage language() {
        return language;
    }

    List<Sentence> sentences() {
        return sentences;
    }

    Transformer model() {
        return model;
    }

    ExampleSource<TokenSequence> train() {
        return train;
    }

    /** The first sequences of the corpus, which is in a random order. */
    ExampleSource<TokenSequence> train(int count) {
        return train(language, sentences.subList(0, Math.min(count, sentences.size())));
    }

    /** Any sequences as candidates, whether they were trained on or not. */
    ExampleSource<TokenSequence> candidates(List<int[]> tokens) {
        return ExampleSource.of(tokens.stream().map(t -> sequence(language, t)).toList());
    }

    TokenSequence query(Prompt prompt) {
        return TokenSequence.completion(started(language, prompt.prompt()), prompt.completion());
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
}
