package io.github.influence4j.api;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;

/** Some examples of a data set of which nothing more is known: goes through all of it and leaves out the others. */
final class SelectedSource<E> implements ExampleSource<E> {

    private final ExampleSource<E> whole;
    private final Set<Long> ids;

    SelectedSource(ExampleSource<E> whole, Set<Long> ids) {
        this.whole = whole;
        this.ids = Set.copyOf(ids);
    }

    @Override
    public long size() {
        return ids.size();
    }

    @Override
    public Iterable<ExampleBatch<E>> batches(int batchSize) {
        Iterable<ExampleBatch<E>> all = whole.batches(batchSize);
        return () -> new Selection(all.iterator(), batchSize);
    }

    private final class Selection implements Iterator<ExampleBatch<E>> {
        private final Iterator<ExampleBatch<E>> all;
        private final int batchSize;
        private final List<E> examples = new ArrayList<>();
        private final List<Long> selected = new ArrayList<>();

        Selection(Iterator<ExampleBatch<E>> all, int batchSize) {
            this.all = all;
            this.batchSize = batchSize;
        }

        @Override
        public boolean hasNext() {
            while (selected.size() < batchSize && all.hasNext()) {
                ExampleBatch<E> batch = all.next();
                for (int e = 0; e < batch.size(); e++) {
                    if (ids.contains(batch.ids()[e])) {
                        examples.add(batch.examples().get(e));
                        selected.add(batch.ids()[e]);
                    }
                }
            }
            return !selected.isEmpty();
        }

        @Override
        public ExampleBatch<E> next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            int count = Math.min(batchSize, selected.size());
            List<Long> firstIds = selected.subList(0, count);
            List<E> first = examples.subList(0, count);
            ExampleBatch<E> batch = new ExampleBatch<>(
                    List.copyOf(first),
                    firstIds.stream().mapToLong(Long::longValue).toArray());
            first.clear();
            firstIds.clear();
            return batch;
        }
    }
}
