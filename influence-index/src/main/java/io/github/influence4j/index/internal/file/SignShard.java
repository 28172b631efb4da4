package io.github.influence4j.index.internal.file;

import io.github.influence4j.index.internal.sketch.RowShape;
import io.github.influence4j.index.internal.sketch.SignRows;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.safetensors.ShardFolder;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.Checksum;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A shard of an index: a safetensors file with {@code ids} [n], {@code signs} [n, words] and {@code scales} [n, cells], whose rows
 * have the same size everywhere. Safe for use by several threads.
 */
public final class SignShard implements AutoCloseable {

    private static final String IDS = "ids";
    private static final String SIGNS = "signs";
    private static final String SCALES = "scales";

    private final SafetensorsFile file;
    private final RowShape shape;
    private final int rows;

    private SignShard(SafetensorsFile file, RowShape shape, int rows) {
        this.file = file;
        this.shape = shape;
        this.rows = rows;
    }

    /** Writes the rows of a shard. For one thread. */
    public static final class Writer implements AutoCloseable {

        private final SafetensorsWriter file;

        private Writer(SafetensorsWriter file) {
            this.file = file;
        }

        /**
         * Adds rows.
         *
         * @param rows the next rows
         * @throws IOException if they cannot be written
         */
        public void add(SignRows rows) throws IOException {
            file.append(IDS, rows.ids(), 0, rows.ids().length);
            file.append(SCALES, rows.scales(), 0, rows.scales().length);
            file.append(SIGNS, rows.signs(), 0, rows.signs().length);
        }

        /**
         * Makes the file appear.
         *
         * @return what it must be
         * @throws IOException if the medium does not take it
         */
        public Checksum commit() throws IOException {
            Checksum checksum = new Checksum(file.size(), file.sha256());
            file.commit();
            return checksum;
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }

    /**
     * Begins a shard.
     *
     * @param target the file
     * @param section whose rows they are
     * @param header what the shards have in common
     * @param shape of the rows
     * @param examples n
     * @return takes n rows; closed by the caller
     * @throws IOException if it cannot be written
     */
    public static Writer create(Path target, IndexSection section, IndexHeader header, RowShape shape, long examples)
            throws IOException {
        return new Writer(SafetensorsWriter.create(target, specs(shape, examples), metadata(section, header)));
    }

    /**
     * Says how large a shard is.
     *
     * @param section whose rows they are
     * @param header what the shards have in common
     * @param shape of the rows
     * @param examples n
     * @return bytes
     */
    public static long size(IndexSection section, IndexHeader header, RowShape shape, long examples) {
        return SafetensorsWriter.size(specs(shape, examples), metadata(section, header));
    }

    private static List<TensorSpec> specs(RowShape shape, long examples) {
        return List.of(
                TensorSpec.of(IDS, TensorType.I64, examples),
                TensorSpec.of(SIGNS, TensorType.I64, examples, shape.words()),
                TensorSpec.of(SCALES, TensorType.BF16, examples, shape.scales()));
    }

    private static Map<String, String> metadata(IndexSection section, IndexHeader header) {
        return Map.of("format", "influence-index-" + section.key(), "version", "1", "index", header.fingerprint());
    }

    /**
     * Opens a shard.
     *
     * @param folder of the index
     * @param section whose rows they are
     * @param shard which one
     * @param header what the shards have in common
     * @param shape of the rows
     * @return the shard, which the caller closes
     * @throws IOException if it cannot be read
     * @throws MalformedFileException if it is not a shard of this index
     */
    public static SignShard open(
            Path folder, IndexSection section, IndexManifest.Shard shard, IndexHeader header, RowShape shape)
            throws IOException {
        SafetensorsFile file = new ShardFolder(folder).open(shard.file(section).name());
        try {
            if (!file.metadata().equals(metadata(section, header))) {
                throw new MalformedFileException(
                        file.path(),
                        "belongs to another index: expected " + metadata(section, header) + ", found "
                                + file.metadata());
            }
            for (TensorSpec spec : specs(shape, shard.examples())) {
                if (!file.tensor(spec.name()).equals(spec)) {
                    throw new MalformedFileException(
                            file.path(),
                            "tensor " + spec.name() + " must be " + spec.describe() + ", found "
                                    + file.tensor(spec.name()).describe());
                }
            }
            return new SignShard(file, shape, shard.examples());
        } catch (RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    /**
     * Reads the whole file and compares.
     *
     * @param stored what it must be
     * @throws IOException if it cannot be read
     * @throws MalformedFileException if it is another one
     */
    public void verify(IndexManifest.StoredFile stored) throws IOException {
        stored.checksum().verify(file);
    }

    /**
     * Returns the number of rows.
     *
     * @return n
     */
    public int rows() {
        return rows;
    }

    /**
     * Reads ids.
     *
     * @param first the first row
     * @param count how many
     * @return the ids
     */
    public long[] ids(int first, int count) {
        long[] ids = new long[count];
        file.read(IDS, first, count, ids, 0);
        return ids;
    }

    /**
     * Reads scales and signs; the ids are left out.
     *
     * @param first the first row
     * @param count how many
     * @return the rows
     * @throws MalformedFileException if a scale is none
     */
    public SignRows read(int first, int count) {
        int words = shape.words();
        long[] signs = new long[Math.multiplyExact(count, words)];
        file.read(SIGNS, (long) first * words, signs.length, signs, 0);
        return new SignRows(new long[0], scales(first, count), signs);
    }

    /**
     * Reads scales.
     *
     * @param first the first row
     * @param count how many
     * @return [count, cells]
     * @throws MalformedFileException if one is negative or not finite
     */
    public float[] scales(int first, int count) {
        int cells = shape.scales();
        float[] scales = new float[Math.multiplyExact(count, cells)];
        file.read(SCALES, (long) first * cells, scales.length, scales, 0);
        for (float scale : scales) {
            if (!(scale >= 0) || scale == Float.POSITIVE_INFINITY) {
                throw new MalformedFileException(
                        file.path(), "holds the scale " + scale + "; scales are finite and not negative");
            }
        }
        return scales;
    }

    /** Checks that the file is still the one that was opened. */
    public void checkUnchanged() {
        file.checkUnchanged();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
