package io.github.influence4j.cli;

import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Captures of any size: two layers of 512 inputs and outputs with bias at 64 tokens in float32, half a MiB an example, in shards of 512
 * examples, or 16 of queries. Every number follows from its place, none is 0, and no two shards are alike.
 *
 * <p>{@code main FOLDER BYTES OBJECTIVE} writes a folder; {@code main FOLDER OBJECTIVE} has the files of one say another objective.
 */
final class GeneratedShards {

    private static final int EXAMPLES = 512;
    private static final int QUERIES = 16;
    private static final int TOKENS = 64;
    private static final int WIDTH = 512;
    private static final long EXAMPLE_BYTES = 2L * 2 * TOKENS * WIDTH * Float.BYTES;

    private GeneratedShards() {}

    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        String objective = arguments[arguments.length - 1];
        if (arguments.length == 3) {
            write(folder, Long.parseLong(arguments[1]), CaptureObjective.valueOf(objective));
        } else {
            relabel(folder, CaptureObjective.valueOf(objective));
        }
    }

    /** Writes shards until there are so many bytes, but for those that are there. */
    static void write(Path folder, long bytes, CaptureObjective objective) throws IOException {
        Files.createDirectories(folder);
        CaptureWriter writer = new CaptureWriter(objective, Optional.empty(), TensorType.F32);
        int examples = objective == CaptureObjective.MEASUREMENT ? QUERIES : EXAMPLES;
        for (int shard = 0; shard * examples * EXAMPLE_BYTES < bytes; shard++) {
            Path file = folder.resolve(String.format(Locale.ROOT, "shard-%06d.safetensors", shard));
            long first = (long) shard * examples;
            List<LayerCapture> captures = new ArrayList<>();
            for (int l = 0; l < 2; l++) {
                long seed = 4L * shard + 2L * l + 1_000_003L * objective.ordinal();
                captures.add(LayerCapture.of(
                        LayerSpec.tokens("layer" + l, WIDTH, WIDTH),
                        examples,
                        TOKENS,
                        new Mixed(seed, examples * TOKENS, 1),
                        new Mixed(seed + 1, examples * TOKENS, 0.01f)));
            }
            if (Files.exists(file)) {
                continue;
            }
            writer.write(file, LongStream.range(first, first + examples).toArray(), captures);
        }
    }

    /** Changes the objective in the headers, in place: the shorter word gets a space behind it. */
    static void relabel(Path folder, CaptureObjective objective) throws IOException {
        String training = "\"objective\":\"training\"";
        String sampled = "\"objective\":\"sampled\" ";
        boolean toTraining = objective == CaptureObjective.TRAINING;
        List<Path> shards;
        try (Stream<Path> files = Files.list(folder)) {
            shards = files.filter(file -> file.toString().endsWith(".safetensors"))
                    .toList();
        }
        for (Path shard : shards) {
            try (FileChannel file = FileChannel.open(shard, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
                file.read(length, 0);
                ByteBuffer header = ByteBuffer.allocate((int) length.getLong(0));
                file.read(header, Long.BYTES);
                String text = new String(header.array(), StandardCharsets.UTF_8);
                String changed = toTraining ? text.replace(sampled, training) : text.replace(training, sampled);
                file.write(ByteBuffer.wrap(changed.getBytes(StandardCharsets.UTF_8)), Long.BYTES);
            }
        }
    }

    /** Numbers between −scale and scale that follow from seed and place. */
    private record Mixed(long seed, int rows, float scale) implements Matrix {

        @Override
        public int columns() {
            return WIDTH;
        }

        @Override
        public Precision precision() {
            return Precision.FLOAT32;
        }

        @Override
        public void read(int firstRow, int rowCount, float[] target, int offset) {
            long place = (seed * rows + firstRow) * WIDTH;
            for (int k = 0; k < rowCount * WIDTH; k++) {
                target[offset + k] = number(place + k);
            }
        }

        @Override
        public void read(int firstRow, int rowCount, double[] target, int offset) {
            long place = (seed * rows + firstRow) * WIDTH;
            for (int k = 0; k < rowCount * WIDTH; k++) {
                target[offset + k] = number(place + k);
            }
        }

        /** The finisher of SplitMix64; half a step off 0. */
        private float number(long place) {
            long mixed = (place + 1) * 0x9E3779B97F4A7C15L;
            mixed = (mixed ^ mixed >>> 30) * 0xBF58476D1CE4E5B9L;
            mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
            return scale * (((int) (mixed >>> 41) - (1 << 22) + 0.5f) / (1 << 22));
        }
    }
}
