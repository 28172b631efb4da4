package io.github.influence4j.index.internal.file;

import java.util.Locale;

/** What an index may keep of every sequence. */
public enum IndexSection {
    /** Signs of random projections of all coordinates. */
    SIGNS,
    /** The leading coordinates, in few bits. */
    COORDINATES;

    /** How a manifest calls it. */
    String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Names the file of a shard.
     *
     * @param shard number of the shard
     * @return such as {@code signs-000003.safetensors}
     */
    public String file(int shard) {
        return String.format(Locale.ROOT, "%s-%06d.safetensors", key(), shard);
    }

    @Override
    public String toString() {
        return key();
    }
}
