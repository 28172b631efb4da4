package io.github.influence4j.store.captures;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.ShardFolder;
import io.github.influence4j.store.PartedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Captures in one file, or in the {@code *.safetensors} files of a folder in the order of their names, as a data set.
 *
 * <p>Ids are those of the files, or 0, 1, 2, … where they have none. Batches end with their shard, so they may hold fewer
 * examples than asked for. Memory is the headers and 8 bytes an example; captures are read when a {@link CaptureProvider}
 * hands them on, and handles of shards that are not in use are given back.
 *
 * <p>Files are checked when the set is opened: all shards say the same about objective, model and layers, every tensor has the
 * shape that follows, nothing else is there, and no id occurs twice. Safe for use by several threads.
 */
public final class CaptureSet implements PartedData<CapturedExample>, AutoCloseable {

    private final Path path;
    private final List<CaptureShard> shards;
    private final long[] ids;
    private final int firstId;
    private final long size;
    private final List<LayerSpec> layers;
    private final OpenShards open;

    private CaptureSet(
            Path path, List<CaptureShard> shards, long[] ids, int firstId, List<LayerSpec> layers, OpenShards open) {
        this.path = path;
        this.shards = List.copyOf(shards);
        this.ids = ids;
        this.firstId = firstId;
        this.size = shards.stream().mapToLong(CaptureShard::examples).sum();
        this.layers = layers;
        this.open = open;
    }

    /**
     * Opens a file or a folder of shards.
     *
     * @param path a safetensors file, or a folder with some
     * @return the captures, which the caller closes
     * @throws IOException if they cannot be read
     * @throws MalformedFileException if a file is not one of captures, shards do not belong together, the folder holds none, or there
     *     are several draws of labels an example and one of them is missing
     */
    public static CaptureSet open(Path path) throws IOException {
        return open(path, true);
    }

    /** Opens one shard of a folder, which may hold some draws of an example where others hold the rest. */
    static CaptureSet openShard(Path file) throws IOException {
        return open(file, false);
    }

    private static CaptureSet open(Path path, boolean whole) throws IOException {
        List<CaptureShard> shards = new ArrayList<>();
        OpenShards open = new OpenShards();
        try {
            if (Files.isDirectory(path)) {
                ShardFolder folder = new ShardFolder(path);
                for (String name : folder.names()) {
                    add(folder.open(name), shards, open);
                }
            } else {
                add(SafetensorsFile.open(path), shards, open);
            }
            requireSame(shards);
            if (!shards.get(0).hasIds()) {
                ShardOrder.requireAsRead(
                        path, shards.stream().map(shard -> shard.file().path()).toList());
            }
            long[] ids = readIds(path, shards, open);
            if (whole) {
                requireAllDraws(path, ids, shards.get(0));
            }
            return new CaptureSet(path, shards, ids, 0, layers(shards), open);
        } catch (IOException | RuntimeException | Error e) {
            for (CaptureShard shard : shards) {
                shard.file().close();
            }
            throw e;
        }
    }

    private static void add(SafetensorsFile file, List<CaptureShard> shards, OpenShards open) throws IOException {
        try {
            CaptureShard shard = new CaptureShard(file);
            shards.add(shard);
            open.use(shard);
        } catch (RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    private static void requireSame(List<CaptureShard> shards) {
        CaptureShard first = shards.get(0);
        for (CaptureShard shard : shards) {
            if (!shard.header().equals(first.header())) {
                throw new MalformedFileException(
                        shard.file().path(),
                        "says " + shard.header() + ", where "
                                + first.file().path().getFileName() + " says " + first.header());
            }
            if (shard.hasIds() != first.hasIds()) {
                throw new MalformedFileException(
                        shard.file().path(), "has " + (shard.hasIds() ? "ids" : "no ids") + ", unlike the first shard");
            }
        }
    }

    private static long[] readIds(Path path, List<CaptureShard> shards, OpenShards open) {
        long total = 0;
        for (CaptureShard shard : shards) {
            total = Math.addExact(total, shard.examples());
        }
        if (total > Integer.MAX_VALUE - 8) {
            throw new MalformedFileException(path, "holds " + total + " examples, more than can be numbered");
        }
        long[] ids = new long[(int) total];
        if (!shards.get(0).hasIds()) {
            Arrays.setAll(ids, k -> k);
            return ids;
        }
        int offset = 0;
        for (CaptureShard shard : shards) {
            open.use(shard);
            shard.readIds(ids, offset);
            offset += (int) shard.examples();
        }
        long[] sorted = ids.clone();
        Arrays.sort(sorted);
        for (int k = 1; k < sorted.length; k++) {
            if (sorted[k] == sorted[k - 1]) {
                throw new MalformedFileException(path, "holds two examples with id " + sorted[k]);
            }
        }
        return ids;
    }

    /** Draw k of D of example e has the id e·D + k, so those of one example follow each other. */
    private static void requireAllDraws(Path path, long[] ids, CaptureShard first) {
        int draws = first.header().draws();
        if (draws == 1) {
            return;
        }
        if (!first.hasIds()) {
            throw new MalformedFileException(
                    path,
                    "holds " + draws + " draws of labels an example, which need ids: example times " + draws
                            + " plus draw");
        }
        long[] sorted = ids.clone();
        Arrays.sort(sorted);
        for (int k = 0; k < sorted.length; k++) {
            long example = Math.floorDiv(sorted[k - k % draws], draws);
            if (sorted[k] != example * draws + k % draws || k == sorted.length - 1 && k % draws != draws - 1) {
                throw new MalformedFileException(
                        path,
                        "lacks one of the " + draws + " draws of labels of example " + example + " (ids "
                                + example * draws + " to " + (example * draws + draws - 1)
                                + "); export all draws of each example");
            }
        }
    }

    /** Where the files do not say what positions are, more than one of them anywhere means tokens. */
    private static List<LayerSpec> layers(List<CaptureShard> shards) {
        List<LayerSpec> layers = new ArrayList<>();
        for (DeclaredLayer layer : shards.get(0).header().layers()) {
            int most = shards.stream()
                    .mapToInt(shard -> shard.positions(layer))
                    .max()
                    .orElse(1);
            Positions kind = layer.positions().orElse(most > 1 ? Positions.TOKENS : Positions.NONE);
            if (kind == Positions.NONE && most > 1) {
                throw new MalformedFileException(
                        shards.get(0).file().path(),
                        "layer " + MalformedFileException.quote(layer.name())
                                + " is declared to have no positions, but has " + most);
            }
            layers.add(new LayerSpec(layer.name(), layer.inputs(), layer.outputs(), layer.bias(), kind));
        }
        return List.copyOf(layers);
    }

    /**
     * Returns where the captures are.
     *
     * @return the file or folder it was opened with
     */
    public Path path() {
        return path;
    }

    /**
     * Returns the files.
     *
     * @return shards in the order in which they are read
     */
    @Override
    public List<Path> files() {
        return shards.stream().map(shard -> shard.file().path()).toList();
    }

    /**
     * Returns what the captures are gradients of.
     *
     * @return the objective that the files declare
     */
    public CaptureObjective objective() {
        return header().objective();
    }

    /**
     * Returns which model made the captures.
     *
     * @return its fingerprint, if the files have one
     */
    public Optional<String> model() {
        return header().model();
    }

    /**
     * Returns which labels sampled captures are of.
     *
     * @return the name of the series of draws, if the files have one
     */
    public Optional<String> labels() {
        return header().labels();
    }

    /**
     * Returns how many draws of labels sampled captures hold of each example. Draw k of D of example e is an example of this set of its
     * own, with the id e·D + k, so that what is fitted from the set is the mean over examples and draws.
     *
     * @return the number of draws; 1 for other objectives
     */
    public int draws() {
        return header().draws();
    }

    /**
     * Returns to how many singular pairs an example's gradient was cut. Such captures have no positions of the model: a fit, and
     * scores by token, cannot be computed from them.
     *
     * @return the rank, if gradients were cut
     */
    public OptionalInt rank() {
        return header().rank();
    }

    /**
     * Returns the layers. Where the files do not say what the positions of a layer are, they are tokens if there is more than
     * one, and else none.
     *
     * @return the layers, in the files' order
     */
    public List<LayerSpec> layers() {
        return layers;
    }

    /**
     * Returns which layers read the same input.
     *
     * @return names of layers, as the files say; empty where they say nothing
     */
    public List<List<String>> sharedInputs() {
        return header().sharedInputs();
    }

    /**
     * Says whether the files leave open what the positions of a layer are.
     *
     * @param layer index of the layer
     * @return whether {@link #layers()} had to guess
     */
    boolean guessesPositions(int layer) {
        return header().layers().get(layer).positions().isEmpty();
    }

    private CaptureHeader header() {
        return shards.get(0).header();
    }

    /**
     * Returns the largest number of positions that an example has at a layer.
     *
     * @param layer index of the layer
     * @return t, padding included
     */
    public int positions(int layer) {
        DeclaredLayer declared = header().layers().get(layer);
        return shards.stream()
                .mapToInt(shard -> shard.positions(declared))
                .max()
                .orElse(1);
    }

    /**
     * Returns the shards one by one, each with its ids, for work that is done shard by shard.
     *
     * @return views of this set, good as long as it is open; closing one closes its file only, so close this set instead
     */
    @Override
    public List<CaptureSet> shards() {
        List<CaptureSet> parts = new ArrayList<>();
        int first = firstId;
        for (CaptureShard shard : shards) {
            parts.add(new CaptureSet(shard.file().path(), List.of(shard), ids, first, layers, open));
            first += (int) shard.examples();
        }
        return parts;
    }

    @Override
    public long size() {
        return size;
    }

    /**
     * Returns the ids of all examples.
     *
     * @return a copy
     */
    @Override
    public long[] ids() {
        return Arrays.copyOfRange(ids, firstId, firstId + (int) size);
    }

    @Override
    public Iterable<ExampleBatch<CapturedExample>> batches(int batchSize) {
        if (batchSize < 1) {
            throw new IllegalArgumentException("batch size must be positive, found " + batchSize);
        }
        return () -> new Batches(batchSize);
    }

    /** Goes through the shards one after the other. */
    private final class Batches implements Iterator<ExampleBatch<CapturedExample>> {
        private final int batchSize;
        private int shard;
        private long row;
        private int nextId = firstId;

        Batches(int batchSize) {
            this.batchSize = batchSize;
        }

        @Override
        public boolean hasNext() {
            return shard < shards.size();
        }

        @Override
        public ExampleBatch<CapturedExample> next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            CaptureShard current = shards.get(shard);
            open.use(current);
            int count = (int) Math.min(batchSize, current.examples() - row);
            List<CapturedExample> examples = new ArrayList<>(count);
            for (int k = 0; k < count; k++) {
                examples.add(new CapturedExample(current, row + k));
            }
            ExampleBatch<CapturedExample> batch =
                    new ExampleBatch<>(examples, Arrays.copyOfRange(ids, nextId, nextId + count));
            nextId += count;
            row += count;
            if (row == current.examples()) {
                shard++;
                row = 0;
            }
            return batch;
        }
    }

    /** Closes the files. */
    @Override
    public void close() throws IOException {
        for (CaptureShard shard : shards) {
            shard.file().close();
        }
    }

    @Override
    public String toString() {
        return path + ": " + size + " examples of " + objective().word() + " captures";
    }
}
