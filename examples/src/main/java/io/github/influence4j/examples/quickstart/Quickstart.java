package io.github.influence4j.examples.quickstart;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.baselines.GradientDotProduct;
import io.github.influence4j.ekfac.CurvatureScoring;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.options.FisherLabels;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.examples.data.DigitImage;
import io.github.influence4j.examples.data.DigitSplit;
import io.github.influence4j.examples.data.Digits;
import io.github.influence4j.examples.data.LabelNoise;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.models.LabelledExample;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Trains a network on digits of which some carry a wrong label, and asks which training images its answers came from.
 *
 * <p>With the same options and backend the results are the same, but for the times.
 */
public final class Quickstart {

    private static final double FLIPPED = 0.05;
    private static final int SHOWN = 8;

    /** Labels sampled for each image: with a training set this small, one alone would leave the curvature noisy. */
    private static final int DRAWS = 10;

    private static final int SUSPECTS = 48;

    private final QuickstartOptions options;
    private final ProgressListener progress;

    /**
     * Prepares a run.
     *
     * @param options how to run
     * @param progress is told how far the work has come
     */
    public Quickstart(QuickstartOptions options, ProgressListener progress) {
        this.options = options;
        this.progress = progress;
    }

    /**
     * Runs the study.
     *
     * @return what was found
     * @throws IllegalArgumentException if there is no backend of the name asked for
     * @throws IllegalStateException if the backend cannot start
     */
    public QuickstartResult run() {
        long start = System.nanoTime();
        Random random = new Random(options.seed());
        DigitSplit split = DigitSplit.draw(Digits.load(), options.size().train(), random);
        LabelNoise noise = LabelNoise.flip(split.train(), FLIPPED, random);
        List<DigitImage> test = first(split.test(), options.size().test());
        try (MatrixBackend backend = backend();
                DigitNetwork network = DigitNetwork.train(
                        backend, noise.images(), options.size().epochs(), options.seed(), progress)) {
            return new Run(backend, network, noise, test).result(start);
        }
    }

    private MatrixBackend backend() {
        progress.progress("starting the backend", 0, 1);
        MatrixBackend backend = options.backend()
                .map(name -> MatrixBackends.named(name, options.precision()))
                .orElseGet(() -> MatrixBackends.select(options.precision()));
        progress.progress("starting the backend", 1, 1);
        return backend;
    }

    private static <T> List<T> first(List<T> list, int count) {
        return list.subList(0, Math.min(count, list.size()));
    }

    /** What is done with a trained network. */
    private final class Run {
        private final MatrixBackend backend;
        private final DigitNetwork network;
        private final LabelNoise noise;
        private final List<DigitImage> test;
        private final ExampleSource<LabelledExample> train;
        private final Map<Long, DigitImage> trainById;
        private final FitOptions fit;

        Run(MatrixBackend backend, DigitNetwork network, LabelNoise noise, List<DigitImage> test) {
            this.backend = backend;
            this.network = network;
            this.noise = noise;
            this.test = test;
            this.train = DigitNetwork.source(noise.images());
            this.trainById = noise.images().stream().collect(Collectors.toMap(DigitImage::id, Function.identity()));
            this.fit = FitOptions.defaults().withLabels(new FisherLabels.Sampled(options.seed(), DRAWS));
        }

        QuickstartResult result(long start) {
            List<Reading> readings = network.read(test);
            List<Reading> queries = QueryChoice.of(readings);
            try (FittedCurvature<LabelledExample> ekfac =
                    Ekfac.on(backend).with(fit).reporting(progress).fit(network.model(), train)) {
                CurvatureScoring<LabelledExample> scoring = ekfac.damped(Damping.DEFAULT);
                InfluenceScores scores = scoring.pairwise(
                                DigitNetwork.source(
                                        queries.stream().map(Reading::image).toList()),
                                train)
                        .times(1.0 / noise.images().size());
                SelfInfluence self = scoring.selfInfluence(train);
                List<Reading> trainReadings = network.read(noise.images());
                FlipSearch search = search(self, trainReadings);
                ExactAgreement comparison = compare();
                return new QuickstartResult(
                        options.seed(),
                        backend.name(),
                        summary(readings, trainReadings),
                        explain(queries, scores),
                        search,
                        suspects(self),
                        comparison,
                        scores.provenance(),
                        Duration.ofNanos(System.nanoTime() - start));
            }
        }

        private ModelSummary summary(List<Reading> testReadings, List<Reading> trainReadings) {
            return new ModelSummary(
                    network.form(),
                    network.parameters(),
                    trainReadings.size(),
                    noise.flippedIds().size(),
                    (int) trainReadings.stream()
                            .filter(reading -> reading.image().flipped() && reading.asTold())
                            .count(),
                    testReadings.size(),
                    (int) testReadings.stream().filter(Reading::correct).count());
        }

        private List<ExplainedImage> explain(List<Reading> queries, InfluenceScores scores) {
            ExplainedImage[] explained = new ExplainedImage[queries.size()];
            for (int q = 0; q < explained.length; q++) {
                Reading query = queries.get(q);
                explained[q] = new ExplainedImage(
                        query.image(),
                        query.predicted(),
                        query.confidence(),
                        query.loss(),
                        scored(scores.topK(q, SHOWN), 1),
                        scored(scores.bottomK(q, SHOWN), 1));
            }
            return List.of(explained);
        }

        private List<ScoredImage> suspects(SelfInfluence self) {
            return scored(first(self.ranking(), SUSPECTS), 1.0 / noise.images().size());
        }

        private List<ScoredImage> scored(List<Influence> influences, double factor) {
            return influences.stream()
                    .map(influence -> new ScoredImage(
                            Objects.requireNonNull(trainById.get(influence.trainId())), factor * influence.score()))
                    .toList();
        }

        private FlipSearch search(SelfInfluence self, List<Reading> trainReadings) {
            List<Long> byLoss = trainReadings.stream()
                    .sorted(Comparator.comparingDouble(Reading::loss).reversed())
                    .map(reading -> reading.image().id())
                    .toList();
            // squared or not, the ranking is the same
            try (FittedCurvature<LabelledExample> dots =
                    GradientDotProduct.on(backend).fit(network.model(), train)) {
                SelfInfluence squaredNorms = dots.damped(Damping.DEFAULT).selfInfluence(train);
                return new FlipSearch(
                        curve("EK-FAC self-influence", ids(self)),
                        curve("plain loss", byLoss),
                        curve("gradient norm", ids(squaredNorms)));
            }
        }

        private RecallCurve curve(String name, List<Long> ranking) {
            return RecallCurve.of(name, ranking, noise.flippedIds());
        }

        private static List<Long> ids(SelfInfluence self) {
            return self.ranking().stream().map(Influence::trainId).toList();
        }

        private ExactAgreement compare() {
            return new ExactComparison(
                            backend,
                            network.model(),
                            DigitNetwork.source(
                                    first(noise.images(), options.size().comparisonTrain())),
                            DigitNetwork.source(first(test, options.size().comparisonQueries())),
                            fit)
                    .run(progress);
        }
    }
}
