package io.github.influence4j.benchmarks;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** Writes float32 safetensors files. */
final class Safetensors {

    /** Numbers written at a time. */
    private static final int CHUNK = 1 << 18;

    private static final JsonMapper JSON = new JsonMapper();

    private Safetensors() {}

    /** Writes tensors to a file, rounding to float32; an old file is replaced. */
    static void write(Path file, List<Tensor> tensors) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocateDirect(4 * CHUNK).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            writeAll(channel, header(tensors));
            for (Tensor tensor : tensors) {
                writeNumbers(channel, tensor, bytes);
            }
        }
    }

    private static ByteBuffer header(List<Tensor> tensors) {
        Map<String, Object> entries = new LinkedHashMap<>();
        long offset = 0;
        for (Tensor tensor : tensors) {
            entries.put(
                    tensor.name(),
                    Map.of(
                            "dtype",
                            "F32",
                            "shape",
                            tensor.shape(),
                            "data_offsets",
                            List.of(offset, offset + tensor.bytes())));
            offset += tensor.bytes();
        }
        byte[] json = JSON.writeValueAsString(entries).getBytes(StandardCharsets.UTF_8);
        int padded = (json.length + 7) / 8 * 8;
        ByteBuffer header = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(padded).put(json);
        while (header.hasRemaining()) {
            header.put((byte) ' ');
        }
        return header.flip();
    }

    private static void writeNumbers(FileChannel channel, Tensor tensor, ByteBuffer bytes) throws IOException {
        int rows = tensor.data().rows();
        int columns = tensor.data().columns();
        int step = Math.max(1, Math.min(rows, CHUNK / columns));
        float[] numbers = new float[step * columns];
        for (int r = 0; r < rows; r += step) {
            int count = Math.min(step, rows - r) * columns;
            tensor.data().read(r, count / columns, numbers, 0);
            // a row may be longer than the buffer
            for (int k = 0; k < count; k += CHUNK) {
                int part = Math.min(CHUNK, count - k);
                bytes.clear();
                bytes.asFloatBuffer().put(numbers, k, part);
                writeAll(channel, bytes.limit(4 * part));
            }
        }
    }

    private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
