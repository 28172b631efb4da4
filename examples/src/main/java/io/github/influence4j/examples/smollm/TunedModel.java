package io.github.influence4j.examples.smollm;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.decoder.Adam;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderTraining;
import io.github.influence4j.decoder.DecoderTrainingOptions;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.decoder.TrainedDecoder;
import io.github.influence4j.lm.text.ModelTokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** The corpus as tokens, and fine-tuning on it. */
final class TunedModel {

    private final SmolOptions options;
    private final List<TokenSequence> passages;
    private final List<TokenSequence> questions;

    TunedModel(SmolOptions options, FactCorpus corpus, ModelTokenizer tokenizer) {
        this.options = options;
        passages = corpus.passages().stream()
                .map(passage -> {
                    int[] tokens = tokenizer.encodeWhole(passage.text()).ids();
                    return TokenSequence.labelled(tokens, tokens);
                })
                .toList();
        questions = corpus.facts().stream()
                .map(fact -> {
                    int[] asked = tokenizer.encode(fact.question()).ids();
                    int[] answer = tokenizer.encode(fact.answer()).ids();
                    int[] prompt = tokenizer.startToken().isPresent()
                                    && passages.get(0).tokens()[0]
                                            == tokenizer.startToken().getAsInt()
                            ? IntStream.concat(
                                            IntStream.of(tokenizer.startToken().getAsInt()), Arrays.stream(asked))
                                    .toArray()
                            : asked;
                    return TokenSequence.completion(prompt, answer);
                })
                .toList();
    }

    /** All passages; ids are their places. */
    ExampleSource<TokenSequence> passages() {
        return ExampleSource.of(passages);
    }

    ExampleSource<TokenSequence> questions() {
        return ExampleSource.of(questions);
    }

    /** Tokens of all passages. */
    int tokens() {
        return passages.stream().mapToInt(TokenSequence::predictions).sum();
    }

    /** Fine-tunes a copy of a model on passages, in an order that the seed decides. */
    TrainedDecoder tuned(Decoder start, ExampleSource<TokenSequence> kept, long seed, ProgressListener progress) {
        int steps = Math.toIntExact(options.epochs() * ((kept.size() - 1) / options.batchSize() + 1));
        DecoderTrainingOptions training = DecoderTrainingOptions.defaults()
                .withOptimizer(new Adam(0.9, 0.999, 1e-8))
                .withLearningRate(options.learningRate())
                .withWarmup(Math.max(1, steps / 20))
                .withBatchSize(options.batchSize())
                .withSteps(steps)
                .withSeed(seed);
        return DecoderTraining.train(start, kept, training, progress);
    }

    /** log p(answer | question) of every fact. */
    double[] answers(Decoder model) {
        double[] result = new double[questions.size()];
        int first = 0;
        for (ExampleBatch<TokenSequence> batch : questions().batches(options.batchSize())) {
            for (double loss : model.measurements(batch)) {
                result[first++] = -loss;
            }
        }
        return result;
    }
}
