package io.github.influence4j.safetensors;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder whose files are named by a listing or by another file, which are not trusted: a name must be one of a regular file
 * in this very folder.
 *
 * @param path the folder; may itself be reached over a link
 */
public record ShardFolder(Path path) {

    /** How the names of safetensors files end. */
    public static final String SUFFIX = ".safetensors";

    /**
     * Lists the safetensors files of the folder; hidden ones, as those that are being written, do not count.
     *
     * @return their names in the order of their characters
     * @throws IOException if the folder cannot be read
     * @throws MalformedFileException if there is none, or one is a link or not a file
     */
    public List<String> names() throws IOException {
        List<String> names;
        try (Stream<Path> files = Files.list(path)) {
            names = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(SUFFIX) && !name.startsWith("."))
                    .sorted()
                    .toList();
        }
        if (names.isEmpty()) {
            throw new MalformedFileException(path, "holds no " + SUFFIX + " file");
        }
        for (String name : names) {
            FileState.of(resolve(name), LinkOption.NOFOLLOW_LINKS);
        }
        return names;
    }

    /**
     * Finds a file by name.
     *
     * @param name a file name
     * @return the file, which need not exist
     * @throws MalformedFileException if the name has anything but a plain file name in it, a folder for instance
     */
    public Path resolve(String name) {
        boolean plain = !name.isEmpty()
                && !name.equals(".")
                && !name.equals("..")
                && name.chars().noneMatch(c -> c == '/' || c == '\\' || c == ':' || Character.isISOControl(c));
        if (!plain) {
            throw noName(name);
        }
        try {
            return path.resolve(name);
        } catch (InvalidPathException e) {
            // characters that no file name of this system has
            throw noName(name);
        }
    }

    private MalformedFileException noName(String name) {
        return new MalformedFileException(path, MalformedFileException.quote(name) + " is not the name of a file");
    }

    /**
     * Opens a file by name.
     *
     * @param name a file name
     * @return the file, which the caller closes
     * @throws IOException if it cannot be read
     * @throws MalformedFileException if the name is not a plain file name, or the file a link or malformed
     */
    public SafetensorsFile open(String name) throws IOException {
        return SafetensorsFile.openNoLink(resolve(name));
    }
}
