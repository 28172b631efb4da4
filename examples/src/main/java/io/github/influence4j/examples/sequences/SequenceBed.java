package io.github.influence4j.examples.sequences;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.examples.corpus.Kind;
import io.github.influence4j.examples.corpus.Prompt;
import io.github.influence4j.examples.corpus.Sentence;
import io.github.influence4j.examples.corpus.SyntheticLanguage;
import io.github.influence4j.store.PartedData;
import io.github.influence4j.text.search.Bm25Index;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** Training sequences and questions of the synthetic language. */
final class SequenceBed {

    private static final int HEADS = 4;
    private static final long QUESTION_SEED = 10;

    /** Of this many sentences of filler one is kept, roughly. */
    private static final int FILLER_OF = 4;

    private final SequenceOptions options;
    private final SyntheticLanguage language = new SyntheticLanguage(SyntheticLanguage.DEFAULT_SEED);
    private final List<Sentence> sentences;
    private final List<TokenSequence> train;
    private final List<Prompt> prompts;

    SequenceBed(SequenceOptions options) {
        this.options = options;
        List<Sentence> wanted = language.sentences().stream()
                .filter(sentence -> isKept(sentence, options.topics()))
                .toList();
        this.sentences = wanted.subList(0, Math.min(options.sequences(), wanted.size()));
        this.train = sentences.stream()
                .map(sentence -> TokenSequence.of(started(sentence.tokens())))
                .toList();
        List<Prompt> facts = new ArrayList<>(IntStream.range(0, language.facts().size())
                .filter(fact -> sentences.stream()
                                .filter(sentence -> sentence.states(Kind.FACT, fact))
                                .count()
                        > 1)
                .mapToObj(language::askFact)
                .toList());
        Collections.shuffle(facts, new Random(QUESTION_SEED));
        SplittableRandom random = new SplittableRandom(QUESTION_SEED);
        this.prompts = Stream.of(
                        facts.stream().limit(options.facts()),
                        IntStream.range(0, language.quotes()).mapToObj(language::askQuote),
                        IntStream.range(0, options.translations()).mapToObj(k -> language.translation(random)))
                .flatMap(all -> all)
                .toList();
    }

    /** Few facts, stated often, and little filler: what is asked must be learnt, and by most halves. */
    private static boolean isKept(Sentence sentence, int topics) {
        return switch (sentence.kind()) {
            case FACT, REVERSED -> sentence.topic() < topics;
            case QUOTE, TRANSLATION -> true;
            case FILLER -> Math.floorMod(Arrays.hashCode(sentence.tokens()), FILLER_OF) == 0;
        };
    }

    private int[] started(int[] tokens) {
        return IntStream.concat(IntStream.of(language.start()), Arrays.stream(tokens))
                .toArray();
    }

    DecoderShape shape() {
        return DecoderShape.of(
                language.tokenizer().size(), SyntheticLanguage.LONGEST + 1, options.blocks(), options.width(), HEADS);
    }

    /** In one part; ids are places. */
    PartedData<TokenSequence> train() {
        return PartedData.of("synthetic sequences", train, train.size());
    }

    ExampleSource<TokenSequence> questions() {
        return ExampleSource.of(prompts.stream()
                .map(prompt -> TokenSequence.completion(started(prompt.prompt()), prompt.completion()))
                .toList());
    }

    List<Kind> kinds() {
        return prompts.stream().map(Prompt::kind).toList();
    }

    /** BM25 of each sequence for the words of each question and its answer; 0 where none is shared. */
    double[][] wordSearch() {
        try (Bm25Index index = Bm25Index.of(sentences.stream()
                .map(sentence -> language.tokenizer().decode(sentence.tokens()))
                .toList())) {
            return prompts.stream()
                    .map(prompt -> {
                        double[] row = new double[train.size()];
                        index.search(language.tokenizer().decode(prompt.tokens()), row.length)
                                .forEach(match -> row[Math.toIntExact(match.id())] = match.score());
                        return row;
                    })
                    .toArray(double[][]::new);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException("index of words in memory", e);
        }
    }

    /** Wraps numbers, [questions, train]. */
    InfluenceScores scores(double[][] scores) {
        return new InfluenceScores(
                LongStream.range(0, prompts.size()).toArray(),
                LongStream.range(0, train.size()).toArray(),
                scores,
                Map.of(),
                new double[0][][],
                Provenance.here("kept scores", Precision.FLOAT64, Optional.empty()));
    }
}
