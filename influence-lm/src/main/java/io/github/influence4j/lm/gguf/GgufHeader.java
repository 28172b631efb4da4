package io.github.influence4j.lm.gguf;

import io.github.influence4j.safetensors.FileReader;
import io.github.influence4j.safetensors.MalformedFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads and checks what stands before the numbers of a GGUF file: metadata and the list of tensors. */
final class GgufHeader {

    private static final int MAGIC = 0x46554747; // "GGUF"

    /** Longest text; the longest in published files are chat templates. */
    private static final int MAX_TEXT = 4 << 20;

    private static final int MAX_DIMENSIONS = 4;

    private static final int MAX_NESTING = 4;

    private static final long DEFAULT_ALIGNMENT = 32;

    private final FileReader reader;
    private final ByteBuffer buffer = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);

    /** Byte of the file behind the last of the buffer. */
    private long end;

    private final Map<String, Object> metadata = new LinkedHashMap<>();
    private final Map<String, GgufTensor> tensors = new LinkedHashMap<>();

    GgufHeader(FileReader reader) {
        this.reader = reader;
        buffer.limit(0);
    }

    Map<String, Object> metadata() {
        return metadata;
    }

    Map<String, GgufTensor> tensors() {
        return tensors;
    }

    /**
     * Reads the header.
     *
     * @throws IOException if the file cannot be read
     * @throws MalformedFileException if it is not a header, or a tensor does not lie in the file
     */
    void read() throws IOException {
        if (reader.size() < 24 || integer() != MAGIC) {
            throw malformed(
                    "is not a GGUF file: it does not begin with GGUF; give one, or the folder of a checkpoint, which holds config.json");
        }
        int version = integer();
        if (version != 2 && version != 3) {
            throw malformed("is of GGUF version " + Integer.toUnsignedString(version)
                    + ", expected 2 or 3 in the order of bytes of small machines");
        }
        // a tensor's entry has at least 24 bytes and one of the metadata 13
        long tensorCount = count(24);
        long entryCount = count(13);
        for (long k = 0; k < entryCount; k++) {
            String key = text();
            if (metadata.put(key, value(integer(), 0)) != null) {
                throw malformed("has the entry " + MalformedFileException.quote(key) + " twice");
            }
        }
        List<GgufTensor> listed = new ArrayList<>();
        for (long k = 0; k < tensorCount; k++) {
            listed.add(tensor());
        }
        place(listed);
    }

    private GgufTensor tensor() throws IOException {
        String name = text();
        int dimensions = integer();
        if (dimensions < 1 || dimensions > MAX_DIMENSIONS) {
            throw malformed("tensor " + MalformedFileException.quote(name) + " has "
                    + Integer.toUnsignedString(dimensions) + " dimensions, expected 1 to " + MAX_DIMENSIONS);
        }
        List<Long> shape = new ArrayList<>();
        for (int d = 0; d < dimensions; d++) {
            shape.add(0, longInteger()); // the file has the innermost first
        }
        int id = integer();
        GgufType type = GgufType.of(id)
                .orElseThrow(() -> malformed("tensor " + MalformedFileException.quote(name) + " is of type "
                        + GgufNames.type(id) + ", expected one of " + List.of(GgufType.values())
                        + "; take a file with another quantisation"));
        return new GgufTensor(name, type, List.copyOf(shape), longInteger());
    }

    /** Offsets count from the first multiple of the alignment behind the list. */
    private void place(List<GgufTensor> listed) {
        Object said = metadata.getOrDefault("general.alignment", DEFAULT_ALIGNMENT);
        if (!(said instanceof Long alignment) || alignment < 1 || alignment > 1 << 20) {
            throw malformed("general.alignment must be a number from 1 to " + (1 << 20) + ", found " + said);
        }
        long here = position();
        long start = (here + alignment - 1) / alignment * alignment;
        for (GgufTensor tensor : listed) {
            long bytes = bytes(tensor);
            if (tensor.offset() < 0
                    || start > reader.size()
                    || tensor.offset() > reader.size() - start
                    || bytes > reader.size() - start - tensor.offset()) {
                throw malformed("tensor " + MalformedFileException.quote(tensor.name()) + " of " + bytes
                        + " bytes begins at byte " + Long.toUnsignedString(tensor.offset())
                        + " of the data, which have "
                        + Math.max(0, reader.size() - start) + "; download the file again");
            }
            GgufTensor placed = new GgufTensor(tensor.name(), tensor.type(), tensor.shape(), start + tensor.offset());
            if (tensors.put(tensor.name(), placed) != null) {
                throw malformed("has the tensor " + MalformedFileException.quote(tensor.name()) + " twice");
            }
        }
        requireApart();
    }

    /** What lies in the file once counts once, or a small file could ask for any number of numbers. */
    private void requireApart() {
        List<GgufTensor> inOrder = tensors.values().stream()
                .sorted(Comparator.comparingLong(GgufTensor::offset))
                .toList();
        for (int k = 1; k < inOrder.size(); k++) {
            GgufTensor before = inOrder.get(k - 1);
            if (inOrder.get(k).offset() < before.offset() + bytes(before)) {
                throw malformed("has the tensors " + MalformedFileException.quote(before.name()) + " and "
                        + MalformedFileException.quote(inOrder.get(k).name())
                        + " at the same bytes; download the file again");
            }
        }
    }

    private long bytes(GgufTensor tensor) {
        long bytes = tensor.type().bytes();
        long columns = tensor.columns();
        if (columns % tensor.type().block() != 0) {
            throw malformed("tensor " + MalformedFileException.quote(tensor.name()) + " has rows of " + columns
                    + " numbers, expected a multiple of " + tensor.type().block() + " for " + tensor.type());
        }
        try {
            for (long dimension : tensor.shape()) {
                if (dimension < 1) {
                    throw malformed("tensor " + MalformedFileException.quote(tensor.name()) + " has the dimensions "
                            + tensor.shape());
                }
                bytes = Math.multiplyExact(bytes, dimension);
            }
        } catch (ArithmeticException e) {
            throw new MalformedFileException(
                    reader.path(),
                    "tensor " + MalformedFileException.quote(tensor.name()) + " is too large: " + tensor.shape(),
                    e);
        }
        return bytes / tensor.type().block();
    }

    private Object value(int type, int depth) throws IOException {
        return switch (type) {
            case 0 -> (long) (bytes(1).get() & 0xff);
            case 1 -> (long) bytes(1).get();
            case 2 -> (long) (bytes(2).getShort() & 0xffff);
            case 3 -> (long) bytes(2).getShort();
            case 4 -> integer() & 0xffffffffL;
            case 5 -> (long) integer();
            // the text of a float32 has as few digits as tell it apart: what was meant
            case 6 -> Double.parseDouble(Float.toString(bytes(4).getFloat()));
            case 7 -> bytes(1).get() != 0;
            case 8 -> text();
            case 9 -> list(depth);
            case 10, 11 -> longInteger();
            case 12 -> bytes(8).getDouble();
            default -> throw malformed("has metadata of the unknown type " + Integer.toUnsignedString(type));
        };
    }

    private List<Object> list(int depth) throws IOException {
        if (depth == MAX_NESTING) {
            throw malformed("has lists in lists deeper than " + MAX_NESTING);
        }
        int type = integer();
        long count = count(type == 8 ? 8 : type == 9 ? 12 : 1);
        List<Object> values = new ArrayList<>();
        for (long k = 0; k < count; k++) {
            values.add(value(type, depth + 1));
        }
        return values;
    }

    /** A number of things that have at least so many bytes each, which must be in the file. */
    private long count(int least) throws IOException {
        long count = longInteger();
        if (count < 0 || count > (reader.size() - position()) / least) {
            throw malformed("announces " + Long.toUnsignedString(count) + " things at byte " + position()
                    + ", more than the file has room for; download the file again");
        }
        return count;
    }

    private String text() throws IOException {
        long length = longInteger();
        if (length < 0 || length > MAX_TEXT || length > reader.size() - position()) {
            throw malformed("announces a text of " + Long.toUnsignedString(length) + " bytes at byte " + position()
                    + ", at most " + Math.min(MAX_TEXT, reader.size() - position()) + " are possible");
        }
        ByteBuffer bytes;
        if (length <= buffer.capacity()) {
            ByteBuffer there = bytes((int) length);
            bytes = there.slice(there.position(), (int) length);
            there.position(there.position() + (int) length);
        } else {
            bytes = ByteBuffer.allocate((int) length);
            long from = position();
            reader.readFully(bytes, from);
            bytes.flip();
            buffer.limit(0);
            end = from + length;
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new MalformedFileException(reader.path(), "has a text that is not UTF-8", e);
        }
    }

    private int integer() throws IOException {
        return bytes(4).getInt();
    }

    private long longInteger() throws IOException {
        return bytes(8).getLong();
    }

    private long position() {
        return end - buffer.remaining();
    }

    /** The buffer with at least so many bytes from its position on. */
    private ByteBuffer bytes(int count) throws IOException {
        if (buffer.remaining() < count) {
            long from = position();
            if (count > reader.size() - from) {
                throw malformed(
                        "ends in the middle of its header, at byte " + reader.size() + "; download the file again");
            }
            buffer.clear().limit((int) Math.min(buffer.capacity(), reader.size() - from));
            reader.readFully(buffer, from);
            buffer.flip();
            end = from + buffer.limit();
        }
        return buffer;
    }

    private MalformedFileException malformed(String problem) {
        return new MalformedFileException(reader.path(), problem);
    }
}
