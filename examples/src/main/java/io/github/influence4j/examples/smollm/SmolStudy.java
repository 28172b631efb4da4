package io.github.influence4j.examples.smollm;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.baselines.GradientDotProduct;
import io.github.influence4j.baselines.retraining.Removal;
import io.github.influence4j.baselines.retraining.RemovalCurves;
import io.github.influence4j.baselines.retraining.RemovalOptions;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.decoder.TrainedDecoder;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.examples.stages.Stages;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.lm.checkpoint.Checkpoint;
import io.github.influence4j.lm.checkpoint.LayerSelection;
import io.github.influence4j.lm.text.ModelTokenizer;
import io.github.influence4j.text.search.Bm25Index;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Runs the study: fine-tunes, asks, ranks by every method, removes and fine-tunes again.
 *
 * <p>Scores are those of the fine-tuned model with its MLPs tracked, as in the paper. Everything that takes long is a stage
 * whose result is kept.
 */
public final class SmolStudy {

    static final String EKFAC = "EK-FAC";
    static final String DOT = "dot product";
    static final String BM25 = "BM25";
    static final String RANDOM = "random";

    /** Most bytes of the questions' gradients: 15 of them in float32, of a model of 135 million weights. */
    private static final long MEMORY = 6L << 30;

    private final SmolOptions options;
    private final Path model;
    private final Path out;
    private final Stages stages;
    private final ProgressListener progress;
    private final FactCorpus corpus;

    /** What a folder of stages depends on: not how much is removed and how often it is fine-tuned, which stages say themselves. */
    record Study(SmolOptions options, String model) {
        Study {
            options = options.withRemoved(List.of()).withTunings(1);
        }
    }

    /**
     * Prepares the study.
     *
     * @param options what to do
     * @param model the checkpoint
     * @param out folder of the stages
     * @param progress is told of steps
     * @throws IllegalArgumentException if the folder holds another study
     */
    public SmolStudy(SmolOptions options, Path model, Path out, ProgressListener progress) {
        this.options = options;
        this.model = model;
        this.out = out;
        this.progress = progress;
        this.stages = new Stages(out, new Study(options, model.toString()));
        this.corpus = FactCorpus.of(options.facts(), options.plain(), options.seed());
    }

    /** The open model while stages need it. */
    private final class Session implements AutoCloseable {
        final Checkpoint checkpoint;
        final ModelTokenizer tokenizer;
        final MatrixBackend backend = MatrixBackends.select(Precision.FLOAT32);
        final TunedModel tuning;
        final Decoder start;
        private @Nullable TrainedDecoder tuned;

        Session() throws IOException {
            checkpoint = Checkpoint.open(model);
            tokenizer = checkpoint
                    .tokenizer()
                    .orElseThrow(() -> new IllegalArgumentException(model + " has no tokeniser: texts are needed"));
            tuning = new TunedModel(options, corpus, tokenizer);
            List<String> mlps = LayerSelection.of(checkpoint.shape(), "mlp").stream()
                    .map(LayerSpec::name)
                    .toList();
            start = checkpoint.decoder(backend, mlps);
        }

        /** The model that was tuned on everything; made when it is first asked for. */
        Decoder tuned() {
            TrainedDecoder made = tuned;
            if (made == null) {
                made = tuning.tuned(start, tuning.passages(), options.seed(), named("fine-tuning on all"));
                tuned = made;
            }
            return made.model();
        }

        @Override
        public void close() throws IOException {
            if (tuned != null) {
                tuned.close();
            }
            start.close();
            backend.close();
            tokenizer.close();
            checkpoint.close();
        }
    }

    private ProgressListener named(String stage) {
        return (ignored, done, total) -> progress.progress(stage, done, total);
    }

    /**
     * Runs what has not been run yet.
     *
     * @return what was found
     * @throws IOException if the checkpoint cannot be read
     */
    public SmolResult run() throws IOException {
        try (Session session = new Session()) {
            double[] before = stages.of("before", double[].class, () -> session.tuning.answers(session.start));
            List<Ranked> rankings = List.of(
                    stages.of("ekfac", Ranked.class, () -> traced(session, EKFAC, true)),
                    stages.of("dot", Ranked.class, () -> traced(session, DOT, false)),
                    stages.of("bm25", Ranked.class, () -> ranked(BM25, this::found)),
                    stages.of("random", Ranked.class, () -> ranked(RANDOM, this::shuffled)));
            RemovalCurves curves = removed(session, rankings);
            return new SmolResult(
                    options,
                    corpus.passages().size(),
                    session.tuning.tokens(),
                    before,
                    curves,
                    rankings,
                    SmolResult.retrieval(corpus, rankings));
        }
    }

    /**
     * Fine-tunes without what each method found for all facts at once, several times in other orders: two orders of the same passages
     * leave an answer further apart than the removal of a few passages does.
     */
    private RemovalCurves removed(Session session, List<Ranked> rankings) throws IOException {
        Map<String, List<long[]>> found = new LinkedHashMap<>();
        for (Ranked ranking : rankings) {
            if (!ranking.method().equals(RANDOM)) {
                found.put(
                        ranking.method(),
                        ranking.passages().stream()
                                .map(ids -> ids.stream()
                                        .mapToLong(Integer::longValue)
                                        .toArray())
                                .toList());
            }
        }
        RemovalOptions removal = RemovalOptions.of(options.removed())
                .withTogether(options.facts())
                .withRandomDraws(1)
                .withRepeats(options.tunings(), options.seed())
                .withFolder(out.resolve("removal"), new Study(options, model.toString()).toString());
        // each fine-tuning says its own steps
        return new Removal<TokenSequence>(
                        (passages, seed) -> session.tuning
                                .tuned(session.start, passages, seed, named("fine-tuning again"))
                                .model(),
                        removal)
                .run(session.tuning.passages(), session.tuning.questions(), found, ProgressListener.silent());
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    private static Ranked ranked(String method, Supplier<List<List<Integer>>> passages) {
        long start = System.nanoTime();
        List<List<Integer>> found = passages.get();
        return new Ranked(method, seconds(start), found);
    }

    /** Fine-tuning, where it is done again for want of the model, is not counted as time of the method. */
    private Ranked traced(Session session, String method, boolean curved) {
        Decoder tuned = session.tuned();
        return ranked(method, () -> influence(session, tuned, curved));
    }

    private List<List<Integer>> influence(Session session, Decoder tuned, boolean curved) {
        FitOptions fit =
                FitOptions.defaults().withBatchSize(options.batchSize()).withMemoryLimit(MEMORY);
        ScoreOptions score =
                ScoreOptions.defaults().withBatchSize(options.batchSize()).withMemoryLimit(MEMORY);
        try (FittedCurvature<TokenSequence> estimator = curved
                ? Ekfac.on(session.backend).with(fit).reporting(named(EKFAC)).fit(tuned, session.tuning.passages())
                : GradientDotProduct.on(session.backend).reporting(named(DOT)).fit(tuned, session.tuning.passages())) {
            InfluenceScores scores = estimator
                    .damped(Damping.DEFAULT)
                    .with(score)
                    .pairwise(session.tuning.questions(), session.tuning.passages());
            return IntStream.range(0, options.facts())
                    .mapToObj(f -> scores.topK(f, corpus.passages().size()).stream()
                            .map(Influence::trainId)
                            .map(Math::toIntExact)
                            .toList())
                    .toList();
        }
    }

    private List<List<Integer>> found() {
        try (Bm25Index index =
                Bm25Index.of(corpus.passages().stream().map(Passage::text).toList())) {
            return corpus.facts().stream()
                    .map(fact -> index
                            .search(
                                    fact.question() + fact.answer(),
                                    corpus.passages().size())
                            .stream()
                            .map(match -> Math.toIntExact(match.id()))
                            .toList())
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("index in memory", e);
        }
    }

    private List<List<Integer>> shuffled() {
        return IntStream.range(0, options.facts())
                .mapToObj(f -> order(options.seed() + 1000L * (f + 1)))
                .toList();
    }

    private List<Integer> order(long seed) {
        List<Integer> ids = new ArrayList<>(
                IntStream.range(0, corpus.passages().size()).boxed().toList());
        Collections.shuffle(ids, new Random(seed));
        return ids;
    }
}
