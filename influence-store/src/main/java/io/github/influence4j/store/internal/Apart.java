package io.github.influence4j.store.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Keeps results away from what they are made of: beside it they would be read as part of it, and might replace some. */
public final class Apart {

    private Apart() {}

    /**
     * Checks that a folder of results holds none of the inputs.
     *
     * @param results where results will be written
     * @param what they are, for the message
     * @param inputs files that are read
     * @throws IOException if the folders cannot be looked at
     * @throws IllegalArgumentException if it does, naming one
     */
    public static void require(Path results, String what, List<Path> inputs) throws IOException {
        for (Path input : inputs) {
            Path folder = input.toAbsolutePath().getParent();
            if (folder != null && Files.exists(results) && Files.isSameFile(results, folder)) {
                throw new IllegalArgumentException(what + " cannot be written to " + results
                        + ", which holds the input " + input.getFileName() + "; give them a folder of their own");
            }
        }
    }
}
