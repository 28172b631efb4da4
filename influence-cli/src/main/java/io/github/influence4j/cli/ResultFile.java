package io.github.influence4j.cli;

import io.github.influence4j.safetensors.AtomicFile;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** A file that a command writes: it appears complete or not at all, and never in the place of what the command reads. */
final class ResultFile {

    /** Writes the content. */
    interface Content {
        void write(Writer out) throws IOException;
    }

    private ResultFile() {}

    /** Refuses to write over an input, or over a file among those of a folder that is read; a page may lie there. */
    static void require(Path file, List<Path> inputs) throws IOException {
        if (Files.isDirectory(file)) {
            throw new IllegalArgumentException(file + " is a folder; expected the name of a file to write");
        }
        for (Path input : inputs) {
            if (!Files.exists(file) || !Files.exists(input)) {
                continue;
            }
            Path folder = file.toAbsolutePath().getParent();
            boolean among = Files.isDirectory(input)
                    && folder != null
                    && Files.isSameFile(folder, input)
                    && !String.valueOf(file.getFileName())
                            .toLowerCase(Locale.ROOT)
                            .endsWith(".html");
            if (among || Files.isSameFile(file, input)) {
                throw new IllegalArgumentException("the result cannot be written to " + file + ", which "
                        + (among ? "lies among the files of the input " + input : "is an input")
                        + "; give it another name");
            }
        }
    }

    static void write(Path file, Content content) throws IOException {
        try (AtomicFile atomic = AtomicFile.create(file)) {
            // not closed: that would close the file before it is complete
            Writer out = new BufferedWriter(Channels.newWriter(atomic.channel(), StandardCharsets.UTF_8));
            content.write(out);
            out.flush();
            atomic.commit();
        }
    }
}
