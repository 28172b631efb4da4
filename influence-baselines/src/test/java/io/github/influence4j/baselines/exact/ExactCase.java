package io.github.influence4j.baselines.exact;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.OutputHessianRoots;
import io.github.influence4j.linalg.ejml.EjmlBackend;
import io.github.influence4j.models.Activation;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpShape;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** A small model with data, and the dense answer. */
public record ExactCase<E>(String name, OutputHessianRoots<E> model, ExampleSource<E> data, DenseOracle oracle) {

    private static final long SEED = 20_261_122;

    private static <E> ExactCase<E> of(String name, OutputHessianRoots<E> model, List<E> examples) {
        ExampleSource<E> data = ExampleSource.of(examples);
        return new ExactCase<>(name, model, data, DenseOracle.of(model, data));
    }

    /** Cases with fewer and with more parameters than rows. */
    public static List<ExactCase<?>> all() {
        return List.of(softmax("softmax, D < N·C", 30), softmax("softmax, D > N·C", 4), mlp(), pooled(), perToken());
    }

    public static ExactCase<double[]> softmax(String name, int examples) {
        Random random = new Random(SEED);
        return of(name, new SoftmaxLinear(gaussian(random, 3, 6)), List.of(gaussian(random, examples, 5)));
    }

    /** Two layers, softmax; the network computes in its own backend. */
    public static ExactCase<LabelledExample> mlp() {
        Random random = new Random(SEED + 1);
        MlpShape shape = MlpShape.of(Activation.TANH, Loss.SOFTMAX_CROSS_ENTROPY, 4, 5, 3);
        List<LabelledExample> examples = IntStream.range(0, 11)
                .mapToObj(e -> LabelledExample.classified(gaussian(random, 1, 4)[0], e % 3))
                .toList();
        return of("mlp", Mlp.create(new EjmlBackend(), shape, SEED), examples);
    }

    /** Two layers, of which one has positions and the other no bias; sequences of different lengths. */
    public static ExactCase<double[][]> pooled() {
        Random random = new Random(SEED + 2);
        List<double[][]> examples = IntStream.of(2, 1, 4, 3, 1, 2, 4)
                .mapToObj(length -> gaussian(random, length, 3))
                .toList();
        return of("pooled tokens", new PooledTokens(gaussian(random, 4, 4), gaussian(random, 2, 4)), examples);
    }

    public static ExactCase<double[][]> perToken() {
        Random random = new Random(SEED + 3);
        List<double[][]> examples = IntStream.of(3, 1, 2, 3, 2)
                .mapToObj(length -> gaussian(random, length, 4))
                .toList();
        return of("error at every token", new TokenRegression(4, 2, 3), examples);
    }

    public static double[][] gaussian(Random random, int rows, int columns) {
        double[][] numbers = new double[rows][columns];
        for (double[] row : numbers) {
            for (int c = 0; c < columns; c++) {
                row[c] = random.nextGaussian();
            }
        }
        return numbers;
    }

    /** A dense vector that no solution knows about. */
    public LayerGradients vector(long seed) {
        int parameters = oracle.matrix().length;
        return LayerGradients.ofFlat(layers(), gaussian(new Random(seed), 1, parameters)[0]);
    }

    public List<LayerSpec> layers() {
        return model.layers();
    }

    @Override
    public String toString() {
        return name;
    }
}
