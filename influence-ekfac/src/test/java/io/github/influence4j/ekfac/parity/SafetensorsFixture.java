package io.github.influence4j.ekfac.parity;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** A trusted safetensors file among the tests' resources, all tensors of 8-byte numbers. */
final class SafetensorsFixture {

    private final String name;
    private final JsonNode header;
    private final ByteBuffer data;

    SafetensorsFixture(String name) {
        this.name = name;
        try (InputStream in = SafetensorsFixture.class.getResourceAsStream("/parity/" + name + ".safetensors")) {
            if (in == null) {
                throw new IllegalArgumentException("no fixture " + name);
            }
            ByteBuffer file = ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
            int length = Math.toIntExact(file.getLong(0));
            header = new ObjectMapper().readTree(new String(file.array(), 8, length, StandardCharsets.UTF_8));
            data = file.slice(8 + length, file.limit() - 8 - length).order(ByteOrder.LITTLE_ENDIAN);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    JsonNode metadata(String key) {
        return new ObjectMapper().readTree(header.get("__metadata__").get(key).asString());
    }

    boolean has(String tensor) {
        return header.has(tensor);
    }

    int[] shape(String tensor) {
        JsonNode shape = find(tensor).get("shape");
        int[] result = new int[shape.size()];
        for (int k = 0; k < result.length; k++) {
            result[k] = shape.get(k).asInt();
        }
        return result;
    }

    double[] values(String tensor) {
        JsonNode offsets = find(tensor).get("data_offsets");
        int from = offsets.get(0).asInt();
        double[] values = new double[(offsets.get(1).asInt() - from) / Double.BYTES];
        data.slice(from, values.length * Double.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .asDoubleBuffer()
                .get(values);
        return values;
    }

    /** The only number of an int64 tensor. */
    long count(String tensor) {
        return Double.doubleToRawLongBits(values(tensor)[0]);
    }

    private JsonNode find(String tensor) {
        JsonNode found = header.get(tensor);
        if (found == null) {
            throw new IllegalArgumentException("no tensor " + tensor + " in " + name);
        }
        return found;
    }
}
