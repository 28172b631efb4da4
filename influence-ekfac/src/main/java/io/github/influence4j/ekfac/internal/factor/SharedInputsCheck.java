package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.linalg.Rows;
import java.util.HashMap;
import java.util.Map;

/**
 * Holds a model to what it says of layers that read the same input: the activations of the first batch are compared, by a hash
 * of their bits. Costs one reading of them and keeps nothing else.
 */
final class SharedInputsCheck {

    private record Seen(String layer, long hash) {}

    private final int[] sources;
    private final boolean[] shared;
    private final Map<Integer, Seen> seen = new HashMap<>();
    private boolean over;

    /** For layers of a pass, of which layer l reads the input of layer {@code sources[l]}. */
    SharedInputsCheck(int[] sources) {
        this.sources = sources.clone();
        this.shared = new boolean[sources.length];
        for (int l = 0; l < sources.length; l++) {
            if (sources[l] != l) {
                shared[l] = true;
                shared[sources[l]] = true;
            }
        }
    }

    /**
     * Compares a layer of the first batch with those that read the same input; does nothing in later batches.
     *
     * @throws IllegalArgumentException if activations differ, naming both layers
     */
    void check(UploadedCapture capture) {
        int layer = capture.layerIndex();
        if (over || !shared[layer]) {
            return;
        }
        Seen now = new Seen(capture.layer().name(), hash(capture));
        Seen before = seen.putIfAbsent(sources[layer], now);
        if (before != null && before.hash() != now.hash()) {
            throw new IllegalArgumentException("layer " + now.layer()
                    + ": the model says that it reads the input of layer " + before.layer()
                    + ", but their activations or masks differ in the first batch; leave it out of"
                    + " sharedInputs(), in files out of input_of");
        }
    }

    /** Says that the first batch is over. */
    void finishBatch() {
        over = true;
        seen.clear();
    }

    private static long hash(UploadedCapture capture) {
        long[] hash = {capture.positions() * 31L + capture.realPositions()};
        int columns = capture.activations().columns();
        Rows.forEach(capture.activations(), (row, numbers, offset) -> {
            for (int k = offset; k < offset + columns; k++) {
                // adding 0 makes -0 and 0 the same
                hash[0] = (hash[0] ^ Double.doubleToRawLongBits(numbers[k] + 0.0)) * 0x9E3779B97F4A7C15L;
                hash[0] ^= hash[0] >>> 29;
            }
        });
        return hash[0] + capture.activationExponent();
    }
}
