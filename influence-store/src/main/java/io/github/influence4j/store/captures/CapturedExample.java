package io.github.influence4j.store.captures;

/**
 * An example that is known by its captures: a row of a shard.
 *
 * <p>Examples come from the batches of a {@link CaptureSet} and are good as long as it is open.
 */
public final class CapturedExample {

    private final CaptureShard shard;
    private final long row;

    CapturedExample(CaptureShard shard, long row) {
        this.shard = shard;
        this.row = row;
    }

    CaptureShard shard() {
        return shard;
    }

    /**
     * Returns the place of the example in its file.
     *
     * @return index along the first dimension of every tensor
     */
    public long row() {
        return row;
    }

    @Override
    public String toString() {
        return "row " + row + " of " + shard.file().path();
    }
}
