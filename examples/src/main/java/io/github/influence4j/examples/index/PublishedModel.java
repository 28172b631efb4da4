package io.github.influence4j.examples.index;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.lm.checkpoint.Checkpoint;
import io.github.influence4j.lm.checkpoint.LayerSelection;
import io.github.influence4j.lm.text.ModelTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A checkpoint as it is downloaded, with its tokeniser; the linear maps of its MLPs are tracked, as in the paper. */
record PublishedModel(Path path) implements StudiedModel {

    @Override
    public TextWindows text(IndexStudyOptions options) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(path);
                ModelTokenizer tokenizer = checkpoint
                        .tokenizer()
                        .orElseThrow(
                                () -> new IllegalArgumentException(path + " has no tokeniser: texts are needed"))) {
            return TextWindows.of(
                    options,
                    text -> tokenizer.encode(text).ids(),
                    checkpoint.shape().vocabulary());
        }
    }

    @Override
    public Decoder decoder(
            IndexStudyOptions options, TextWindows text, Path folder, MatrixBackend backend, ProgressListener progress)
            throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(path)) {
            List<String> maps = LayerSelection.of(checkpoint.shape(), "mlp").stream()
                    .map(LayerSpec::name)
                    .toList();
            return checkpoint.decoder(backend, maps);
        }
    }

    @Override
    public int part() {
        return 64;
    }
}
