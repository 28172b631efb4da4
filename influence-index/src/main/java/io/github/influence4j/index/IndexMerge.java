package io.github.influence4j.index;

import io.github.influence4j.index.internal.file.IndexHeader;
import io.github.influence4j.index.internal.file.IndexManifest;
import io.github.influence4j.index.internal.file.IndexSection;
import io.github.influence4j.index.internal.file.SignShard;
import io.github.influence4j.store.FolderLock;
import io.github.influence4j.store.internal.DistinctIds;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * Joins indexes that were built apart, on several machines for instance, with the same factors, damping, sizes and seed.
 *
 * <p>The result is what one build over their training sets in that order would have written, byte by byte in its shards.
 */
public final class IndexMerge {

    private IndexMerge() {}

    /**
     * Copies the shards of indexes into a new one. What a merge that was ended has left is written again.
     *
     * @param parts the indexes, finished; not changed
     * @param folder where to; made if there is none
     * @throws IOException if files cannot be read or written
     * @throws io.github.influence4j.safetensors.MalformedFileException if a byte of a part is not what was written
     * @throws IllegalArgumentException if there is no part, they differ in factors, damping, sizes or seed, or have an example in common
     * @throws IllegalStateException if a part is unfinished, somebody else is writing to the folder, or it holds an index
     */
    public static void merge(List<Path> parts, Path folder) throws IOException {
        try (FolderLock lock = FolderLock.acquire(folder)) {
            merge(parts, folder, lock);
        }
    }

    /**
     * Copies the shards of indexes into a new one, in a folder that the caller has locked.
     *
     * @param parts the indexes, finished; not changed
     * @param folder where to
     * @param lock the folder's lock
     * @throws IOException as {@link #merge(List, Path)}
     * @throws IllegalArgumentException as {@link #merge(List, Path)}
     * @throws IllegalStateException if a part is unfinished, the lock was given back, or the folder holds an index
     */
    public static void merge(List<Path> parts, Path folder, FolderLock lock) throws IOException {
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("no index was given to merge");
        }
        lock.requireHeld();
        requireFree(folder);
        IndexManifest first = IndexManifest.read(parts.get(0));
        List<IndexManifest.Shard> shards = new ArrayList<>();
        requireDistinct(parts, first.header());
        for (Path part : parts) {
            for (IndexManifest.Shard shard : IndexManifest.read(part).shards()) {
                shards.add(copied(part, shard, folder, shards.size()));
            }
        }
        // the manifest makes it an index, when all else is there
        new IndexManifest(first.header(), Optional.empty(), shards, first.provenance()).write(folder);
    }

    /**
     * Refuses a folder that holds an index, before parts for it are built.
     *
     * @param folder where an index is to be
     * @throws IllegalStateException if there is one
     */
    public static void requireFree(Path folder) {
        if (IndexManifest.exists(folder)) {
            throw new IllegalStateException(folder + " holds an index; give another folder");
        }
    }

    private static void requireDistinct(List<Path> parts, IndexHeader header) throws IOException {
        LongStream.Builder ids = LongStream.builder();
        for (Path part : parts) {
            try (GradientIndex index = GradientIndex.open(part)) {
                header.requireSame(index.header());
                index.verify();
                IndexSection any = header.sections().iterator().next();
                for (SignShard shard : index.shards(any)) {
                    LongStream.of(shard.ids(0, shard.rows())).forEach(ids);
                }
            }
        }
        DistinctIds.require(ids.build().toArray());
    }

    private static IndexManifest.Shard copied(Path part, IndexManifest.Shard shard, Path folder, int number)
            throws IOException {
        Map<IndexSection, IndexManifest.StoredFile> files = new EnumMap<>(IndexSection.class);
        for (Map.Entry<IndexSection, IndexManifest.StoredFile> file :
                shard.files().entrySet()) {
            String name = file.getKey().file(number);
            Path target = folder.resolve(name);
            Files.copy(part.resolve(file.getValue().name()), target, StandardCopyOption.REPLACE_EXISTING);
            try (FileChannel channel = FileChannel.open(target, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            files.put(
                    file.getKey(),
                    new IndexManifest.StoredFile(name, file.getValue().checksum()));
        }
        return new IndexManifest.Shard(shard.examples(), shard.source(), files);
    }
}
