package io.github.influence4j.store.factors;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.eigen.KroneckerEigenvalues;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.factor.BlockDiagonal;
import io.github.influence4j.ekfac.internal.solve.LayerCurvature;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.json.SharedInputsJson;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Uploads the factors of one layer after the other from open files, and checks every number. Layers that read the same input get
 * one Q_A in one place.
 */
final class FactorReader {

    /** Of a length of 1, where eigenvectors were kept in bfloat16, which has 8 bits. */
    private static final double LENGTH_ROUNDING = 0x1p-8;

    /** Backward error of a decomposition in float32, for each of the n rows, relative to the largest eigenvalue. */
    private static final double FLOAT32_ROUNDING = 0x1p-23;

    /** The same of a covariance that was summed in a type of 11 or 8 bits. */
    private static final double FLOAT16_ROUNDING = 0x1p-10;

    private static final double BFLOAT16_ROUNDING = 0x1p-7;

    private final MatrixBackend backend;
    private final Strategy strategy;
    private final int blocks;
    private final List<List<String>> sharedInputs;
    private final FactorFiles files;

    /** The bases that were read, by the name of the layer whose tensors Q_A and α are. */
    private final Map<String, LayerEigenbasis> read = new HashMap<>();

    FactorReader(MatrixBackend backend, FactorManifest manifest, FactorFiles files) {
        this.backend = backend;
        this.strategy = manifest.strategy();
        this.blocks = manifest.blocks();
        this.sharedInputs = manifest.sharedInputs();
        this.files = files;
    }

    LayerCurvature read(LayerSpec layer) {
        Optional<LayerEigenbasis> basis = strategy.usesEigenbasis() ? Optional.of(basis(layer)) : Optional.empty();
        try {
            Optional<BackendMatrix> eigenvalues =
                    switch (strategy) {
                        case IDENTITY -> Optional.empty();
                        case KFAC -> Optional.of(KroneckerEigenvalues.of(backend, basis.orElseThrow(), 1));
                        case DIAGONAL, EKFAC, GRADIENT_BASIS -> Optional.of(eigenvalues(layer));
                    };
            return LayerCurvature.of(layer, basis, eigenvalues);
        } catch (RuntimeException | Error e) {
            basis.ifPresent(LayerEigenbasis::close);
            throw e;
        }
    }

    private LayerEigenbasis basis(LayerSpec layer) {
        Optional<String> other = SharedInputsJson.inputOf(sharedInputs, layer.name());
        other.ifPresent(name -> requireNoneOfItsOwn(layer, name));
        String tensor = other.orElse(layer.name());
        LayerEigenbasis before = read.get(tensor);
        LayerEigenbasis basis = before == null
                ? withOwnInput(layer, tensor)
                : withGradient(layer, before.activationVectors(), before.activationValues());
        read.putIfAbsent(tensor, basis);
        return basis;
    }

    /** What is there twice may differ, and then it is not clear which is meant. */
    private void requireNoneOfItsOwn(LayerSpec layer, String other) {
        for (String name : List.of(FactorTensors.ACTIVATION_EIGENVECTORS, FactorTensors.ACTIVATION_EIGENVALUES)) {
            files.find(name, layer.name()).ifPresent(tensor -> {
                throw tensor.malformed("must have no tensor of its own, as the manifest says that it has that of layer "
                        + MalformedFileException.quote(other));
            });
        }
    }

    private LayerEigenbasis withOwnInput(LayerSpec layer, String tensor) {
        double[] activation = vector(FactorTensors.ACTIVATION_EIGENVALUES, tensor, layer.gradientColumns());
        BlockDiagonal activationVectors =
                vectors(FactorTensors.ACTIVATION_EIGENVECTORS, tensor, layer.gradientColumns());
        try {
            return withGradient(layer, activationVectors, activation);
        } catch (RuntimeException | Error e) {
            activationVectors.close();
            throw e;
        }
    }

    private LayerEigenbasis withGradient(LayerSpec layer, BlockDiagonal activationVectors, double[] activation) {
        double[] gradient = vector(FactorTensors.GRADIENT_EIGENVALUES, layer.name(), layer.outputs());
        BlockDiagonal gradientVectors = vectors(FactorTensors.GRADIENT_EIGENVECTORS, layer.name(), layer.outputs());
        return new LayerEigenbasis(layer, activationVectors, activation, gradientVectors, gradient);
    }

    private BlockDiagonal vectors(String name, String layer, int order) {
        LayerTensor found = files.tensor(name, layer);
        int columns = PackedBlocks.columns(order, blocks);
        // older versions, and kronfluence, have the zeros outside the blocks too
        boolean packed = found.spec().rank() == 2 && found.spec().dimension(1) == columns;
        LayerTensor tensor = found.requireShape(order, packed ? columns : order);
        List<BackendMatrix> parts = new ArrayList<>();
        try {
            int offset = 0;
            for (int size : BlockDiagonal.sizes(order, blocks)) {
                BackendMatrix part = backend.zeros(size, size, backend.precision());
                parts.add(part);
                copy(tensor, offset, packed ? 0 : offset, part);
                offset += size;
            }
            return BlockDiagonal.of(parts);
        } catch (RuntimeException | Error e) {
            parts.forEach(BackendMatrix::close);
            throw e;
        }
    }

    /** Copies a block; there must be zeros to its left and right, and its columns must be of length 1. */
    private void copy(LayerTensor tensor, int firstRow, int firstColumn, BackendMatrix part) {
        int size = part.columns();
        double[] squares = new double[size];
        backend.upload(
                new CheckedRows(tensor.numbers(), firstRow, size, firstColumn, size, row -> {
                    for (int c = 0; c < row.length; c++) {
                        boolean inside = c >= firstColumn && c < firstColumn + size;
                        if (!Double.isFinite(row[c]) || !inside && row[c] != 0) {
                            throw tensor.malformed("must be finite and zero outside its blocks, found " + row[c]);
                        }
                        if (inside) {
                            squares[c - firstColumn] += row[c] * row[c];
                        }
                    }
                }),
                part);
        for (double square : squares) {
            double length = Math.sqrt(square);
            if (!(Math.abs(length - 1) <= LENGTH_ROUNDING)) {
                throw tensor.malformed("must hold eigenvectors of length 1, found one of " + length);
            }
        }
    }

    private double[] vector(String name, String layer, int length) {
        LayerTensor tensor = files.tensor(name, layer).requireShape(length);
        double[] values = tensor.row();
        double largest = Arrays.stream(values).max().orElse(0);
        // rounding makes eigenvalues negative; kronfluence stores them so
        double rounding = rounding(tensor.spec().type()) * length * largest;
        for (int k = 0; k < length; k++) {
            if (!Double.isFinite(values[k]) || values[k] < -rounding) {
                throw tensor.malformed("must be finite and not negative but for rounding, at least " + -rounding
                        + ", found " + values[k]);
            }
            values[k] = Math.max(0, values[k]);
        }
        return values;
    }

    /** Eigenvalues are of the type in which the covariance was summed. */
    private static double rounding(TensorType type) {
        return switch (type) {
            case BF16 -> BFLOAT16_ROUNDING;
            case F16 -> FLOAT16_ROUNDING;
            default -> FLOAT32_ROUNDING;
        };
    }

    private BackendMatrix eigenvalues(LayerSpec layer) {
        LayerTensor sums = files.tensor(FactorTensors.LAMBDA_MATRIX, layer.name())
                .requireShape(layer.outputs(), layer.gradientColumns());
        LayerTensor counts =
                files.tensor(FactorTensors.LAMBDA_COUNT, layer.name()).requireShape(1);
        double count = counts.row()[0];
        if (!(count >= 1) || counts.spec().type().isFloating()) {
            throw counts.malformed("must be a positive number of examples, found " + count + " of type "
                    + counts.spec().type());
        }
        Consumer<double[]> toMeans = row -> {
            for (int c = 0; c < row.length; c++) {
                if (!(row[c] >= 0) || row[c] == Double.POSITIVE_INFINITY) {
                    throw sums.malformed("must be finite and not negative, found " + row[c]);
                }
                row[c] /= count;
            }
        };
        Matrix numbers = sums.numbers();
        return backend.copyOf(
                new CheckedRows(numbers, 0, numbers.rows(), 0, numbers.columns(), toMeans), Precision.FLOAT64);
    }
}
