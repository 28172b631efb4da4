package io.github.influence4j.lm.checkpoint;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.ShardFolder;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.store.json.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** {@code model.safetensors}, or the shards that {@code model.safetensors.index.json} names. */
final class SafetensorsWeights implements Weights {

    private static final String WHOLE = "model.safetensors";
    private static final String INDEX = "model.safetensors.index.json";

    private final Map<String, SafetensorsFile> tensors = new LinkedHashMap<>();
    private final Map<String, SafetensorsFile> files = new LinkedHashMap<>();

    private SafetensorsWeights() {}

    /**
     * Opens the files of a folder and reads their headers.
     *
     * @throws MalformedFileException if there are none, one is missing or damaged, or the index is wrong
     */
    static SafetensorsWeights open(Path folder) throws IOException {
        SafetensorsWeights weights = new SafetensorsWeights();
        try {
            if (Files.exists(folder.resolve(WHOLE))) {
                SafetensorsFile file = weights.file(folder, WHOLE);
                file.names().forEach(name -> weights.tensors.put(name, file));
            } else if (Files.exists(folder.resolve(INDEX))) {
                weights.readIndex(folder);
            } else {
                throw new MalformedFileException(
                        folder,
                        "has no " + WHOLE + " and no " + INDEX
                                + (Files.exists(folder.resolve("pytorch_model.bin"))
                                        ? "; pytorch_model.bin is a program, which is not run: convert it to safetensors"
                                        : "; download the checkpoint's weights into it"));
            }
            return weights;
        } catch (IOException | RuntimeException | Error e) {
            weights.close();
            throw e;
        }
    }

    private void readIndex(Path folder) throws IOException {
        Path index = folder.resolve(INDEX);
        Map<String, String> shards = StrictJson.readLinked(index, "the index of shards")
                .object("weight_map")
                .texts();
        Set<String> missing = new TreeSet<>();
        for (String name : new TreeSet<>(shards.values())) {
            if (!Files.isRegularFile(new ShardFolder(folder).resolve(name))) {
                missing.add(name);
            }
        }
        if (!missing.isEmpty()) {
            throw new MalformedFileException(
                    folder, "lacks the shards " + missing + " that " + INDEX + " names; download them");
        }
        for (Map.Entry<String, String> entry : shards.entrySet()) {
            SafetensorsFile shard = file(folder, entry.getValue());
            if (shard.find(entry.getKey()).isEmpty()) {
                throw new MalformedFileException(
                        shard.path(),
                        "has no tensor " + MalformedFileException.quote(entry.getKey()) + ", which " + INDEX
                                + " says is there; download both again");
            }
            tensors.put(entry.getKey(), shard);
        }
    }

    private SafetensorsFile file(Path folder, String name) throws IOException {
        SafetensorsFile open = files.get(name);
        if (open == null) {
            Path path = new ShardFolder(folder).resolve(name);
            Downloads.requireContent(path);
            open = whole(path);
            files.put(name, open);
        }
        return open;
    }

    /** Downloads lie in a cache to which folders link, so links are followed. */
    private static SafetensorsFile whole(Path path) throws IOException {
        try {
            return SafetensorsFile.open(path);
        } catch (MalformedFileException e) {
            throw Downloads.damaged(path, e);
        }
    }

    @Override
    public Collection<String> names() {
        return tensors.keySet();
    }

    @Override
    public List<Long> shape(String name) {
        return holder(name).tensor(name).shape();
    }

    @Override
    public Matrix matrix(String name) {
        SafetensorsFile file = holder(name);
        TensorSpec spec = file.tensor(name);
        if (!spec.type().isFloating()) {
            throw new MalformedFileException(
                    file.path(),
                    "tensor " + MalformedFileException.quote(name) + " is of type " + spec.type()
                            + ", expected F32, F16, BF16 or F64; take a checkpoint that is not quantised");
        }
        return file.matrix(name);
    }

    @Override
    public Path file(String name) {
        return holder(name).path();
    }

    private SafetensorsFile holder(String name) {
        SafetensorsFile file = tensors.get(name);
        if (file == null) {
            throw new IllegalArgumentException("no tensor " + MalformedFileException.quote(name));
        }
        return file;
    }

    @Override
    public void close() throws IOException {
        for (SafetensorsFile file : files.values()) {
            file.close();
        }
    }
}
