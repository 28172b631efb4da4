package io.github.influence4j.baselines.unrolled;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Seeds;
import io.github.influence4j.ekfac.internal.factor.RepeatedSource;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/**
 * The checkpoints of a segment as one model over one data set, so that whatever is fitted to it is an average over them: each
 * example comes once for each checkpoint, with the id that its host gave it. Batches end where a checkpoint does. Nothing is
 * held but the host's current batch.
 */
record SegmentData<E>(List<? extends GradientProvider<E>> models, ExampleSource<E> data)
        implements RepeatedSource<SegmentData.Seen<E>>, GradientProvider<SegmentData.Seen<E>> {

    /** An example as a checkpoint sees it. */
    record Seen<E>(int model, E example) {}

    @Override
    public long size() {
        return models.size() * data.size();
    }

    @Override
    public int repetitions() {
        return models.size();
    }

    @Override
    public Iterable<ExampleBatch<Seen<E>>> batches(int batchSize) {
        return () -> new Pass(batchSize);
    }

    private final class Pass implements Iterator<ExampleBatch<Seen<E>>> {
        private final int batchSize;
        private int model = -1;
        private Iterator<ExampleBatch<E>> batches = Collections.emptyIterator();

        Pass(int batchSize) {
            this.batchSize = batchSize;
        }

        @Override
        public boolean hasNext() {
            while (!batches.hasNext() && model + 1 < models.size()) {
                model++;
                batches = data.batches(batchSize).iterator();
            }
            return batches.hasNext();
        }

        @Override
        public ExampleBatch<Seen<E>> next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            ExampleBatch<E> batch = batches.next();
            int seenBy = model;
            return new ExampleBatch<>(
                    batch.examples().stream()
                            .map(example -> new Seen<>(seenBy, example))
                            .toList(),
                    batch.ids());
        }
    }

    @Override
    public List<LayerSpec> layers() {
        return models.get(0).layers();
    }

    @Override
    public List<List<String>> sharedInputs() {
        return models.get(0).sharedInputs();
    }

    @Override
    public int positions(Seen<E> seen) {
        return models.get(seen.model()).positions(seen.example());
    }

    /** Each checkpoint draws labels of its own. */
    @Override
    public void capture(ExampleBatch<Seen<E>> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
        List<E> examples = batch.examples().stream().map(Seen::example).toList();
        int model = batch.examples().get(0).model();
        Objective own = objective instanceof Objective.SampledLabels labels
                ? new Objective.SampledLabels(Seeds.derived(labels.seed(), model), labels.draw())
                : objective;
        models.get(model).capture(new ExampleBatch<>(examples, batch.ids()), own, layers, sink);
    }
}
