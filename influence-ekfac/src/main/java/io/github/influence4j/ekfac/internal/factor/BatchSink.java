package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.LayerCapture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes the captures of one batch, one at a time whatever threads they come from, and remembers the first failure, so that a host
 * cannot lose it.
 */
final class BatchSink implements CaptureSink {

    private final Consumer<LayerCapture> taking;
    private boolean busy;
    private boolean over;
    private @Nullable Throwable failure;

    BatchSink(Consumer<LayerCapture> taking) {
        this.taking = taking;
    }

    @Override
    public synchronized void accept(LayerCapture capture) {
        if (over) {
            throw new IllegalStateException(
                    "a capture came after its batch was over: push every layer before capture() returns");
        }
        if (failure != null) {
            throw new IllegalStateException("a capture came after another of its batch was refused", failure);
        }
        try {
            if (busy) {
                throw new IllegalStateException(
                        "a capture came while another was being read: push it when accept() has returned");
            }
            busy = true;
            taking.accept(capture);
        } catch (RuntimeException | Error e) {
            failure = failure == null ? e : failure;
            throw e;
        } finally {
            busy = false;
        }
    }

    /** Ends the batch: waits for a capture that is being taken, and throws the first failure, if there was one. */
    synchronized void end() {
        over = true;
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
    }

    /** Ends the batch with what the host threw, which gives way to the first failure. */
    synchronized void endAfter(Throwable thrown) {
        if (failure != null && failure != thrown) {
            failure.addSuppressed(thrown);
        }
        end();
    }
}
