package io.github.influence4j.examples.language;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderCheckpoint;
import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.decoder.DecoderTraining;
import io.github.influence4j.decoder.DecoderTrainingOptions;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.decoder.TrainedDecoder;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.safetensors.MalformedFileException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Gives the study its models. All go through a file in float32, so that a model that was trained a moment ago and the same
 * one from a checkpoint are equal bit by bit, whatever the precision that they are used in.
 */
final class ModelStore {

    private final ModelSource source;
    private final ProgressListener progress;
    private final Set<String> trained = new TreeSet<>();
    private Duration training = Duration.ZERO;

    ModelStore(ModelSource source, ProgressListener progress) {
        this.source = source;
        this.progress = progress;
    }

    /** How to train a model where there is no checkpoint. */
    record Recipe(DecoderShape shape, ExampleSource<TokenSequence> data, DecoderTrainingOptions options) {}

    /** Time for training so far. */
    Duration training() {
        return training;
    }

    /** Where the models came from, in words. */
    String origin() {
        boolean some = source instanceof ModelSource.Shipped && !trained.isEmpty();
        return source.inWords() + (some ? "; trained in this run: " + String.join(", ", trained) : "");
    }

    /**
     * Trains or reads a model.
     *
     * @param name name of the checkpoint
     * @param recipe the form that is expected, and how to train it
     * @param backend where the model is wanted
     * @return a model that the caller closes
     * @throws MalformedFileException if the checkpoint is of another shape, or none
     * @throws IllegalArgumentException if there is no such checkpoint in the folder of an earlier run
     */
    Decoder model(String name, Recipe recipe, MatrixBackend backend) {
        try {
            if (source instanceof ModelSource.Folder) {
                Path file = source.folder().resolve(file(name));
                if (!Files.exists(file)) {
                    throw new IllegalArgumentException("no checkpoint " + file + "; --train makes one");
                }
                return DecoderCheckpoint.read(file, recipe.shape(), backend);
            }
            if (source instanceof ModelSource.Shipped) {
                Optional<Decoder> found = shipped(name, recipe.shape(), backend);
                if (found.isPresent()) {
                    return found.get();
                }
            }
            return trained(name, recipe, backend);
        } catch (IOException e) {
            throw new UncheckedIOException("checkpoint " + name, e);
        }
    }

    private static String file(String name) {
        return name + ".safetensors";
    }

    private Decoder trained(String name, Recipe recipe, MatrixBackend backend) throws IOException {
        Path file = source.folder().resolve(file(name));
        Files.createDirectories(source.folder());
        long start = System.nanoTime();
        ProgressListener named = (stage, done, total) -> progress.progress(stage + " " + name, done, total);
        try (MatrixBackend single = MatrixBackends.select(Precision.FLOAT32);
                Decoder untrained =
                        Decoder.create(single, recipe.shape(), recipe.options().seed());
                TrainedDecoder result = DecoderTraining.train(untrained, recipe.data(), recipe.options(), named)) {
            DecoderCheckpoint.write(result.model(), file);
        }
        training = training.plusNanos(System.nanoTime() - start);
        trained.add(name);
        return DecoderCheckpoint.read(file, recipe.shape(), backend);
    }

    private static Optional<Decoder> shipped(String name, DecoderShape shape, MatrixBackend backend)
            throws IOException {
        try (InputStream in = ModelStore.class.getResourceAsStream("/models/" + file(name))) {
            if (in == null) {
                return Optional.empty();
            }
            Path copy = Files.createTempFile(name, ".safetensors");
            try {
                Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
                return Optional.of(DecoderCheckpoint.read(copy, shape, backend));
            } finally {
                Files.delete(copy);
            }
        }
    }
}
