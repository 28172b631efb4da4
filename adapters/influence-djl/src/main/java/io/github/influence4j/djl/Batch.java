package io.github.influence4j.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.influence4j.api.ExampleBatch;
import java.util.Arrays;
import java.util.List;

/**
 * The input of a batch.
 *
 * @param array tokens [n, t], or features [n, shape]
 * @param lengths positions of each example
 * @param tokens t, positions of the longest
 * @param targets positions of the outputs
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Batch(NDArray array, int[] lengths, int tokens, int targets) {

    /** What the model takes: the array, and with {@code masked} a mask [n, t] that is 1 at real positions and 0 at padding. */
    NDList inputs(boolean masked) {
        if (!masked) {
            return new NDList(array);
        }
        float[] mask = new float[lengths.length * tokens];
        for (int e = 0; e < lengths.length; e++) {
            Arrays.fill(mask, e * tokens, e * tokens + lengths[e], 1);
        }
        return new NDList(array, array.getManager().create(mask, new Shape(lengths.length, tokens)));
    }

    static Batch of(ExampleBatch<DjlExample> batch, NDManager manager) {
        List<DjlExample> examples = batch.examples();
        int[] lengths = examples.stream().mapToInt(DjlExample::positions).toArray();
        int longest = Arrays.stream(lengths).max().orElseThrow();
        int targets = examples.stream().mapToInt(e -> e.targets().length).max().orElseThrow();
        DjlExample first = examples.get(0);
        for (int e = 0; e < lengths.length; e++) {
            if (examples.get(e).tokens().length > 0 != first.tokens().length > 0) {
                throw new IllegalArgumentException("example " + batch.ids()[e] + " has "
                        + (first.tokens().length > 0
                                ? "features, others of its batch tokens"
                                : "tokens, others of its batch features")
                        + ": a model takes one of the two");
            }
        }
        if (first.tokens().length > 0) {
            long[] packed = new long[examples.size() * longest];
            for (int e = 0; e < lengths.length; e++) {
                System.arraycopy(
                        examples.get(e).tokens(),
                        0,
                        packed,
                        e * longest,
                        examples.get(e).tokens().length);
            }
            return new Batch(manager.create(packed, new Shape(lengths.length, longest)), lengths, longest, targets);
        }
        int size = first.values().length;
        float[] packed = new float[examples.size() * size];
        for (int e = 0; e < lengths.length; e++) {
            if (!Arrays.equals(examples.get(e).shape(), first.shape())) {
                throw new IllegalArgumentException("example " + batch.ids()[e] + " has the shape "
                        + Arrays.toString(examples.get(e).shape()) + ", others of its batch "
                        + Arrays.toString(first.shape()));
            }
            System.arraycopy(examples.get(e).values(), 0, packed, e * size, size);
        }
        Shape shape = new Shape(examples.size()).addAll(new Shape(first.shape()));
        return new Batch(manager.create(packed, shape), lengths, longest, targets);
    }
}
