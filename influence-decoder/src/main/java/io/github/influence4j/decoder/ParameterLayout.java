package io.github.influence4j.decoder;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Where each parameter of a decoder lies in one flat vector. */
final class ParameterLayout {

    /** What a parameter is. */
    enum Kind {
        TABLE,
        NORM,
        LINEAR
    }

    /**
     * One parameter.
     *
     * @param name its name, without {@code .weight}
     * @param kind what it is
     * @param rows rows; of a norm 1 for the gain, and one for the shift if there is one
     * @param columns columns, of a linear map with a bias the last
     * @param bias whether the last column is a bias
     * @param offset index of its first number
     */
    record Parameter(String name, Kind kind, int rows, int columns, boolean bias, int offset) {
        int size() {
            return rows * columns;
        }

        /** Inputs of a linear map. */
        int inputs() {
            return bias ? columns - 1 : columns;
        }

        /** Whether weight decay applies. */
        boolean decayed() {
            return kind != Kind.NORM;
        }
    }

    private final List<Parameter> parameters = new ArrayList<>();
    private final List<String> intoStream = new ArrayList<>();
    private long size;

    private ParameterLayout() {}

    static ParameterLayout of(DecoderShape shape) {
        ParameterLayout layout = new ParameterLayout();
        LayerNames names = new LayerNames(shape);
        int d = shape.width();
        int normRows = shape.centred() ? 2 : 1;
        layout.add(names.embedding(), Kind.TABLE, shape.vocabulary(), d, false);
        if (shape.rotary().isEmpty()) {
            layout.add(names.positions(), Kind.TABLE, shape.context(), d, false);
        }
        for (int l = 0; l < shape.blocks(); l++) {
            layout.add(names.norm(2 * l), Kind.NORM, normRows, d, false);
            layout.add(shape, names, LinearMap.QUERY_KEY_VALUE, l);
            switch (shape.queryKeyNorm()) {
                case NONE -> {}
                case HEADS -> {
                    layout.add(names.queryNorm(l), Kind.NORM, 1, shape.headWidth(), false);
                    layout.add(names.keyNorm(l), Kind.NORM, 1, shape.headWidth(), false);
                }
                case ALL -> {
                    layout.add(names.queryNorm(l), Kind.NORM, 1, shape.queryWidth(), false);
                    layout.add(names.keyNorm(l), Kind.NORM, 1, shape.keyWidth(), false);
                }
            }
            layout.add(shape, names, LinearMap.ATTENTION_OUTPUT, l);
            layout.add(names.norm(2 * l + 1), Kind.NORM, normRows, d, false);
            layout.add(shape, names, LinearMap.FC, l);
            layout.add(shape, names, LinearMap.PROJ, l);
            layout.intoStream.add(
                    names.parts(LinearMap.ATTENTION_OUTPUT, l).get(0).name());
            layout.intoStream.add(names.parts(LinearMap.PROJ, l).get(0).name());
        }
        layout.add(names.norm(2 * shape.blocks()), Kind.NORM, normRows, d, false);
        if (!shape.tied()) {
            layout.add(shape, names, LinearMap.HEAD, 0);
        }
        return layout;
    }

    /** The parts of a map, one below the other. */
    private void add(DecoderShape shape, LayerNames names, LinearMap map, int block) {
        for (LayerNames.Part part : names.parts(map, block)) {
            add(part.name(), Kind.LINEAR, part.outputs(), map.columns(shape), map.bias(shape));
        }
    }

    private void add(String name, Kind kind, int rows, int columns, boolean bias) {
        parameters.add(new Parameter(name, kind, rows, columns, bias, (int) size));
        size += (long) rows * columns;
        if (size > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("a decoder of more than 2^31 parameters");
        }
    }

    /** Random weights in this order: see {@link Decoder#create}. */
    double[] initial(DecoderShape shape, Random random) {
        double[] flat = new double[size()];
        double residual = 1 / Math.sqrt(2 * shape.blocks());
        for (Parameter p : parameters) {
            if (p.kind() == Kind.NORM) {
                Arrays.fill(flat, p.offset(), p.offset() + p.columns(), 1);
                continue;
            }
            double deviation = (intoStream.contains(p.name()) ? residual : 1) / Math.sqrt(p.inputs());
            for (int k = 0; k < p.size(); k++) {
                flat[p.offset() + k] =
                        p.bias() && k % p.columns() == p.inputs() ? 0 : deviation * random.nextGaussian();
            }
        }
        return flat;
    }

    List<Parameter> parameters() {
        return parameters;
    }

    Parameter parameter(String name) {
        return parameters.stream()
                .filter(p -> p.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no parameter " + name));
    }

    int size() {
        return (int) size;
    }
}
