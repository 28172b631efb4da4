package io.github.influence4j.examples.report;

import io.github.influence4j.api.Precision;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.examples.data.DigitImage;
import io.github.influence4j.examples.data.DigitSplit;
import io.github.influence4j.examples.data.Digits;
import io.github.influence4j.examples.data.LabelNoise;
import io.github.influence4j.examples.quickstart.EstimatorQuality;
import io.github.influence4j.examples.quickstart.ExactAgreement;
import io.github.influence4j.examples.quickstart.ExplainedImage;
import io.github.influence4j.examples.quickstart.FlipSearch;
import io.github.influence4j.examples.quickstart.ModelSummary;
import io.github.influence4j.examples.quickstart.QuickstartResult;
import io.github.influence4j.examples.quickstart.RecallCurve;
import io.github.influence4j.examples.quickstart.ScoredImage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;

/** Made-up results over real images, so that the report can be tested without a model. */
public final class SampleResults {

    private static final Random RANDOM = new Random(5);
    private static final DigitSplit SPLIT = DigitSplit.draw(Digits.load(), 1_400, RANDOM);
    private static final LabelNoise NOISE = LabelNoise.flip(SPLIT.train(), 0.05, RANDOM);

    private SampleResults() {}

    /** Results in which EK-FAC's search is as good as the others and its correlation the best. */
    public static QuickstartResult typical() {
        return with(
                0.3,
                0.25,
                0.62,
                0.55,
                Provenance.here("sample", Precision.FLOAT64, Optional.of("sha256:12ab"))
                        .withOption("damping", "0.1 x mean eigenvalue")
                        .withCount("examples", 1_400)
                        .withDuration("covariances", Duration.ofMillis(31)));
    }

    /** Results with the searches' noise, the two correlations and the provenance chosen. */
    public static QuickstartResult with(
            double selfNoise, double lossNoise, double ekfac, double kfac, Provenance provenance) {
        List<ExplainedImage> explained = IntStream.range(0, 5)
                .mapToObj(k -> explained(SPLIT.test().get(k), k < 3))
                .toList();
        List<ScoredImage> suspects = NOISE.images().stream()
                .sorted(Comparator.comparing(DigitImage::flipped).reversed())
                .limit(48)
                .map(image -> new ScoredImage(image, 3 / (1.0 + image.id() % 17)))
                .sorted(Comparator.comparingDouble(ScoredImage::score).reversed())
                .toList();
        return new QuickstartResult(
                1,
                "sample",
                new ModelSummary("64-64-10, ReLU", 4_810, 1_400, 70, 2, 397, 381),
                explained,
                new FlipSearch(
                        curve("EK-FAC self-influence", selfNoise),
                        curve("plain loss", lossNoise),
                        curve("gradient norm", 0.28)),
                suspects,
                new ExactAgreement(
                        List.of(
                                new EstimatorQuality("dot product", 0.27, 0.03, 3.25),
                                new EstimatorQuality("diagonal", 0.31, -0.04, 41.5),
                                new EstimatorQuality("K-FAC", kfac, 0.37, 22.1),
                                new EstimatorQuality("EK-FAC", ekfac, 0.36, 1_025.9)),
                        4_321,
                        1_400,
                        40),
                provenance,
                Duration.ofMillis(12_345));
    }

    private static ExplainedImage explained(DigitImage image, boolean correct) {
        int predicted = correct ? image.trueLabel() : (image.trueLabel() + 5) % 10;
        List<DigitImage> shuffled = new ArrayList<>(NOISE.images());
        Collections.shuffle(shuffled, RANDOM);
        List<ScoredImage> helpful = new ArrayList<>();
        List<ScoredImage> harmful = new ArrayList<>();
        for (DigitImage candidate : shuffled) {
            if (candidate.label() == image.trueLabel() && helpful.size() < 8) {
                helpful.add(new ScoredImage(candidate, 0.0421 / (1 + helpful.size())));
            } else if ((candidate.flipped() || candidate.label() == predicted) && harmful.size() < 8) {
                harmful.add(new ScoredImage(candidate, -0.0317 / (1 + harmful.size())));
            }
        }
        return new ExplainedImage(image, predicted, correct ? 0.997 : 0.62, correct ? 0.003 : 3.14, helpful, harmful);
    }

    private static RecallCurve curve(String name, double noise) {
        Random random = new Random(name.hashCode());
        Set<Long> flipped = NOISE.flippedIds();
        List<Long> ranking = NOISE.images().stream()
                .map(image ->
                        new ScoredImage(image, (flipped.contains(image.id()) ? 1 : 0) + noise * random.nextGaussian()))
                .sorted(Comparator.comparingDouble(ScoredImage::score).reversed())
                .map(scored -> scored.image().id())
                .toList();
        return RecallCurve.of(name, ranking, flipped);
    }
}
