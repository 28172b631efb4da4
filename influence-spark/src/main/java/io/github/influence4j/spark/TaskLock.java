package io.github.influence4j.spark;

import io.github.influence4j.store.FolderLock;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;

/**
 * The lock of a folder that a task writes results to. An attempt of the same task that Spark has given up may still hold it, on a machine
 * that was taken for lost: it writes the same, and is waited for.
 */
final class TaskLock {

    private static final long MOST_SECONDS = 600;

    private TaskLock() {}

    /** Refuses a folder that somebody else is writing to, before anything is computed. */
    static void requireFree(Path folder) throws IOException {
        FolderLock.acquire(folder).close();
    }

    /** Takes the lock, which the caller closes. */
    static FolderLock acquire(Path folder) throws IOException {
        for (long waited = 0; ; waited++) {
            try {
                return FolderLock.acquire(folder);
            } catch (IllegalStateException e) {
                if (waited == MOST_SECONDS) {
                    throw e;
                }
                await(folder);
            }
        }
    }

    private static void await(Path folder) {
        try {
            TimeUnit.SECONDS.sleep(1);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while another attempt wrote to " + folder);
        }
    }
}
