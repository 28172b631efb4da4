package io.github.influence4j.decoder;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;

/** Carries weights between a model and the tensors that its family publishes: {@code NAME.weight} and {@code NAME.bias}. */
final class PublishedWeights {

    private final MatrixBackend backend;
    private final ParameterMatrices weights;
    private final boolean transposed;

    PublishedWeights(MatrixBackend backend, ParameterMatrices weights) {
        this.backend = backend;
        this.weights = weights;
        this.transposed = weights.shape().naming() == Naming.GPT2;
    }

    /** Whether a weight is stored [inputs, outputs]: GPT-2's linear maps are, but not its head. */
    private boolean transposed(ParameterLayout.Parameter p) {
        return transposed
                && p.kind() == ParameterLayout.Kind.LINEAR
                && !p.name()
                        .equals(weights.names().parts(LinearMap.HEAD, 0).get(0).name());
    }

    void load(WeightSource source) {
        for (ParameterLayout.Parameter p : ParameterLayout.of(weights.shape()).parameters()) {
            BackendMatrix target = weights.matrix(p.name());
            String name = p.name() + ".weight";
            if (p.kind() == ParameterLayout.Kind.NORM) {
                put(name, source.matrix(name, 1, p.columns()), target.rows(0, 1));
                if (p.rows() > 1) {
                    put(p.name() + ".bias", source.matrix(p.name() + ".bias", 1, p.columns()), target.rows(1, 1));
                }
                continue;
            }
            BackendMatrix kernel = target.view(0, p.rows(), 0, p.inputs());
            if (transposed(p)) {
                put(name, turned(source.matrix(name, p.inputs(), p.rows())), kernel);
            } else {
                put(name, source.matrix(name, p.rows(), p.inputs()), kernel);
            }
            if (p.bias()) {
                Matrix bias = source.matrix(p.name() + ".bias", 1, p.rows());
                put(p.name() + ".bias", turned(bias), target.view(0, p.rows(), p.inputs(), 1));
            }
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
        for (ParameterLayout.Parameter p : ParameterLayout.of(weights.shape()).parameters()) {
            BackendMatrix values = weights.matrix(p.name());
            String name = p.name() + ".weight";
            if (p.kind() == ParameterLayout.Kind.NORM) {
                sink.take(name, true, values.rows(0, 1));
                if (p.rows() > 1) {
                    sink.take(p.name() + ".bias", true, values.rows(1, 1));
                }
                continue;
            }
            BackendMatrix kernel = values.view(0, p.rows(), 0, p.inputs());
            sink.take(name, false, transposed(p) ? turned(kernel) : kernel);
            if (p.bias()) {
                sink.take(p.name() + ".bias", true, turned(values.view(0, p.rows(), p.inputs(), 1)));
            }
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
