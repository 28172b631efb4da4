package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * Goes through a data set and holds it to what it promised: as many examples as announced, batches of at most the size that was
 * asked for, and an id of its own for each example.
 *
 * @param <E> the host's type of an example
 */
public final class SourceCheck<E> implements Iterator<ExampleBatch<E>> {

    /** What every JVM allows. */
    private static final int LONGEST_ARRAY = Integer.MAX_VALUE - 8;

    private final String stage;
    private final long size;
    private final int batchSize;
    private final long onceThrough;
    private final Iterator<ExampleBatch<E>> batches;
    private DistinctIds ids = new DistinctIds();
    private long done;
    private long digest;

    /**
     * Begins a pass.
     *
     * @param data the data set
     * @param batchSize examples per batch, at most
     * @param stage name of the work, for errors
     * @throws IllegalArgumentException if the data set is empty or gives no batches
     */
    public SourceCheck(ExampleSource<E> data, int batchSize, String stage) {
        this.stage = stage;
        this.batchSize = batchSize;
        this.size = data.size();
        if (size <= 0) {
            throw new IllegalArgumentException(
                    stage + ": the data set " + (size == 0 ? "is empty" : "announced " + size + " examples"));
        }
        this.onceThrough = data instanceof RepeatedSource<?> repeated ? size / repeated.repetitions() : size;
        Iterable<ExampleBatch<E>> all = data.batches(batchSize);
        if (all == null) {
            throw new IllegalArgumentException(stage + ": the data set gave null in place of batches");
        }
        this.batches = all.iterator();
    }

    /**
     * Counts the examples of a data set whose scores are to be kept in arrays.
     *
     * @param data the data set
     * @param rows arrays of that length
     * @return N
     * @throws IllegalArgumentException if there are too many for an array, or for the memory of this Java
     */
    public static int countForArrays(ExampleSource<?> data, long rows) {
        long size = data.size();
        if (size > LONGEST_ARRAY || rows * size > Runtime.getRuntime().maxMemory() / Double.BYTES) {
            throw new IllegalArgumentException(
                    "scores of " + size + " training examples in " + rows
                            + " arrays do not fit into the "
                            + Runtime.getRuntime().maxMemory()
                            + " bytes of this Java: ask for the top-k, which keeps the best only, or score parts of the data set");
        }
        return (int) Math.max(0, size);
    }

    /** N, as announced. */
    long size() {
        return size;
    }

    /** Examples before the next batch. */
    long done() {
        return done;
    }

    /** A hash of the ids so far, in their order. */
    long digest() {
        return digest;
    }

    /** Says whether there is another batch; where there is none, the announced number of examples must have come. */
    @Override
    public boolean hasNext() {
        boolean more = batches.hasNext();
        if (!more && done != size) {
            throw new IllegalArgumentException(
                    stage + ": the data set announced " + size + " examples and gave " + done);
        }
        return more;
    }

    @Override
    public ExampleBatch<E> next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        ExampleBatch<E> batch = batches.next();
        if (batch == null) {
            throw new IllegalArgumentException(
                    stage + ": the data set gave a batch that is null after " + done + " examples");
        }
        if (batch.size() > batchSize) {
            throw new IllegalArgumentException(stage + ": the data set was asked for batches of at most " + batchSize
                    + " examples and gave one of " + batch.size());
        }
        if (done + batch.size() > size) {
            throw new IllegalArgumentException(stage + ": the data set announced " + size
                    + " examples and gave at least " + (done + batch.size()));
        }
        for (int e = 0; e < batch.size(); e++) {
            if ((done + e) % onceThrough == 0) {
                ids = new DistinctIds();
            }
            if (!ids.add(batch.ids()[e])) {
                throw new IllegalArgumentException(stage + ": the data set gave id " + batch.ids()[e]
                        + " to two examples; labels and scores are kept by id, so each example needs one of its own");
            }
            digest = 31 * (digest ^ digest >>> 29) + batch.ids()[e];
        }
        done += batch.size();
        return batch;
    }
}
