package io.github.influence4j.models.transformer;

import java.util.ArrayList;
import java.util.List;

/**
 * Arrays that one task at a time works with.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class Scratch<A> {

    private final RowKernels<A> kernels;
    private final List<A> arrays = new ArrayList<>();

    Scratch(RowKernels<A> kernels) {
        this.kernels = kernels;
    }

    /** The array of a number, of at least a length, with whatever is in it. */
    A array(int number, int length) {
        while (arrays.size() <= number) {
            arrays.add(kernels.array(0));
        }
        if (kernels.length(arrays.get(number)) < length) {
            arrays.set(number, kernels.array(length));
        }
        return arrays.get(number);
    }
}
