package io.github.influence4j.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.List;

/**
 * Inputs of one block and zeros that were added to its outputs, in the order in which the model ran it. The gradient of a
 * zero is the gradient of the output. (DJL gives no gradients of intermediate results: it answers with zeros.)
 */
final class Probes {

    private final List<NDArray> inputs = new ArrayList<>();
    private final List<NDArray> probes = new ArrayList<>();
    private final List<Floats> inputFloats = new ArrayList<>();
    private final List<Floats> gradientFloats = new ArrayList<>();
    private boolean active;

    void start(boolean isActive) {
        inputs.clear();
        probes.clear();
        active = isActive;
    }

    /** Takes a block's input and output and returns the output with a probe in it. */
    NDList pass(NDArray input, NDArray output) {
        if (!active) {
            return new NDList(output);
        }
        NDArray probe = output.getManager().zeros(output.getShape(), output.getDataType());
        probe.setRequiresGradient(true);
        inputs.add(input);
        probes.add(probe);
        return new NDList(output.addi(probe));
    }

    /** The numbers of a use's input, valid until the next pass, in an array that may be longer. */
    float[] inputValues(int use) {
        return floats(inputFloats, use).copy(inputs.get(use));
    }

    /** The numbers of the gradient at a use's output, in the same way. */
    float[] gradientValues(int use) {
        return floats(gradientFloats, use).copy(gradient(use));
    }

    private static Floats floats(List<Floats> buffers, int use) {
        while (buffers.size() <= use) {
            buffers.add(new Floats());
        }
        return buffers.get(use);
    }

    int uses() {
        return inputs.size();
    }

    NDArray input(int use) {
        return inputs.get(use);
    }

    NDArray gradient(int use) {
        return probes.get(use).getGradient();
    }
}
