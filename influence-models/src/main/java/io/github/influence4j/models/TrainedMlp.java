package io.github.influence4j.models;

import java.util.List;

/**
 * A network and how its training went.
 *
 * @param model the trained network; closed by whoever holds this record
 * @param losses mean training loss of each epoch, each example's loss taken just before the step that uses it
 */
public record TrainedMlp(Mlp model, List<Double> losses) implements AutoCloseable {

    /** Copies the losses. */
    public TrainedMlp {
        losses = List.copyOf(losses);
    }

    @Override
    public void close() {
        model.close();
    }
}
