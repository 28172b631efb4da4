package io.github.influence4j.examples.index;

import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.linalg.MatrixBackend;
import java.io.IOException;
import java.nio.file.Path;

/** Where the model of the study comes from, and the text in its tokens. */
interface StudiedModel {

    /** Cuts the text into sequences. */
    TextWindows text(IndexStudyOptions options) throws IOException;

    /**
     * Makes the model, with the matrices tracked whose gradients are compared.
     *
     * @param options what to do
     * @param text what it is trained on, if it is
     * @param folder keeps what is made
     * @param backend computes
     * @param progress is told of steps
     * @return the model, which the caller closes
     * @throws IOException if files cannot be read or written
     */
    Decoder decoder(
            IndexStudyOptions options, TextWindows text, Path folder, MatrixBackend backend, ProgressListener progress)
            throws IOException;

    /** Returns how many sequences a part of the training set has, after which a pass is kept. */
    int part();

    /** Returns the model that the options ask for. */
    static StudiedModel of(IndexStudyOptions options) {
        return options.checkpoint().isEmpty() ? new TrainedLlama() : new PublishedModel(Path.of(options.checkpoint()));
    }
}
