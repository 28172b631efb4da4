package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.linalg.DeviceMemoryException;
import java.util.function.Supplier;

/** Names the work in which the memory of a card, of the process or of the Java heap did not suffice, and what would need less. */
public final class WantOfMemory {

    private WantOfMemory() {}

    /**
     * Does some work.
     *
     * @param what the stage, what its plan says that it needs, and the option that helps; asked for where memory was wanting
     * @param work the work
     * @throws DeviceMemoryException if a card has too little, naming the stage
     * @throws OutOfMemoryError if the machine or the heap has too little, naming the stage
     */
    public static void named(Supplier<String> what, Runnable work) {
        make(what, () -> {
            work.run();
            return true;
        });
    }

    /**
     * Makes something.
     *
     * @param <R> what is made
     * @param what as for {@link #named}
     * @param work makes it
     * @return what was made
     */
    public static <R> R make(Supplier<String> what, Supplier<R> work) {
        try {
            return work.get();
        } catch (DeviceMemoryException e) {
            throw e.during(what.get());
        } catch (OutOfMemoryError e) {
            OutOfMemoryError named = new OutOfMemoryError(what.get() + ": " + e.getMessage());
            named.initCause(e);
            throw named;
        }
    }
}
