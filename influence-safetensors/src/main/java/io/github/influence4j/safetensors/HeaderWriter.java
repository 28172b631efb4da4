package io.github.influence4j.safetensors;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** Writes headers. */
final class HeaderWriter {

    /** The data begin at a multiple of this. */
    private static final int ALIGNMENT = 8;

    private static final JsonFactory JSON = new JsonFactory();

    private HeaderWriter() {}

    /** Returns the beginning of a file: the header's length, and the header of tensors whose data follow in this order. */
    static byte[] write(Collection<TensorSpec> tensors, Map<String, String> metadata) {
        ByteArrayOutputStream json = new ByteArrayOutputStream();
        try (JsonGenerator out = JSON.createGenerator(ObjectWriteContext.empty(), json)) {
            out.writeStartObject();
            if (!metadata.isEmpty()) {
                out.writeObjectPropertyStart("__metadata__");
                new TreeMap<>(metadata).forEach(out::writeStringProperty);
                out.writeEndObject();
            }
            long offset = 0;
            Set<String> names = new HashSet<>();
            for (TensorSpec tensor : tensors) {
                if (tensor.name().equals("__metadata__") || !names.add(tensor.name())) {
                    throw new IllegalArgumentException("a second tensor cannot be called " + tensor.name());
                }
                writeTensor(out, tensor, offset);
                offset += tensor.bytes();
            }
            out.writeEndObject();
        }
        while (json.size() % ALIGNMENT != 0) {
            json.write(' ');
        }
        return ByteBuffer.allocate(HeaderReader.PREFIX + json.size())
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.size())
                .put(json.toByteArray())
                .array();
    }

    private static void writeTensor(JsonGenerator out, TensorSpec tensor, long offset) {
        out.writeObjectPropertyStart(tensor.name());
        out.writeStringProperty("dtype", tensor.type().name());
        out.writeArrayPropertyStart("shape");
        tensor.shape().forEach(out::writeNumber);
        out.writeEndArray();
        out.writeArrayPropertyStart("data_offsets");
        out.writeNumber(offset);
        out.writeNumber(offset + tensor.bytes());
        out.writeEndArray();
        out.writeEndObject();
    }
}
