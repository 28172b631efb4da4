package io.github.influence4j.baselines.iterative;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Endless random batches of equal size: the data set in random order, then in another one. What is left over at the end of
 * an order is dropped. A size of N or more gives the whole data set every time. The examples are held.
 */
final class ShuffledBatches<E> {

    private static final int READ_BATCH = 1024;

    private final List<E> examples = new ArrayList<>();
    private final long[] ids;
    private final int[] order;
    private final int batchSize;
    private final long seed;
    private SplittableRandom random;
    private int next;

    ShuffledBatches(ExampleSource<E> data, int batchSize, long seed) {
        this.ids = new long[Math.toIntExact(data.size())];
        for (ExampleBatch<E> batch : data.batches(READ_BATCH)) {
            System.arraycopy(batch.ids(), 0, ids, examples.size(), batch.size());
            examples.addAll(batch.examples());
        }
        this.order = new int[ids.length];
        this.batchSize = Math.min(batchSize, ids.length);
        this.seed = seed;
        this.random = new SplittableRandom(seed);
        restart();
    }

    /** Goes back to the first batch. */
    void restart() {
        Arrays.setAll(order, k -> k);
        random = new SplittableRandom(seed);
        next = ids.length;
    }

    ExampleBatch<E> next() {
        if (batchSize < ids.length && next + batchSize > ids.length) {
            shuffle();
            next = 0;
        }
        int from = batchSize == ids.length ? 0 : next;
        List<E> chosen = new ArrayList<>(batchSize);
        long[] chosenIds = new long[batchSize];
        for (int k = 0; k < batchSize; k++) {
            chosen.add(examples.get(order[from + k]));
            chosenIds[k] = ids[order[from + k]];
        }
        next = from + batchSize;
        return new ExampleBatch<>(chosen, chosenIds);
    }

    boolean isWhole() {
        return batchSize == ids.length;
    }

    private void shuffle() {
        for (int k = order.length - 1; k > 0; k--) {
            int other = random.nextInt(k + 1);
            int kept = order[k];
            order[k] = order[other];
            order[other] = kept;
        }
    }
}
