package io.github.influence4j.safetensors;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Optional;

/**
 * What tells a file from what it was before.
 *
 * @param size bytes
 * @param modified when it was written last
 * @param changed when the file system noted a change of it last, which nobody can set, where it does
 * @param key the file system's own name for it, where it has one
 */
record FileState(long size, FileTime modified, Optional<Object> changed, Optional<Object> key) {

    private static final String UNIX = "unix";

    /**
     * Looks at a file.
     *
     * @throws MalformedFileException if it is not a regular file: a folder, a pipe, a device, or a link that is not followed
     */
    static FileState of(Path file, LinkOption... links) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class, links);
        if (!attributes.isRegularFile()) {
            throw new MalformedFileException(
                    file,
                    attributes.isSymbolicLink()
                            ? "is a symbolic link, which is not followed here"
                            : "is not a regular file");
        }
        return new FileState(
                attributes.size(),
                attributes.lastModifiedTime(),
                changed(file, links),
                Optional.ofNullable(attributes.fileKey()));
    }

    /** Time of the last change of content or attributes; a program that puts the other time back leaves its trace here. */
    static Optional<Object> changed(Path file, LinkOption... links) throws IOException {
        return file.getFileSystem().supportedFileAttributeViews().contains(UNIX)
                ? Optional.ofNullable(Files.getAttribute(file, UNIX + ":ctime", links))
                : Optional.empty();
    }
}
