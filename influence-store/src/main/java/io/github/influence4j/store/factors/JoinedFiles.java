package io.github.influence4j.store.factors;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Tensors of a name that lie in one file, or in several, of which each holds a part of a layer's numbers, or some of the layers. */
final class JoinedFiles implements FactorFiles {

    /** How the parts of a layer's tensor become one. */
    enum Join {
        /** Numbers of different data are added up. */
        SUM,
        /** Rows follow one another. */
        ROWS,
        /** All are the same. */
        SAME
    }

    private record Files(List<SafetensorsFile> files, Join join, int parts) {}

    private final Path folder;
    private final Map<String, Files> files = new LinkedHashMap<>();
    private final Map<String, String> tensors = new LinkedHashMap<>();
    private final Map<String, Long> constants = new LinkedHashMap<>();

    JoinedFiles(Path folder) {
        this.folder = folder;
    }

    /** Takes open files over, to close them. */
    void put(String name, List<SafetensorsFile> opened, Join join, int parts) {
        files.put(name, new Files(List.copyOf(opened), join, parts));
    }

    /** Has a whole number stand for the tensor of every layer. */
    void put(String name, long constant) {
        constants.put(name, constant);
    }

    /** Has layers stand under other names in the files. */
    JoinedFiles under(Map<String, String> names) {
        tensors.putAll(names);
        return this;
    }

    /** The layers that there are tensors of, under the names of the files. */
    Set<String> layers() {
        Set<String> layers = new LinkedHashSet<>();
        files.values().forEach(named -> named.files().forEach(file -> layers.addAll(file.names())));
        return layers;
    }

    boolean has(String name) {
        return files.containsKey(name);
    }

    @Override
    public Path path(String name) {
        Files named = files.get(name);
        return named == null ? folder : named.files().get(0).path();
    }

    @Override
    public Optional<LayerTensor> find(String name, String wanted) {
        String layer = tensors.getOrDefault(wanted, wanted);
        Long constant = constants.get(name);
        if (constant != null) {
            TensorSpec one = TensorSpec.of(layer, TensorType.I64, 1);
            return Optional.of(new LayerTensor(folder, layer, one, Matrix.of(new double[] {constant}, 1, 1)));
        }
        Files named = files.get(name);
        if (named == null) {
            throw new IllegalStateException("file " + name + " was not opened");
        }
        List<SafetensorsFile> holding = named.files().stream()
                .filter(file -> file.find(layer).isPresent())
                .toList();
        if (holding.isEmpty()) {
            return Optional.empty();
        }
        SafetensorsFile first = holding.get(0);
        if (holding.size() != named.parts()) {
            throw new MalformedFileException(
                    first.path(),
                    "layer " + layer + " is in " + holding.size() + " of the " + named.parts() + " parts of " + name
                            + "; bring the others into the folder");
        }
        TensorSpec spec = first.tensor(layer);
        if (holding.size() == 1 || named.join() == Join.SAME) {
            return Optional.of(new LayerTensor(first.path(), layer, spec, first.matrix(layer)));
        }
        List<Matrix> parts = holding.stream().map(file -> file.matrix(layer)).toList();
        return Optional.of(named.join() == Join.SUM ? sum(layer, holding, parts) : rows(layer, holding, parts));
    }

    private static LayerTensor sum(String layer, List<SafetensorsFile> holding, List<Matrix> parts) {
        TensorSpec spec = holding.get(0).tensor(layer);
        for (SafetensorsFile file : holding) {
            if (!file.tensor(layer).equals(spec)) {
                throw new MalformedFileException(
                        file.path(),
                        "layer " + layer + " must be " + spec.describe() + " as in the other parts, found "
                                + file.tensor(layer).describe());
            }
        }
        return new LayerTensor(holding.get(0).path(), layer, spec, new SummedMatrix(parts));
    }

    private static LayerTensor rows(String layer, List<SafetensorsFile> holding, List<Matrix> parts) {
        TensorSpec first = holding.get(0).tensor(layer);
        long rows = 0;
        for (SafetensorsFile file : holding) {
            TensorSpec spec = file.tensor(layer);
            if (spec.rank() == 0
                    || spec.type() != first.type()
                    || !spec.shape()
                            .subList(1, spec.rank())
                            .equals(first.shape().subList(1, first.rank()))) {
                throw new MalformedFileException(
                        file.path(),
                        "layer " + layer + " must be rows of " + first.describe() + " as in the other parts, found "
                                + spec.describe());
            }
            rows = Math.addExact(rows, spec.dimension(0));
        }
        List<Long> shape = new ArrayList<>(first.shape());
        shape.set(0, rows);
        return new LayerTensor(
                holding.get(0).path(),
                layer,
                new TensorSpec(layer, first.type(), shape),
                first.rank() == 1 ? vector(parts) : new StackedMatrix(parts));
    }

    private static Matrix vector(List<Matrix> parts) {
        double[] all = new double[parts.stream().mapToInt(Matrix::columns).sum()];
        int offset = 0;
        for (Matrix part : parts) {
            part.read(0, 1, all, offset);
            offset += part.columns();
        }
        return Matrix.of(all, 1, all.length);
    }

    @Override
    public void checkUnchanged() {
        files.values().forEach(named -> named.files().forEach(SafetensorsFile::checkUnchanged));
    }

    @Override
    public void close() throws IOException {
        for (Files named : files.values()) {
            for (SafetensorsFile file : named.files()) {
                file.close();
            }
        }
    }
}
