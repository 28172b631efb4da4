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
 * in this very folder, and no link. Caches of downloads are folders of links to files that lie elsewhere; whoever reads one says so with
 * {@link #ofDownload}.
 *
 * @param path the folder; may itself be reached over a link
 * @param links whether files may be links
 */
public record ShardFolder(Path path, boolean links) {

    /** How the names of safetensors files end. */
    public static final String SUFFIX = ".safetensors";

    /**
     * Makes a folder whose files may not be links.
     *
     * @param path the folder
     */
    public ShardFolder(Path path) {
        this(path, false);
    }

    /**
     * Makes a folder that was downloaded and whose files may be links, as in Hugging Face's cache.
     *
     * @param path the folder
     * @return the folder, in which links are followed
     */
    public static ShardFolder ofDownload(Path path) {
        return new ShardFolder(path, true);
    }

    /**
     * Lists the safetensors files of the folder; hidden ones, as those that are being written, do not count.
     *
     * @return their names in the order of their characters
     * @throws IOException if the folder cannot be read
     * @throws MalformedFileException if there is none, or one is not a file, or a link where none may be
     */
    public List<String> names() throws IOException {
        List<String> all;
        try (Stream<Path> files = Files.list(path)) {
            all = files.map(file -> file.getFileName().toString())
                    .filter(name -> !name.startsWith("."))
                    .sorted()
                    .toList();
        }
        List<String> names = all.stream().filter(name -> name.endsWith(SUFFIX)).toList();
        if (names.isEmpty()) {
            List<String> pickles = all.stream().filter(Pickles::isNamedSo).toList();
            throw new MalformedFileException(path, "holds no " + SUFFIX + " file" + Pickles.instead(pickles));
        }
        for (String name : names) {
            FileState.of(resolve(name), options());
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
     * @throws MalformedFileException if the name is not a plain file name, or the file is malformed, or a link where none may be
     */
    public SafetensorsFile open(String name) throws IOException {
        return links ? SafetensorsFile.open(resolve(name)) : SafetensorsFile.openNoLink(resolve(name));
    }

    private LinkOption[] options() {
        return links ? new LinkOption[0] : new LinkOption[] {LinkOption.NOFOLLOW_LINKS};
    }
}
