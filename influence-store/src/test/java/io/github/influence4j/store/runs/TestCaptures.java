package io.github.influence4j.store.runs;

import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.PositionMask;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureWriter;
import io.github.influence4j.store.json.SharedInputsJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

/** Folders of shards of random captures, with some positions masked. */
public final class TestCaptures {

    public static final int SHARDS = 3;
    public static final int EXAMPLES = 7;
    public static final List<LayerSpec> LAYERS = List.of(
            new LayerSpec("first", 6, 5, true, Positions.TOKENS),
            new LayerSpec("second", 5, 3, false, Positions.TOKENS));
    public static final List<LayerSpec> SHARING = List.of(
            LayerSpec.tokens("q", 6, 4),
            LayerSpec.tokens("gate", 5, 3).withoutBias(),
            LayerSpec.tokens("k", 6, 2),
            LayerSpec.tokens("v", 6, 3),
            LayerSpec.tokens("up", 5, 2).withoutBias(),
            LayerSpec.tokens("down", 5, 4).withoutBias());

    /** Layers that read the input of the first. */
    public static final List<List<String>> READING = List.of(List.of("q", "k", "v"), List.of("gate", "up"));

    private static final int POSITIONS = 4;

    private TestCaptures() {}

    public static Path write(Path folder, CaptureObjective objective, long seed) throws IOException {
        return write(folder, objective, seed, LAYERS);
    }

    /** With a layer more, which runs once an example. */
    public static Path withHead(Path folder, CaptureObjective objective, long seed) throws IOException {
        List<LayerSpec> layers = new ArrayList<>(LAYERS);
        layers.add(LayerSpec.dense("head", 4, 3));
        return write(folder, objective, seed, layers);
    }

    /** Of layers some of which read the same input, which the files say or leave out. */
    public static Path sharing(Path folder, CaptureObjective objective, long seed, boolean said) throws IOException {
        return write(folder, objective, seed, SHARING, said ? READING : List.of());
    }

    /** Of one layer, whose inputs are one-hot and as many of each, so that A has equal eigenvalues. */
    public static Path oneHot(Path folder, CaptureObjective objective, long seed) throws IOException {
        LayerSpec layer = LayerSpec.dense("hot", EXAMPLES, 3);
        SplittableRandom random = new SplittableRandom(seed);
        Files.createDirectories(folder);
        CaptureWriter writer = new CaptureWriter(objective, Optional.empty(), TensorType.F64);
        double[][] inputs = new double[EXAMPLES][EXAMPLES];
        for (int k = 0; k < EXAMPLES; k++) {
            inputs[k][k] = 1;
        }
        for (int s = 0; s < SHARDS; s++) {
            long first = (long) EXAMPLES * s;
            writer.write(
                    folder.resolve("shard-" + s + ".safetensors"),
                    LongStream.range(first, first + EXAMPLES).toArray(),
                    List.of(LayerCapture.of(layer, Matrix.of(inputs), random(random, EXAMPLES, 3))));
        }
        return folder;
    }

    private static Path write(Path folder, CaptureObjective objective, long seed, List<LayerSpec> layers)
            throws IOException {
        return write(folder, objective, seed, layers, List.of());
    }

    private static Path write(
            Path folder, CaptureObjective objective, long seed, List<LayerSpec> layers, List<List<String>> said)
            throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        Files.createDirectories(folder);
        CaptureWriter writer = new CaptureWriter(objective, Optional.empty(), Optional.empty(), TensorType.F64, said);
        for (int s = 0; s < SHARDS; s++) {
            long[] ids = new long[EXAMPLES];
            boolean[] real = new boolean[EXAMPLES * POSITIONS];
            for (int k = 0; k < real.length; k++) {
                ids[k / POSITIONS] = (long) EXAMPLES * s + k / POSITIONS;
                real[k] = k % POSITIONS < 3 || random.nextBoolean();
            }
            List<LayerCapture> captures = new ArrayList<>();
            Map<String, Matrix> inputs = new HashMap<>();
            for (LayerSpec layer : layers) {
                boolean tokens = layer.positions() == Positions.TOKENS;
                int positions = tokens ? POSITIONS : 1;
                LayerCapture capture = LayerCapture.of(
                        layer,
                        EXAMPLES,
                        positions,
                        inputs.computeIfAbsent(
                                SharedInputsJson.inputOf(READING, layer.name()).orElse(layer.name()),
                                name -> random(random, EXAMPLES * positions, layer.inputs())),
                        random(random, EXAMPLES * positions, layer.outputs()));
                captures.add(tokens ? capture.withMask(PositionMask.of(real)) : capture);
            }
            writer.write(folder.resolve("shard-" + s + ".safetensors"), ids, captures);
        }
        return folder;
    }

    private static Matrix random(SplittableRandom random, int rows, int columns) {
        return Matrix.of(random.doubles((long) rows * columns, -1, 1).toArray(), rows, columns);
    }
}
