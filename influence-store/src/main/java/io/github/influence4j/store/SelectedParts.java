package io.github.influence4j.store;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** Some examples of a data set in files, divided where it is divided; parts without any are left out. */
final class SelectedParts<E> implements PartedData<E> {

    private final PartedData<E> whole;
    private final long[] ids;

    SelectedParts(PartedData<E> whole, Set<Long> wanted) {
        this.whole = whole;
        this.ids = Arrays.stream(whole.ids()).filter(wanted::contains).toArray();
    }

    private Set<Long> wanted() {
        return LongStream.of(ids).boxed().collect(Collectors.toSet());
    }

    private ExampleSource<E> selection() {
        return whole.select(wanted());
    }

    @Override
    public List<? extends PartedData<E>> shards() {
        Set<Long> wanted = wanted();
        return whole.shards().stream()
                .map(part -> new SelectedParts<E>(part, wanted))
                .filter(part -> part.size() > 0)
                .toList();
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
    public Iterable<ExampleBatch<E>> batches(int batchSize) {
        return selection().batches(batchSize);
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
