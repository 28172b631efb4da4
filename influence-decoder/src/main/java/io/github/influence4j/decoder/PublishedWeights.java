package io.github.influence4j.decoder;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.List;

/** Carries weights between a model and the tensors that its family publishes: {@code NAME.weight} and {@code NAME.bias}. */
final class PublishedWeights {

    /** What a tensor is of its parameter. */
    private enum Part {
        KERNEL,
        BIAS,
        GAIN,
        SHIFT
    }

    /**
     * A tensor that the family publishes.
     *
     * @param turned whether it is stored [columns, rows] of what the model holds
     */
    private record Tensor(
            String name, ParameterLayout.Parameter parameter, Part part, int rows, int columns, boolean turned) {

        boolean vector() {
            return part != Part.KERNEL;
        }
    }

    private final MatrixBackend backend;
    private final ParameterMatrices weights;

    PublishedWeights(MatrixBackend backend, ParameterMatrices weights) {
        this.backend = backend;
        this.weights = weights;
    }

    private static List<Tensor> tensors(DecoderShape shape) {
        String head = new LayerNames(shape).parts(LinearMap.HEAD, 0).get(0).name();
        List<Tensor> tensors = new ArrayList<>();
        for (ParameterLayout.Parameter p : ParameterLayout.of(shape).parameters()) {
            String weight = p.name() + ".weight";
            String bias = p.name() + ".bias";
            if (p.kind() == ParameterLayout.Kind.NORM) {
                tensors.add(new Tensor(weight, p, Part.GAIN, 1, p.columns(), false));
                if (p.rows() > 1) {
                    tensors.add(new Tensor(bias, p, Part.SHIFT, 1, p.columns(), false));
                }
                continue;
            }
            // GPT-2 stores weights [inputs, outputs], but not its head
            boolean turned = shape.naming() == Naming.GPT2
                    && p.kind() == ParameterLayout.Kind.LINEAR
                    && !p.name().equals(head);
            tensors.add(
                    turned
                            ? new Tensor(weight, p, Part.KERNEL, p.inputs(), p.rows(), true)
                            : new Tensor(weight, p, Part.KERNEL, p.rows(), p.inputs(), false));
            if (p.bias()) {
                tensors.add(new Tensor(bias, p, Part.BIAS, 1, p.rows(), true));
            }
        }
        return tensors;
    }

    /** Asks for every tensor, without reading numbers. */
    static void require(DecoderShape shape, WeightSource source) {
        for (Tensor t : tensors(shape)) {
            source.matrix(t.name(), t.rows(), t.columns());
        }
    }

    /** Where the numbers of a tensor lie. */
    private BackendMatrix held(Tensor t) {
        ParameterLayout.Parameter p = t.parameter();
        BackendMatrix all = weights.matrix(p.name());
        return switch (t.part()) {
            case KERNEL -> all.view(0, p.rows(), 0, p.inputs());
            case BIAS -> all.view(0, p.rows(), p.inputs(), 1);
            case GAIN -> all.rows(0, 1);
            case SHIFT -> all.rows(1, 1);
        };
    }

    void load(WeightSource source) {
        for (Tensor t : tensors(weights.shape())) {
            Matrix numbers = source.matrix(t.name(), t.rows(), t.columns());
            put(t.name(), t.turned() ? turned(numbers) : numbers, held(t));
        }
    }

    private void put(String name, Matrix source, BackendMatrix target) {
        backend.upload(source, target);
        if (!backend.isFinite(target)) {
            throw new NumericalException("tensor " + name + " has a number that is NaN or infinite in "
                    + backend.precision() + "; the checkpoint is damaged, or needs float64");
        }
    }

    void publish(WeightSink sink) {
        for (Tensor t : tensors(weights.shape())) {
            BackendMatrix values = held(t);
            sink.take(t.name(), t.vector(), t.turned() ? turned(values) : values);
        }
    }

    private static Matrix turned(Matrix matrix) {
        int rows = matrix.rows();
        int columns = matrix.columns();
        double[] row = new double[columns];
        double[] result = new double[Math.multiplyExact(rows, columns)];
        for (int r = 0; r < rows; r++) {
            matrix.read(r, 1, row, 0);
            for (int c = 0; c < columns; c++) {
                result[c * rows + r] = row[c];
            }
        }
        return Matrix.of(result, columns, rows);
    }
}
