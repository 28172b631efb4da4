package io.github.influence4j.baselines.unrolled;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The checkpoints of a segment as one model over one data set, so that whatever is fitted to it is an average over them: each
 * example comes once for each checkpoint. Batches end where a checkpoint does.
 */
record SegmentData<E>(List<? extends GradientProvider<E>> models, ExampleSource<E> data)
        implements ExampleSource<SegmentData.Seen<E>>, GradientProvider<SegmentData.Seen<E>> {

    /** Ids of different checkpoints differ in the bits from here on, so that each draws labels of its own. */
    private static final int ID_BITS = 48;

    /** An example as a checkpoint sees it. */
    record Seen<E>(int model, E example) {}

    @Override
    public long size() {
        return models.size() * data.size();
    }

    @Override
    public Iterable<ExampleBatch<Seen<E>>> batches(int batchSize) {
        return () -> iterator(batchSize);
    }

    private Iterator<ExampleBatch<Seen<E>>> iterator(int batchSize) {
        return IntStream.range(0, models.size())
                .boxed()
                .flatMap(model -> stream(model, batchSize))
                .iterator();
    }

    private Stream<ExampleBatch<Seen<E>>> stream(int model, int batchSize) {
        return StreamSupport.stream(data.batches(batchSize).spliterator(), false)
                .map(batch -> new ExampleBatch<>(
                        batch.examples().stream()
                                .map(example -> new Seen<>(model, example))
                                .toList(),
                        IntStream.range(0, batch.size())
                                .mapToLong(e -> batch.ids()[e] + ((long) model << ID_BITS))
                                .toArray()));
    }

    @Override
    public List<LayerSpec> layers() {
        return models.get(0).layers();
    }

    @Override
    public void capture(ExampleBatch<Seen<E>> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
        List<E> examples = batch.examples().stream().map(Seen::example).toList();
        models.get(batch.examples().get(0).model())
                .capture(new ExampleBatch<>(examples, batch.ids()), objective, layers, sink);
    }
}
