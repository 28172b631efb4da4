package io.github.influence4j.cli;

import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/** Folders of shards of random captures of one layer. */
final class RandomShards {

    static final int SHARDS = 6;
    private static final int EXAMPLES = 50;
    private static final LayerSpec LAYER = new LayerSpec("dense", 30, 20, true, Positions.NONE);

    private RandomShards() {}

    static Path write(Path folder, CaptureObjective objective) throws IOException {
        SplittableRandom random = new SplittableRandom(objective.ordinal());
        Files.createDirectories(folder);
        CaptureWriter writer = new CaptureWriter(objective, Optional.empty(), TensorType.F64);
        for (int s = 0; s < SHARDS; s++) {
            long[] ids = new long[EXAMPLES];
            for (int k = 0; k < ids.length; k++) {
                ids[k] = (long) EXAMPLES * s + k;
            }
            Matrix a = random(random, LAYER.inputs());
            Matrix g = random(random, LAYER.outputs());
            writer.write(
                    folder.resolve("shard-" + s + ".safetensors"),
                    ids,
                    List.of(LayerCapture.of(LAYER, EXAMPLES, 1, a, g)));
        }
        return folder;
    }

    private static Matrix random(SplittableRandom random, int columns) {
        return Matrix.of(random.doubles((long) EXAMPLES * columns, -1, 1).toArray(), EXAMPLES, columns);
    }
}
