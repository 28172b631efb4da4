package io.github.influence4j.examples.validation;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Loss;
import io.github.influence4j.examples.data.DigitImage;
import io.github.influence4j.examples.data.Digits;
import io.github.influence4j.examples.data.Tables;
import io.github.influence4j.models.Activation;
import io.github.influence4j.models.MlpShape;
import io.github.influence4j.models.Optimizer;
import io.github.influence4j.models.TrainingOptions;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** A data set with the network that is trained on it. */
enum Bed {
    /** Concrete with the two hidden layers of 64 that thresholds were calibrated on. */
    CONCRETE("concrete 64-64", "concrete", MlpShape.of(Activation.TANH, Loss.SQUARED_ERROR, 8, 64, 64, 1), 1e-4),
    /** Concrete with the network of the paper. */
    CONCRETE_WIDE(
            "concrete 128-128", "concrete", MlpShape.of(Activation.TANH, Loss.SQUARED_ERROR, 8, 128, 128, 1), 1e-4),
    /** Diabetes. */
    DIABETES("diabetes 64-64", "diabetes", MlpShape.of(Activation.TANH, Loss.SQUARED_ERROR, 10, 64, 64, 1), 1e-4),
    /** Digits. */
    DIGITS(
            "digits 64-64",
            "digits",
            MlpShape.of(Activation.RELU, Loss.SOFTMAX_CROSS_ENTROPY, 64, 64, 64, DigitImage.CLASSES),
            1e-3);

    private static final double MOMENTUM = 0.9;
    private static final long SPLIT_SEED = 1;

    private final String title;
    private final String source;
    private final MlpShape shape;
    private final double weightDecay;

    Bed(String title, String source, MlpShape shape, double weightDecay) {
        this.title = title;
        this.source = source;
        this.shape = shape;
        this.weightDecay = weightDecay;
    }

    /** The name in results. */
    String title() {
        return title;
    }

    /** The name in names of files. */
    String fileName() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The data set without the network. */
    String source() {
        return source;
    }

    MlpShape shape() {
        return shape;
    }

    boolean classes() {
        return shape.loss() == Loss.SOFTMAX_CROSS_ENTROPY;
    }

    long parameters() {
        return shape.layers().stream().mapToLong(LayerSpec::parameters).sum();
    }

    double weightDecay() {
        return weightDecay;
    }

    double momentum() {
        return MOMENTUM;
    }

    TrainingOptions training() {
        TrainingOptions regression = TrainingOptions.sgd()
                .withOptimizer(new Optimizer.Sgd(MOMENTUM))
                .withSchedule(TrainingOptions.Schedule.CONSTANT)
                .withWeightDecay(weightDecay)
                .withBatchSize(128)
                .withLearningRate(0.03)
                .withEpochs(60);
        return classes() ? regression.withBatchSize(64).withLearningRate(0.05).withEpochs(40) : regression;
    }

    /** The split, the same for every seed of the network, so that networks differ by their training only. */
    BedSplit split() {
        return BedSplit.draw(rows(), classes(), SPLIT_SEED);
    }

    private List<double[]> rows() {
        return switch (this) {
            case CONCRETE, CONCRETE_WIDE -> Tables.concrete();
            case DIABETES -> Tables.diabetes();
            case DIGITS -> Digits.load().stream().map(Bed::row).toList();
        };
    }

    private static double[] row(DigitImage image) {
        double[] row = Arrays.copyOf(image.pixels(), image.pixels().length + 1);
        row[row.length - 1] = image.trueLabel();
        return row;
    }
}
