package io.github.influence4j.store.internal;

import io.github.influence4j.api.Fingerprint;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.store.PartedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Tells data sets apart by name, size and times of the last change of each file, that which anybody can set and that which the file system
 * keeps; their content is not read.
 */
public final class DataDigest {

    private DataDigest() {}

    /**
     * Describes a data set.
     *
     * @param set the data set
     * @return its size, and a digest of what its files are
     * @throws IOException if a file cannot be looked at
     */
    public static String of(PartedData<?> set) throws IOException {
        StringBuilder files = new StringBuilder();
        for (Path file : set.files()) {
            files.append(file.getFileName())
                    .append('\n')
                    .append(Files.size(file))
                    .append(' ')
                    .append(Files.getLastModifiedTime(file))
                    .append(SafetensorsFile.changeTime(file))
                    .append('\n');
        }
        return set.size() + " examples, digest " + Fingerprint.ofText(files + set.settings());
    }
}
