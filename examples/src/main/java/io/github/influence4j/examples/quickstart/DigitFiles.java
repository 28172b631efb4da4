package io.github.influence4j.examples.quickstart;

import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.examples.data.DigitImage;
import io.github.influence4j.examples.data.DigitPng;
import io.github.influence4j.examples.data.DigitSplit;
import io.github.influence4j.examples.data.Digits;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.captures.CaptureWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/**
 * The digits network as files, to try the command {@code influence} with: captures of the training set, of drawn labels and of
 * questions, a picture and a row of a table for each image.
 */
public final class DigitFiles {

    private static final int TRAIN = 1_000;
    private static final int QUESTIONS = 40;
    private static final int EPOCHS = 60;
    private static final int SHARD = 250;

    private DigitFiles() {}

    /**
     * Trains the network and writes the files.
     *
     * @param folder where to; made if there is none
     * @param seed of the split, the weights and the labels that are drawn
     * @throws IOException if a file cannot be written
     */
    public static void write(Path folder, long seed) throws IOException {
        DigitSplit split = DigitSplit.draw(Digits.load(), TRAIN, new Random(seed));
        List<DigitImage> asked = split.test().subList(0, QUESTIONS);
        Files.createDirectories(folder);
        try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT64);
                DigitNetwork network =
                        DigitNetwork.train(backend, split.train(), EPOCHS, seed, ProgressListener.silent())) {
            captures(network, split.train(), new Objective.SampledLabels(seed, 0), folder.resolve("sampled"));
            captures(network, split.train(), new Objective.TrainingLoss(), folder.resolve("train"));
            captures(network, asked, new Objective.Measurement(), folder.resolve("questions"));
        }
        pictures(split.train(), folder.resolve("train-pictures"));
        pictures(asked, folder.resolve("question-pictures"));
        table(split.train(), folder.resolve("train.csv"));
        table(asked, folder.resolve("questions.csv"));
    }

    private static void captures(DigitNetwork network, List<DigitImage> images, Objective objective, Path folder)
            throws IOException {
        CaptureWriter.export(network.model(), DigitNetwork.source(images), objective, TensorType.F64, SHARD, folder);
    }

    private static void pictures(List<DigitImage> images, Path folder) throws IOException {
        Files.createDirectories(folder);
        for (DigitImage image : images) {
            Files.write(folder.resolve(image.id() + ".png"), DigitPng.of(image));
        }
    }

    private static void table(List<DigitImage> images, Path file) throws IOException {
        StringBuilder rows = new StringBuilder("id,text,digit\n");
        for (DigitImage image : images) {
            rows.append(image.id() + ",a handwritten " + image.label() + "," + image.label() + "\n");
        }
        Files.writeString(file, rows);
    }
}
