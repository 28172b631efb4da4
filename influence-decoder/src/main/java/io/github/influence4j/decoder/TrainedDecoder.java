package io.github.influence4j.decoder;

import java.util.List;

/**
 * A model and how its training went.
 *
 * @param model the trained model; closed by whoever holds this record
 * @param losses mean −log p over the predictions of each step's batch, just before the step
 */
public record TrainedDecoder(Decoder model, List<Double> losses) implements AutoCloseable {

    /** Copies the losses. */
    public TrainedDecoder {
        losses = List.copyOf(losses);
    }

    @Override
    public void close() {
        model.close();
    }
}
