package io.github.influence4j.examples.quickstart;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.examples.data.DigitImage;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.models.Activation;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpShape;
import io.github.influence4j.models.MlpTraining;
import io.github.influence4j.models.TrainingOptions;
import java.util.Arrays;
import java.util.List;

/**
 * A small network that reads digits: one hidden layer of 64 rectified units.
 *
 * <p>The weight decay keeps it from learning the flipped labels by heart: it reads most of those images rightly, against
 * what it was told. Whoever trained it closes it.
 */
final class DigitNetwork implements AutoCloseable {

    private static final int HIDDEN = 64;
    private static final double WEIGHT_DECAY = 1e-3;
    private static final MlpShape SHAPE = MlpShape.of(
            Activation.RELU, Loss.SOFTMAX_CROSS_ENTROPY, DigitImage.SIDE * DigitImage.SIDE, HIDDEN, DigitImage.CLASSES);

    private final Mlp model;

    private DigitNetwork(Mlp model) {
        this.model = model;
    }

    /** Trains a network on the images' labels, wrong ones included. */
    static DigitNetwork train(
            MatrixBackend backend, List<DigitImage> images, int epochs, long seed, ProgressListener progress) {
        TrainingOptions options = TrainingOptions.sgd()
                .withWeightDecay(WEIGHT_DECAY)
                .withEpochs(epochs)
                .withSeed(seed);
        try (Mlp start = Mlp.create(backend, SHAPE, seed)) {
            return new DigitNetwork(
                    MlpTraining.train(start, source(images), options, progress).model());
        }
    }

    /** The images under the labels that the network is given, with the images' own ids. */
    static ExampleSource<LabelledExample> source(List<DigitImage> images) {
        return ExampleSource.of(
                images.stream()
                        .map(image -> LabelledExample.classified(image.pixels(), image.label()))
                        .toList(),
                images.stream().mapToLong(DigitImage::id).toArray());
    }

    Mlp model() {
        return model;
    }

    String form() {
        return "dense layers 64-" + HIDDEN + "-10, ReLU, softmax cross-entropy";
    }

    long parameters() {
        return SHAPE.layers().stream().mapToLong(LayerSpec::parameters).sum();
    }

    /** What the network makes of each image, in the order of the images. */
    List<Reading> read(List<DigitImage> images) {
        ExampleBatch<LabelledExample> batch =
                source(images).batches(images.size()).iterator().next();
        double[][] probabilities = model.predictions(batch);
        double[] losses = model.losses(batch);
        Reading[] readings = new Reading[images.size()];
        Arrays.setAll(readings, k -> Reading.of(images.get(k), probabilities[k], losses[k]));
        return List.of(readings);
    }

    @Override
    public void close() {
        model.close();
    }
}
