package io.github.influence4j.examples.validation;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.Influence;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.baselines.GradientDotProduct;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.examples.quickstart.RecallCurve;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpShape;
import io.github.influence4j.models.MlpTraining;
import io.github.influence4j.models.TrainingOptions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;

/**
 * Gives some training examples a wrong class, trains on them, and looks for them from the top of rankings: by
 * self-influence of K-FAC and EK-FAC, by the length of the gradient and by the loss.
 *
 * @param backend computes
 * @param shape form of the networks
 * @param training how they are trained
 * @param train the training set with its true classes
 */
record MislabelledStudy(MatrixBackend backend, MlpShape shape, TrainingOptions training, List<LabelledExample> train) {

    private static final double FLIPPED = 0.05;

    List<BedResult.Mislabelled> run(int seeds) {
        Map<String, List<RecallCurve>> curves = new LinkedHashMap<>();
        for (int seed = 1; seed <= seeds; seed++) {
            for (RecallCurve curve : curves(seed)) {
                curves.computeIfAbsent(curve.name(), name -> new ArrayList<>()).add(curve);
            }
        }
        List<BedResult.Mislabelled> found = new ArrayList<>();
        curves.forEach((ranking, ofSeeds) -> {
            for (double part : new double[] {FLIPPED, 2 * FLIPPED, 4 * FLIPPED}) {
                SummaryStatistics share = new SummaryStatistics();
                ofSeeds.forEach(curve -> share.addValue(curve.shareAt(part)));
                found.add(new BedResult.Mislabelled(
                        ranking, FLIPPED, part, share.getMean(), share.getStandardDeviation() / Math.sqrt(seeds)));
            }
        });
        return found;
    }

    private List<RecallCurve> curves(int seed) {
        Set<Long> flipped = new HashSet<>();
        ExampleSource<LabelledExample> noisy = ExampleSource.of(flip(new Random(seed), flipped));
        List<RecallCurve> curves = new ArrayList<>();
        try (Mlp start = Mlp.create(backend, shape, seed);
                Mlp model =
                        MlpTraining.train(start, noisy, training.withSeed(seed)).model()) {
            for (Strategy strategy : List.of(Strategy.KFAC, Strategy.EKFAC)) {
                String name = strategy == Strategy.KFAC ? EstimatorNames.KFAC : EstimatorNames.EKFAC;
                try (Curvature curvature = EigenbasisApproximator.<LabelledExample>exactFisher(
                                        backend, FitOptions.defaults().withStrategy(strategy))
                                .fit(model, noisy);
                        IhvpSolver solver = curvature.solver(DampingLevel.DETAIL.damping())) {
                    SelfInfluence self = new InfluenceScorer<>(backend, model).self(solver, noisy);
                    curves.add(RecallCurve.of("self-influence by " + name, ids(self), flipped));
                }
            }
            try (FittedCurvature<LabelledExample> dots =
                    GradientDotProduct.on(backend).fit(model, noisy)) {
                SelfInfluence squaredNorms = dots.damped(Damping.DEFAULT).selfInfluence(noisy);
                curves.add(RecallCurve.of("gradient norm", ids(squaredNorms), flipped));
            }
            double[] losses =
                    model.losses(noisy.batches(train.size()).iterator().next());
            List<Long> byLoss = IntStream.range(0, losses.length)
                    .boxed()
                    .sorted(Comparator.comparingDouble((Integer e) -> losses[e]).reversed())
                    .map(Integer::longValue)
                    .toList();
            curves.add(RecallCurve.of("loss", byLoss, flipped));
        }
        return curves;
    }

    private List<LabelledExample> flip(Random random, Set<Long> flipped) {
        List<Integer> order =
                new ArrayList<>(IntStream.range(0, train.size()).boxed().toList());
        Collections.shuffle(order, random);
        List<LabelledExample> noisy = new ArrayList<>(train);
        for (int index : order.subList(0, (int) Math.round(FLIPPED * train.size()))) {
            LabelledExample example = train.get(index);
            int step = 1 + random.nextInt(shape.outputs() - 1);
            int label = ((int) example.target()[0] + step) % shape.outputs();
            noisy.set(index, LabelledExample.classified(example.features(), label));
            flipped.add((long) index);
        }
        return noisy;
    }

    private static List<Long> ids(SelfInfluence self) {
        return self.ranking().stream().map(Influence::trainId).toList();
    }
}
