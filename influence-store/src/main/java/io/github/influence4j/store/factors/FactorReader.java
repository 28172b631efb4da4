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
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.TensorSpec;
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

    private final MatrixBackend backend;
    private final Strategy strategy;
    private final int blocks;
    private final List<List<String>> sharedInputs;
    private final Map<String, SafetensorsFile> files;

    /** The bases that were read, by the name of the layer whose tensors Q_A and α are. */
    private final Map<String, LayerEigenbasis> read = new HashMap<>();

    FactorReader(MatrixBackend backend, FactorManifest manifest, Map<String, SafetensorsFile> files) {
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
            SafetensorsFile file = file(name);
            if (file.find(layer.name()).isPresent()) {
                throw malformed(
                        file,
                        layer.name(),
                        "must have no tensor of its own, as the manifest says that it has that of layer "
                                + MalformedFileException.quote(other));
            }
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
        SafetensorsFile file = require(name, layer, order, order);
        Matrix dense = file.matrix(layer);
        List<BackendMatrix> parts = new ArrayList<>();
        try {
            int offset = 0;
            for (int size : BlockDiagonal.sizes(order, blocks)) {
                BackendMatrix part = backend.zeros(size, size, backend.precision());
                parts.add(part);
                copy(file, layer, dense, offset, part);
                offset += size;
            }
            return BlockDiagonal.of(parts);
        } catch (RuntimeException | Error e) {
            parts.forEach(BackendMatrix::close);
            throw e;
        }
    }

    /** Copies a square of the diagonal; there must be zeros to its left and right, and its columns must be of length 1. */
    private void copy(SafetensorsFile file, String layer, Matrix dense, int offset, BackendMatrix part) {
        int size = part.columns();
        double[] squares = new double[size];
        backend.upload(
                new CheckedRows(dense, offset, size, offset, size, row -> {
                    for (int c = 0; c < row.length; c++) {
                        boolean inside = c >= offset && c < offset + size;
                        if (!Double.isFinite(row[c]) || !inside && row[c] != 0) {
                            throw malformed(file, layer, "must be finite and zero outside its blocks, found " + row[c]);
                        }
                        if (inside) {
                            squares[c - offset] += row[c] * row[c];
                        }
                    }
                }),
                part);
        for (double square : squares) {
            double length = Math.sqrt(square);
            if (!(Math.abs(length - 1) <= LENGTH_ROUNDING)) {
                throw malformed(file, layer, "must hold eigenvectors of length 1, found one of " + length);
            }
        }
    }

    private double[] vector(String name, String layer, int length) {
        SafetensorsFile file = require(name, layer, length);
        double[] values = new double[length];
        file.read(layer, 0, length, values, 0);
        double largest = Arrays.stream(values).max().orElse(0);
        // rounding makes eigenvalues negative; kronfluence stores them so
        double rounding = FLOAT32_ROUNDING * length * largest;
        for (int k = 0; k < length; k++) {
            if (!Double.isFinite(values[k]) || values[k] < -rounding) {
                throw malformed(
                        file,
                        layer,
                        "must be finite and not negative but for rounding, at least " + -rounding + ", found "
                                + values[k]);
            }
            values[k] = Math.max(0, values[k]);
        }
        return values;
    }

    private BackendMatrix eigenvalues(LayerSpec layer) {
        SafetensorsFile file =
                require(FactorTensors.LAMBDA_MATRIX, layer.name(), layer.outputs(), layer.gradientColumns());
        SafetensorsFile counts = require(FactorTensors.LAMBDA_COUNT, layer.name(), 1);
        long[] count = new long[1];
        counts.read(layer.name(), 0, 1, count, 0);
        if (count[0] < 1) {
            throw malformed(counts, layer.name(), "must be a positive number of examples, found " + count[0]);
        }
        Matrix sums = file.matrix(layer.name());
        Consumer<double[]> toMeans = row -> {
            for (int c = 0; c < row.length; c++) {
                if (!(row[c] >= 0) || row[c] == Double.POSITIVE_INFINITY) {
                    throw malformed(file, layer.name(), "must be finite and not negative, found " + row[c]);
                }
                row[c] /= count[0];
            }
        };
        return backend.copyOf(new CheckedRows(sums, 0, sums.rows(), 0, sums.columns(), toMeans), Precision.FLOAT64);
    }

    /** Checks a tensor's shape before memory is taken for it. */
    private SafetensorsFile require(String name, String layer, long... shape) {
        SafetensorsFile file = file(name);
        TensorSpec found = file.tensor(layer);
        TensorSpec expected = TensorSpec.of(layer, found.type(), shape);
        if (!found.equals(expected)) {
            throw malformed(file, layer, "must be " + expected.describe() + ", found " + found.describe());
        }
        return file;
    }

    private SafetensorsFile file(String name) {
        SafetensorsFile file = files.get(name);
        if (file == null) {
            throw new IllegalStateException("file " + name + " was not opened");
        }
        return file;
    }

    private static MalformedFileException malformed(SafetensorsFile file, String layer, String problem) {
        return new MalformedFileException(file.path(), "layer " + layer + " " + problem);
    }
}
