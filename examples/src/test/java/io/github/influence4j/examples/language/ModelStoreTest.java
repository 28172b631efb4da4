package io.github.influence4j.examples.language;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.decoder.DecoderTrainingOptions;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelStoreTest {

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    private final MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);
    private final ModelStore.Recipe recipe = recipe(DecoderShape.of(5, 4, 1, 4, 1));

    private static ModelStore.Recipe recipe(DecoderShape shape) {
        return new ModelStore.Recipe(
                shape,
                ExampleSource.of(List.of(TokenSequence.of(1, 2, 3), TokenSequence.of(3, 2, 1))),
                DecoderTrainingOptions.defaults().withSteps(2).withBatchSize(2));
    }

    private static ModelStore store(ModelSource source) {
        return new ModelStore(source, ProgressListener.silent());
    }

    @Test
    void whatWasTrainedIsReadAgain() {
        ModelStore training = store(new ModelSource.Trained(folder.resolve("new")));
        try (Decoder trained = training.model("tiny", recipe, backend);
                Decoder read =
                        store(new ModelSource.Folder(folder.resolve("new"))).model("tiny", recipe, backend)) {
            assertArrayEquals(trained.weights().toFlat(), read.weights().toFlat());
            assertEquals(trained.fingerprint(), read.fingerprint());
            assertTrue(training.training().toNanos() > 0);
            assertEquals("all trained in this run", training.origin());
        }
    }

    @Test
    void anotherShapeIsNamed() {
        store(new ModelSource.Trained(folder)).model("tiny", recipe, backend).close();
        ModelStore.Recipe wider = recipe(DecoderShape.of(5, 4, 1, 8, 1));
        String message =
                String.valueOf(assertThrows(IllegalArgumentException.class, () -> store(new ModelSource.Folder(folder))
                                .model("tiny", wider, backend))
                        .getMessage());
        assertTrue(message.contains("a checkpoint of another shape"), message);
        assertTrue(message.contains("width=8") && message.contains("width=4"), message);
    }

    @Test
    void missingCheckpointsSayHowToMakeThem() {
        String message =
                String.valueOf(assertThrows(IllegalArgumentException.class, () -> store(new ModelSource.Folder(folder))
                                .model("tiny", recipe, backend))
                        .getMessage());
        assertTrue(message.contains("tiny.safetensors; --train makes one"), message);
    }

    @Test
    void whatDoesNotComeWithTheStudyIsTrained() {
        ModelStore shipped = store(new ModelSource.Shipped(folder));
        shipped.model("tiny", recipe, backend).close();
        assertTrue(Files.exists(folder.resolve("tiny.safetensors")));
        assertEquals("checkpoints that come with the study; trained in this run: tiny", shipped.origin());
    }

    @Test
    void whatComesWithTheStudyIsNotTrained() {
        LanguageOptions options = LanguageOptions.defaults();
        ModelStore shipped = store(new ModelSource.Shipped(folder));
        for (long seed : List.of(1L, 2L)) {
            new SyntheticBed(backend, shipped, options, seed, ProgressListener.silent()).close();
        }
        assertEquals(Duration.ZERO, shipped.training());
        assertEquals("checkpoints that come with the study", shipped.origin());
    }

    @Test
    void aCorpusWithOneSequenceIsRefused() {
        ModelStore.Recipe one = new ModelStore.Recipe(
                recipe.shape(), ExampleSource.of(List.of(TokenSequence.of(1, 2))), recipe.options());
        String message =
                String.valueOf(assertThrows(IllegalArgumentException.class, () -> store(new ModelSource.Trained(folder))
                                .model("tiny", one, backend))
                        .getMessage());
        assertTrue(message.contains("at least two sequences, found 1"), message);
    }
}
