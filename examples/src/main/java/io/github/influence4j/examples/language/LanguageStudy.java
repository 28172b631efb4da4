package io.github.influence4j.examples.language;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.examples.corpus.Sentence;
import io.github.influence4j.examples.corpus.SyntheticLanguage;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.models.transformer.TokenSequence;
import io.github.influence4j.models.transformer.TrainedTransformer;
import io.github.influence4j.models.transformer.Transformer;
import io.github.influence4j.models.transformer.TransformerShape;
import io.github.influence4j.models.transformer.TransformerTraining;
import io.github.influence4j.models.transformer.TransformerTrainingOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Trains small language models and traces what they say back to training sequences: the paper's claims about language
 * models on a synthetic language whose sources are known, and influence across languages on real verses.
 */
public final class LanguageStudy {

    private static final int BLOCKS = 3;
    private static final int WIDTH = 48;
    private static final int HEADS = 4;

    private final LanguageOptions options;
    private final ProgressListener progress;

    /**
     * Prepares the study.
     *
     * @param options how large it is
     * @param progress is told how far the work has come
     */
    public LanguageStudy(LanguageOptions options, ProgressListener progress) {
        this.options = options;
        this.progress = progress;
    }

    /**
     * Runs the study.
     *
     * @return what it found
     */
    public LanguageResult run() {
        Map<String, Duration> durations = new LinkedHashMap<>();
        SyntheticLanguage language = new SyntheticLanguage(options.seed());
        List<Sentence> sentences = language.sentences().subList(0, options.sequences());
        // float64: the claims ask for equalities to 1e-9
        try (MatrixBackend exact = backend(Precision.FLOAT64)) {
            long start = System.nanoTime();
            try (Transformer model = model(exact, language, sentences)) {
                durations.put("model of the synthetic language", since(start));
                start = System.nanoTime();
                SyntheticStudy.Findings findings = new SyntheticStudy(
                                new SyntheticBed(exact, language, sentences, model, progress), exact, options)
                        .run();
                durations.put("claims on the synthetic language", since(start));
                start = System.nanoTime();
                VerseStudy.Findings verses = verses();
                durations.put("real text, training included", since(start));
                List<ExplainedQuery> explained = new ArrayList<>(findings.explained());
                explained.addAll(verses.explained());
                return new LanguageResult(
                        options.seed(),
                        new LanguageResult.SyntheticModel(
                                "trained now",
                                model.shape().parameters(),
                                sentences.size(),
                                findings.loss(),
                                findings.factsKnown()),
                        findings.claims(),
                        findings.retrieval(),
                        verses.models(),
                        explained,
                        findings.provenance(),
                        durations);
            }
        }
    }

    private VerseStudy.Findings verses() {
        if (options.verses() == 0) {
            return new VerseStudy.Findings(List.of(), List.of());
        }
        try (MatrixBackend backend = backend(Precision.FLOAT32)) {
            return new VerseStudy(backend, options, progress).run();
        }
    }

    private Transformer model(MatrixBackend backend, SyntheticLanguage language, List<Sentence> sentences) {
        TransformerShape shape =
                TransformerShape.of(language.tokenizer().size(), SyntheticLanguage.LONGEST + 1, BLOCKS, WIDTH, HEADS);
        ExampleSource<TokenSequence> train = SyntheticBed.train(language, sentences);
        TransformerTrainingOptions training =
                TransformerTrainingOptions.defaults().withSteps(options.steps()).withSeed(options.seed());
        try (Transformer start = Transformer.create(backend, shape, options.seed());
                TrainedTransformer trained = TransformerTraining.train(start, train, training, progress)) {
            return trained.model().copy();
        }
    }

    private MatrixBackend backend(Precision precision) {
        return options.backend()
                .map(name -> MatrixBackends.named(name, precision))
                .orElseGet(() -> MatrixBackends.select(precision));
    }

    private static Duration since(long start) {
        return Duration.ofNanos(System.nanoTime() - start);
    }
}
