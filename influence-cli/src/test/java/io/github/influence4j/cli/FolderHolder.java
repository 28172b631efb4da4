package io.github.influence4j.cli;

import io.github.influence4j.store.FolderLock;
import java.io.IOException;
import java.nio.file.Path;

/** A process that holds the lock of a folder until it is ended. */
final class FolderHolder {

    private FolderHolder() {}

    public static void main(String[] arguments) throws IOException {
        try (FolderLock lock = FolderLock.acquire(Path.of(arguments[0]))) {
            lock.requireHeld();
            System.out.println("held");
            System.out.flush();
            // until the other side closes
            while (System.in.read() >= 0) {
                lock.requireHeld();
            }
        }
    }
}
