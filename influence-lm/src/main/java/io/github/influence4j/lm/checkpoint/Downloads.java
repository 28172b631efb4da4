package io.github.influence4j.lm.checkpoint;

import io.github.influence4j.safetensors.MalformedFileException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** What goes wrong with downloads: a note in the place of a file, and a file that came in part. */
final class Downloads {

    /** What Git leaves in the place of a large file that was not fetched. */
    private static final byte[] POINTER =
            "version https://git-lfs.github.com/spec/".getBytes(StandardCharsets.US_ASCII);

    private Downloads() {}

    /**
     * Refuses a note that Git left in the place of a file.
     *
     * @throws MalformedFileException if it is one
     */
    static void requireContent(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            return;
        }
        try (InputStream in = Files.newInputStream(file)) {
            if (Arrays.equals(POINTER, in.readNBytes(POINTER.length))) {
                throw new MalformedFileException(
                        file, "is a note of Git LFS in the place of the file; fetch the file with git lfs pull");
            }
        }
    }

    /** Says what to do about a file that cannot be read. */
    static MalformedFileException damaged(Path file, MalformedFileException problem) {
        String message = String.valueOf(problem.getMessage());
        String start = file + ": ";
        return new MalformedFileException(
                file,
                (message.startsWith(start) ? message.substring(start.length()) : message) + "; download it again",
                problem);
    }
}
