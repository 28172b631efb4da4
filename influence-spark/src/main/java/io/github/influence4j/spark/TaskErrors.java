package io.github.influence4j.spark;

import io.github.influence4j.api.NumericalException;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Says of what went wrong in a task in which partition it did. */
final class TaskErrors {

    /** What a task does. */
    interface Work<T> {
        T run() throws IOException;
    }

    private TaskErrors() {}

    /** Runs work of a partition. Messages of this library get the partition; anything else is let through. */
    static <T> T in(String stage, int partition, Work<T> work) {
        String place = stage + ", partition " + partition + ": ";
        try {
            return work.run();
        } catch (NumericalException e) {
            throw numerical(place + e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(place + e.getMessage(), e);
        } catch (IllegalStateException e) {
            throw new IllegalStateException(place + e.getMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException(place + e.getMessage(), e);
        } catch (UncheckedIOException e) {
            throw new UncheckedIOException(place + e.getMessage(), e.getCause());
        }
    }

    static NumericalException numerical(String message, Throwable cause) {
        NumericalException named = new NumericalException(message);
        named.initCause(cause);
        return named;
    }
}
