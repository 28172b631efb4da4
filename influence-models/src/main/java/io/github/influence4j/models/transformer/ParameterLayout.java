package io.github.influence4j.models.transformer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Where each parameter of a transformer lies in one flat vector. */
final class ParameterLayout {

    /**
     * One parameter.
     *
     * @param name its name in checkpoints
     * @param rows rows
     * @param columns columns
     * @param offset index of its first number
     * @param decayed whether weight decay applies: to all but the gains and shifts of norms
     */
    record Parameter(String name, int rows, int columns, int offset, boolean decayed) {
        int size() {
            return rows * columns;
        }
    }

    private final List<Parameter> parameters = new ArrayList<>();
    private long size;

    private ParameterLayout() {}

    static ParameterLayout of(TransformerShape shape) {
        ParameterLayout layout = new ParameterLayout();
        int d = shape.width();
        int normRows = shape.centred() ? 2 : 1;
        layout.add("embedding", shape.vocabulary(), d, true);
        layout.add("positions", shape.context(), d, true);
        for (int l = 0; l < shape.blocks(); l++) {
            layout.add(name(l, "norm1"), normRows, d, false);
            for (String projection : LinearMap.PROJECTIONS) {
                layout.add(name(l, "attention." + projection), d, d, true);
            }
            layout.add(name(l, "attention.output"), d, d, true);
            layout.add(name(l, "norm2"), normRows, d, false);
            layout.add(name(l, "mlp.fc"), shape.hidden(), d + 1, true);
            layout.add(name(l, "mlp.proj"), d, shape.hidden() + 1, true);
        }
        layout.add("norm", normRows, d, false);
        if (!shape.tied()) {
            layout.add("head", shape.vocabulary(), d, true);
        }
        return layout;
    }

    static String name(int block, String part) {
        return "blocks." + block + "." + part;
    }

    private void add(String name, int rows, int columns, boolean decayed) {
        parameters.add(new Parameter(name, rows, columns, (int) size, decayed));
        size += (long) rows * columns;
        if (size > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("a transformer of more than 2^31 parameters");
        }
    }

    /** Random weights in this order: see {@link Transformer#create}. */
    double[] initial(TransformerShape shape, Random random) {
        double[] flat = new double[size()];
        double residual = 1 / Math.sqrt(2 * shape.blocks());
        for (Parameter p : parameters) {
            if (!p.decayed()) {
                Arrays.fill(flat, p.offset(), p.offset() + p.columns(), 1);
                continue;
            }
            boolean bias = p.name().contains(".mlp.");
            int inputs = bias ? p.columns() - 1 : p.columns();
            boolean intoStream =
                    p.name().endsWith("attention.output") || p.name().endsWith("mlp.proj");
            double deviation = (intoStream ? residual : 1) / Math.sqrt(inputs);
            for (int k = 0; k < p.size(); k++) {
                flat[p.offset() + k] = bias && k % p.columns() == inputs ? 0 : deviation * random.nextGaussian();
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
