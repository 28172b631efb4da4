package io.github.influence4j.store.factors;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.factor.BlockDiagonal;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.LayerCurvature;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.StagedFiles;
import io.github.influence4j.store.json.SharedInputsJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;

/** Writes a curvature to a folder: all files under temporary names, and only when all are on the medium, their names. */
final class FactorWriter implements AutoCloseable {

    private final EigenbasisCurvature curvature;
    private final Strategy strategy;
    private final long examples;
    private final List<List<String>> sharedInputs;
    private final Path folder;
    private final StagedFiles files;
    private final int blocks;
    private final boolean packed;

    /** Writes what layers share once and of blocks the blocks, or, as kronfluence has it, all for each layer. */
    FactorWriter(Path folder, EigenbasisCurvature curvature, Strategy strategy, boolean once) {
        this.folder = folder;
        this.files = new StagedFiles(folder);
        this.curvature = curvature;
        this.strategy = strategy;
        this.sharedInputs = once ? sharedInputs(curvature) : List.of();
        this.examples = curvature.provenance().counts().getOrDefault("examples", 1L);
        this.blocks = curvature.layerCurvatures().stream()
                .flatMap(part -> part.basis().stream())
                .mapToInt(LayerEigenbasis::blocks)
                .max()
                .orElse(1);
        this.packed = once && blocks > 1;
    }

    /** Layers that share an input hold the same Q_A. */
    private static List<List<String>> sharedInputs(EigenbasisCurvature curvature) {
        Map<BlockDiagonal, List<String>> readers = new IdentityHashMap<>();
        List<List<String>> lists = new ArrayList<>();
        for (LayerCurvature part : curvature.layerCurvatures()) {
            part.basis().ifPresent(basis -> readers.computeIfAbsent(basis.activationVectors(), vectors -> {
                        List<String> list = new ArrayList<>();
                        lists.add(list);
                        return list;
                    })
                    .add(part.layer().name()));
        }
        lists.removeIf(list -> list.size() == 1);
        return lists;
    }

    private List<LayerCurvature> withOwnInput() {
        return curvature.layerCurvatures().stream()
                .filter(part -> SharedInputsJson.inputOf(
                                sharedInputs, part.layer().name())
                        .isEmpty())
                .toList();
    }

    void write() throws IOException {
        if (strategy.usesEigenbasis()) {
            Function<LayerCurvature, LayerEigenbasis> basis =
                    part -> part.basis().orElseThrow();
            List<LayerCurvature> own = withOwnInput();
            matrices(
                    FactorTensors.ACTIVATION_EIGENVECTORS,
                    own,
                    part -> stored(basis.apply(part).activationVectors()));
            vectors(FactorTensors.ACTIVATION_EIGENVALUES, own, part -> basis.apply(part)
                    .activationValues());
            matrices(
                    FactorTensors.GRADIENT_EIGENVECTORS,
                    curvature.layerCurvatures(),
                    part -> stored(basis.apply(part).gradientVectors()));
            vectors(FactorTensors.GRADIENT_EIGENVALUES, curvature.layerCurvatures(), this::scaledGradientValues);
        }
        if (strategy.measuresEigenvalues()) {
            matrices(
                    FactorTensors.LAMBDA_MATRIX,
                    curvature.layerCurvatures(),
                    part -> new ScaledMatrix(part.eigenvalues().orElseThrow(), examples));
            counts();
        }
        files.bytes(FactorTensors.ARGUMENTS, arguments().getBytes(StandardCharsets.UTF_8));
        files.bytes(FactorManifest.FILE, manifest().toBytes(packed));
        files.commit();
        removeStale();
    }

    /** kronfluence has whole matrices. */
    private Matrix stored(BlockDiagonal vectors) {
        return packed ? new PackedBlocks(vectors) : vectors;
    }

    /** What factors of another strategy left behind would look as if it belonged to these. */
    private void removeStale() throws IOException {
        for (String name : FactorTensors.all()) {
            if (!FactorTensors.of(strategy).contains(name)) {
                Files.deleteIfExists(folder.resolve(FactorTensors.file(name)));
            }
        }
    }

    /**
     * σ, multiplied by K-FAC's scale where it has one: kronfluence multiplies σ and α out again, and so does {@link
     * FactorStore#load}.
     */
    private double[] scaledGradientValues(LayerCurvature part) {
        LayerEigenbasis basis = part.basis().orElseThrow();
        double[] values = basis.gradientValues().clone();
        if (strategy == Strategy.KFAC) {
            double[] activation = basis.activationValues();
            int o = largest(values);
            int i = largest(activation);
            double[] row = new double[activation.length];
            part.eigenvalues().orElseThrow().read(o, 1, row, 0);
            double product = values[o] * activation[i];
            double scale = product == 0 ? 1 : row[i] / product;
            // a scale of 1 comes back within rounding only
            if (Math.abs(scale - 1) > 1e-12) {
                for (int k = 0; k < values.length; k++) {
                    values[k] *= scale;
                }
            }
        }
        return values;
    }

    /** Blocks may be wholly 0, so the largest value need not be the last. */
    private static int largest(double[] values) {
        return IntStream.range(0, values.length)
                .reduce((k, l) -> values[l] > values[k] ? l : k)
                .orElseThrow();
    }

    private void matrices(String name, List<LayerCurvature> parts, Function<LayerCurvature, Matrix> matrix)
            throws IOException {
        List<TensorSpec> specs = new ArrayList<>();
        for (LayerCurvature part : parts) {
            Matrix numbers = matrix.apply(part);
            TensorType type = numbers.precision() == Precision.FLOAT64 ? TensorType.F64 : TensorType.F32;
            specs.add(TensorSpec.of(part.layer().name(), type, numbers.rows(), numbers.columns()));
        }
        SafetensorsWriter file = tensors(name, specs);
        for (LayerCurvature part : parts) {
            file.append(part.layer().name(), matrix.apply(part));
        }
    }

    private void vectors(String name, List<LayerCurvature> parts, Function<LayerCurvature, double[]> vector)
            throws IOException {
        List<TensorSpec> specs = new ArrayList<>();
        for (LayerCurvature part : parts) {
            specs.add(TensorSpec.of(part.layer().name(), TensorType.F64, vector.apply(part).length));
        }
        SafetensorsWriter file = tensors(name, specs);
        for (LayerCurvature part : parts) {
            double[] numbers = vector.apply(part);
            file.append(part.layer().name(), numbers, 0, numbers.length);
        }
    }

    private void counts() throws IOException {
        List<TensorSpec> specs = curvature.layers().stream()
                .map(layer -> TensorSpec.of(layer.name(), TensorType.I64, 1))
                .toList();
        SafetensorsWriter file = tensors(FactorTensors.LAMBDA_COUNT, specs);
        for (LayerSpec layer : curvature.layers()) {
            file.append(layer.name(), new long[] {examples}, 0, 1);
        }
    }

    private SafetensorsWriter tensors(String name, List<TensorSpec> specs) throws IOException {
        return files.tensors(FactorTensors.file(name), specs, Map.of("strategy", FactorManifest.word(strategy)));
    }

    /** What kronfluence reads its own options from; what is not there has its default. */
    private String arguments() {
        boolean empirical =
                curvature.provenance().options().getOrDefault("labels", "").startsWith("Empirical");
        return "{\n  \"strategy\": \"" + FactorManifest.word(strategy) + "\",\n  \"use_empirical_fisher\": " + empirical
                + "\n}\n";
    }

    private FactorManifest manifest() throws IOException {
        return new FactorManifest(
                strategy, blocks, curvature.layers(), sharedInputs, files.checksums(), curvature.provenance());
    }

    @Override
    public void close() throws IOException {
        files.close();
    }
}
