package io.github.influence4j.store;

import io.github.influence4j.api.ExampleBatch;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** Some examples of a data set in files, divided where it is divided; parts without any are left out. */
final class SelectedParts<E> implements PartedData<E> {

    private final PartedData<E> whole;
    private final long[] ids;
    /** Made when they are first asked for: runs ask again for each part. */
    private Optional<List<SelectedParts<E>>> parts = Optional.empty();

    SelectedParts(PartedData<E> whole, Set<Long> wanted) {
        this.whole = whole;
        this.ids = Arrays.stream(whole.ids()).filter(wanted::contains).toArray();
    }

    private Set<Long> wanted() {
        return LongStream.of(ids).boxed().collect(Collectors.toSet());
    }

    @Override
    public synchronized List<? extends PartedData<E>> shards() {
        if (parts.isEmpty()) {
            Set<Long> wanted = wanted();
            parts = Optional.of(whole.shards().stream()
                    .map(part -> new SelectedParts<E>(part, wanted))
                    .filter(part -> part.size() > 0)
                    .toList());
        }
        return parts.get();
    }

    @Override
    public long[] ids() {
        return ids.clone();
    }

    @Override
    public long size() {
        return ids.length;
    }

    @Override
    public long wholeSize() {
        return whole.wholeSize();
    }

    @Override
    public Iterable<ExampleBatch<E>> batches(int batchSize) {
        return whole.select(wanted()).batches(batchSize);
    }

    @Override
    public List<Path> files() {
        return whole.files();
    }

    @Override
    public String settings() {
        return whole.settings() + ", only " + Arrays.toString(ids);
    }
}
