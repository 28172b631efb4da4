package io.github.influence4j.ekfac;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.RandomSequences.Sequence;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.models.Activation;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpShape;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

/** Results do not depend on how the data set is cut, ordered or padded; they scale as the mathematics says. */
class InvariancePropertiesTest {

    private static final MatrixBackend BACKEND = TestBackends.EJML;

    /** Batches of other sizes also mean other padding, since sequences are padded to the longest of their batch. */
    @Property(tries = 30)
    void scoresDoNotDependOnBatchSizes(
            @ForAll Strategy strategy,
            @ForAll @IntRange(min = 1, max = 25) int fitBatch,
            @ForAll @IntRange(min = 1, max = 25) int scoreBatch) {
        RandomSequences model = RandomSequences.mixed();
        ExampleSource<Sequence> train = RandomSequences.sequences(19, 300);
        ExampleSource<Sequence> queries = RandomSequences.sequences(4, 700);
        double[][] expected = scores(model, strategy, train, queries, 256, 256);
        double[][] actual = scores(model, strategy, train, queries, fitBatch, scoreBatch);
        assertClose(expected, actual, Tolerances.EXACT_SOLVE, strategy + ", batches of " + fitBatch);
    }

    @Property(tries = 15)
    void scoresFollowTheExamplesWhenTheyAreReordered(@ForAll Strategy strategy, @ForAll long seed) {
        Mlp model = mlp();
        List<LabelledExample> examples = digits(24, 5);
        List<Integer> order = new ArrayList<>();
        for (int k = 0; k < 24; k++) {
            order.add(k);
        }
        Collections.shuffle(order, new Random(seed));
        ExampleSource<LabelledExample> plain = ExampleSource.of(examples);
        ExampleSource<LabelledExample> shuffled = ExampleSource.of(
                order.stream().map(examples::get).toList(),
                order.stream().mapToLong(Integer::longValue).toArray());
        ExampleSource<LabelledExample> queries = ExampleSource.of(digits(3, 77));
        double[][] expected = scores(model, strategy, plain, queries, 7, 7);
        double[][] moved = scores(model, strategy, shuffled, queries, 5, 9);
        double[][] actual = new double[3][24];
        for (int q = 0; q < 3; q++) {
            for (int k = 0; k < 24; k++) {
                actual[q][order.get(k)] = moved[q][k];
            }
        }
        assertClose(expected, actual, Tolerances.EXACT_SOLVE, strategy + " in the order " + order);
    }

    /** c times the training loss: sampled gradients grow by c, the curvature by c², scores of c·m and c·L stay. */
    @Property(tries = 15)
    void scoresDoNotChangeWhenTheLossIsScaledWithRelativeDamping(
            @ForAll @DoubleRange(min = 0.01, max = 100) double factor) {
        RandomSequences model = RandomSequences.mixed();
        ExampleSource<Sequence> train = RandomSequences.sequences(19, 300);
        ExampleSource<Sequence> queries = RandomSequences.sequences(4, 700);
        for (Strategy strategy : List.of(Strategy.DIAGONAL, Strategy.KFAC, Strategy.EKFAC, Strategy.GRADIENT_BASIS)) {
            double[][] expected = scores(model, strategy, train, queries, 8, 8);
            double[][] actual = scores(new ScaledLoss(model, factor), strategy, train, queries, 8, 8);
            assertClose(expected, actual, Tolerances.EXACT_SOLVE, strategy + " with the loss times " + factor);
        }
    }

    /** The data set twice over is the same distribution, so factors and scores stay. */
    @Property(tries = 8)
    void scoresDoNotChangeWhenTheDataSetIsRepeated(@ForAll @IntRange(min = 2, max = 4) int times) {
        RandomSequences model = RandomSequences.mixed();
        ExampleSource<Sequence> train = RandomSequences.sequences(11, 300);
        ExampleSource<Sequence> queries = RandomSequences.sequences(4, 700);
        List<Sequence> repeated = new ArrayList<>();
        for (int k = 0; k < times; k++) {
            train.batches(11).forEach(batch -> repeated.addAll(batch.examples()));
        }
        for (Strategy strategy : Strategy.values()) {
            double[][] expected = scores(model, strategy, train, queries, 8, 8);
            double[][] actual = scores(model, strategy, ExampleSource.of(repeated), queries, 8, 8);
            for (int q = 0; q < expected.length; q++) {
                assertClose(
                        expected[q],
                        Arrays.copyOf(actual[q], expected[q].length),
                        Tolerances.EXACT_SOLVE,
                        strategy + " repeated");
            }
        }
    }

    /** Layers with one input, one output, one position; data sets and batches of one example. */
    @Property(tries = 40)
    void shapesOfOneWork(
            @ForAll Strategy strategy,
            @ForAll @IntRange(min = 1, max = 3) int inputs,
            @ForAll @IntRange(min = 1, max = 3) int outputs,
            @ForAll boolean bias,
            @ForAll @IntRange(min = 1, max = 3) int examples) {
        LayerSpec layer = LayerSpec.tokens("only", inputs, outputs);
        RandomSequences model = new RandomSequences(List.of(bias ? layer : layer.withoutBias()), 1);
        ExampleSource<Sequence> train = RandomSequences.sequences(examples, 300);
        double[][] whole = scores(model, strategy, train, train, 10, 10);
        double[][] ones = scores(model, strategy, train, train, 1, 1);
        assertClose(whole, ones, Tolerances.EXACT_SOLVE, strategy + " of " + layer);
    }

    private static <E> double[][] scores(
            GradientProvider<E> model,
            Strategy strategy,
            ExampleSource<E> train,
            ExampleSource<E> queries,
            int fitBatch,
            int scoreBatch) {
        FitOptions fit = FitOptions.defaults().withStrategy(strategy).withBatchSize(fitBatch);
        ScoreOptions score = ScoreOptions.defaults().withBatchSize(scoreBatch).withQueryBatchSize(1 + scoreBatch % 3);
        try (EigenbasisCurvature curvature =
                        EigenbasisApproximator.<E>of(BACKEND, fit).fit(model, train);
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            InfluenceScores scores = new InfluenceScorer<>(BACKEND, model, score, ProgressListener.silent())
                    .pairwise(solver, queries, train);
            return scores.matrix().toArray();
        }
    }

    private static Mlp mlp() {
        return Mlp.create(BACKEND, MlpShape.of(Activation.TANH, Loss.SOFTMAX_CROSS_ENTROPY, 6, 5, 4), 3);
    }

    private static List<LabelledExample> digits(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<LabelledExample> examples = new ArrayList<>();
        for (int k = 0; k < count; k++) {
            examples.add(LabelledExample.classified(random.doubles(6, -1, 1).toArray(), k % 4));
        }
        return examples;
    }

    /** A model whose loss and measurement are multiplied with a number. */
    private record ScaledLoss(RandomSequences model, double factor) implements GradientProvider<Sequence> {
        @Override
        public List<LayerSpec> layers() {
            return model.layers();
        }

        @Override
        public void capture(
                ExampleBatch<Sequence> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
            model.capture(batch, objective, layers, capture -> {
                double[][] g = capture.outputGradients().toArray();
                for (double[] row : g) {
                    Arrays.setAll(row, k -> row[k] * factor);
                }
                sink.accept(new LayerCapture(
                        capture.layer(),
                        capture.examples(),
                        capture.positions(),
                        capture.uses(),
                        capture.activations(),
                        Matrix.of(g),
                        capture.mask()));
            });
        }
    }
}
