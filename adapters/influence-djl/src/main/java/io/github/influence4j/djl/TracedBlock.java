package io.github.influence4j.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import io.github.influence4j.adapter.Convolution;
import io.github.influence4j.adapter.Convolution.Size;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.PositionMask;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A linear block or a convolution of the user's model, its stand-in, and the layers that it is. */
final class TracedBlock {

    private final String name;
    private final Block original;
    private final Block standIn;
    private final Probes probes = new Probes();
    private final Optional<Convolution> convolution;
    private List<LayerSpec> layers = List.of();

    TracedBlock(String name, Block original) {
        this.name = name;
        this.original = original;
        if (original instanceof Conv2d conv) {
            Shape weight = parameter("weight").orElseThrow().getArray().getShape();
            this.standIn = new ProbedConv2d(conv, probes);
            this.convolution = Optional.of(new Convolution(
                    (int) weight.get(1) * conv.getGroups(),
                    (int) weight.get(0),
                    conv.getGroups(),
                    size(conv.getKernelShape()),
                    size(conv.getStride()),
                    size(conv.getPadding()),
                    size(conv.getDilation())));
        } else {
            this.standIn = new ProbedLinear((Linear) original, probes);
            this.convolution = Optional.empty();
        }
    }

    private static Size size(Shape shape) {
        return new Size((int) shape.get(0), (int) shape.get(1));
    }

    String name() {
        return name;
    }

    Block original() {
        return original;
    }

    Block standIn() {
        return standIn;
    }

    Probes probes() {
        return probes;
    }

    /** One layer; one a group for a grouped convolution. Known after the first pass. */
    List<LayerSpec> layers() {
        return layers;
    }

    Optional<Parameter> parameter(String which) {
        return Optional.ofNullable(original.getDirectParameters().get(which));
    }

    /** Reads the layers' shapes off a pass of n examples with t tokens. */
    void settle(int n, int tokens) {
        if (probes.uses() == 0) {
            throw new IllegalArgumentException(
                    "block " + name
                            + " was found in the model but did not run through its probe: exclude it by name if it is not in use");
        }
        Shape weight = parameter("weight").orElseThrow().getArray().getShape();
        boolean bias = parameter("bias").isPresent();
        if (convolution.isPresent()) {
            layers = convolution.get().layers(name, bias);
            return;
        }
        Positions kind = Positions.NONE;
        for (int use = 0; use < probes.uses(); use++) {
            Shape shape = probes.input(use).getShape();
            long rows = shape.size() / weight.get(1);
            if (shape.get(0) != n || rows % n != 0) {
                throw new IllegalArgumentException(
                        "block " + name + ": the first dimension must be the examples, found " + shape + " for " + n);
            }
            if (shape.dimension() == 3 && shape.get(1) == tokens && kind != Positions.PATCHES) {
                kind = Positions.TOKENS;
            } else if (rows > n || probes.uses() > 1) {
                kind = Positions.PATCHES;
            }
        }
        layers = List.of(new LayerSpec(name, (int) weight.get(1), (int) weight.get(0), bias, kind));
    }

    /** The captures of the last pass. */
    List<LayerCapture> captures(int n, int[] lengths, int tokens) {
        if (convolution.isEmpty()) {
            return List.of(linear(layers.get(0), n, lengths, tokens));
        }
        List<float[]> images = new ArrayList<>();
        List<float[]> pixels = new ArrayList<>();
        for (int use = 0; use < probes.uses(); use++) {
            images.add(probes.inputValues(use));
            pixels.add(probes.gradientValues(use));
        }
        List<LayerCapture> captures = new ArrayList<>();
        for (int group = 0; group < layers.size(); group++) {
            captures.add(convolved(layers.get(group), convolution.get(), n, group, images, pixels));
        }
        return captures;
    }

    private LayerCapture convolved(
            LayerSpec layer, Convolution geometry, int n, int group, List<float[]> images, List<float[]> pixels) {
        List<Matrix> activations = new ArrayList<>();
        List<Matrix> gradients = new ArrayList<>();
        for (int use = 0; use < probes.uses(); use++) {
            NDArray input = probes.input(use);
            NDArray gradient = probes.gradient(use);
            Size in = new Size(
                    (int) input.getShape().get(2), (int) input.getShape().get(3));
            Size out = new Size(
                    (int) gradient.getShape().get(2), (int) gradient.getShape().get(3));
            activations.add(geometry.patches(images.get(use), n, in, out, group));
            gradients.add(geometry.pixels(pixels.get(use), n, out, group));
        }
        Matrix all = Uses.join(activations, n);
        return LayerCapture.of(layer, n, all.rows() / n, all, Uses.join(gradients, n));
    }

    private static Matrix packed(float[] values, int rows, int columns) {
        return Matrix.of(FloatBuffer.wrap(values), rows, columns, columns);
    }

    private LayerCapture linear(LayerSpec layer, int n, int[] lengths, int tokens) {
        List<Matrix> activations = new ArrayList<>();
        List<Matrix> gradients = new ArrayList<>();
        for (int use = 0; use < probes.uses(); use++) {
            int rows = (int) (probes.input(use).size() / layer.inputs());
            activations.add(packed(probes.inputValues(use), rows, layer.inputs()));
            gradients.add(packed(probes.gradientValues(use), rows, layer.outputs()));
        }
        Matrix all = Uses.join(activations, n);
        LayerCapture capture = LayerCapture.of(layer, n, all.rows() / n, all, Uses.join(gradients, n));
        if (layer.positions() != Positions.TOKENS) {
            return capture;
        }
        boolean[] real = new boolean[all.rows()];
        int perExample = all.rows() / n;
        for (int row = 0; row < real.length; row++) {
            real[row] = row % perExample % tokens < lengths[row / perExample];
        }
        return capture.withUses(probes.uses()).withMask(PositionMask.of(real));
    }
}
