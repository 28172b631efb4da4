package io.github.influence4j.api;

/**
 * Takes captures from a {@link GradientProvider}, one layer of one batch at a time.
 *
 * <p>Captures may come from any thread, and from several at once: one is taken after the other, each before its {@code accept}
 * returns. Sums over layers are in the order of coming, so that the last digits follow it. All must have come when {@link GradientProvider#capture} returns. A layer counts as come when it was taken; after the
 * first that is refused the batch has failed, and the pass throws that exception even if the host caught it.
 */
@FunctionalInterface
public interface CaptureSink {

    /**
     * Takes one capture and is done with its memory when it returns.
     *
     * @param capture one layer of the batch
     * @throws IllegalArgumentException if the layer was not asked for, came twice, or has another number of examples than
     *     the batch
     * @throws NumericalException if a number is NaN or infinite
     * @throws IllegalStateException if another capture of the batch was refused before, another is being read by this thread, or
     *     the batch is over
     */
    void accept(LayerCapture capture);
}
