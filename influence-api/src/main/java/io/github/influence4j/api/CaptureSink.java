package io.github.influence4j.api;

/** Takes captures from a {@link GradientProvider}, one layer of one batch at a time. */
@FunctionalInterface
public interface CaptureSink {

    /**
     * Takes one capture and is done with its memory when it returns.
     *
     * @param capture one layer of the batch
     * @throws IllegalArgumentException if the layer was not asked for, came twice, or has another number of examples than
     *     the batch
     * @throws NumericalException if a number is NaN or infinite
     */
    void accept(LayerCapture capture);
}
