package io.github.influence4j.safetensors;

import io.github.influence4j.safetensors.Header.Placed;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;

/** Parses and checks one header. Whatever is in it, the result is a {@link Header} or a {@link MalformedFileException}. */
final class HeaderReader {

    /** Bytes in front of the header: its length. */
    static final int PREFIX = 8;

    /** Longest header, as in the format's reference implementation. */
    static final long MAX_LENGTH = 100_000_000;

    /** Most tensors of a file; a million layers are more than any model has. */
    private static final int MAX_TENSORS = 1_000_000;

    private static final int MAX_RANK = 16;

    /** Of names of tensors and of metadata. */
    private static final int MAX_NAME = 4096;

    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(4)
                    .maxNumberLength(20)
                    .maxNameLength(MAX_NAME)
                    .maxStringLength((int) MAX_LENGTH)
                    .build())
            // names of an untrusted file have no place in a table that outlives it
            .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
            .build();

    private final Path file;
    private final long dataStart;
    private final long dataLength;
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    /** A tensor as the header has it: its data from byte {@code begin} to {@code end} behind the header. */
    private record Entry(TensorSpec spec, long begin, long end) {}

    private boolean hasMetadata;

    private HeaderReader(Path file, long dataStart, long fileSize) {
        this.file = file;
        this.dataStart = dataStart;
        this.dataLength = fileSize - dataStart;
    }

    /**
     * Parses a header.
     *
     * @param file for messages
     * @param json the header, without the length in front of it
     * @param fileSize bytes of the whole file
     * @return the header
     * @throws MalformedFileException if it is not one, or does not fit the file
     */
    static Header read(Path file, byte[] json, long fileSize) {
        HeaderReader reader = new HeaderReader(file, PREFIX + json.length, fileSize);
        if (json.length == 0 || json[0] != '{') {
            throw new MalformedFileException(file, "the header must begin with {");
        }
        char[] text = decode(file, json);
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), text, 0, text.length)) {
            parser.nextToken();
            reader.parseRoot(parser);
            if (parser.nextToken() != null) {
                throw reader.malformed("something follows the header's closing bracket");
            }
        } catch (JacksonException e) {
            throw new MalformedFileException(
                    file, "the header is not the JSON it should be: " + e.getOriginalMessage(), e);
        }
        return reader.placed();
    }

    /** Decodes strictly: a parser would guess at the encoding, and replace what it cannot read. */
    private static char[] decode(Path file, byte[] json) {
        try {
            CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(json));
            return Arrays.copyOf(text.array(), text.length());
        } catch (CharacterCodingException e) {
            throw new MalformedFileException(file, "the header is not UTF-8", e);
        }
    }

    private void parseRoot(JsonParser parser) {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            expect(parser.nextToken(), JsonToken.START_OBJECT, name, "an object");
            if (name.equals("__metadata__")) {
                if (hasMetadata) {
                    throw malformed("__metadata__ stands there twice");
                }
                hasMetadata = true;
                parseMetadata(parser);
                continue;
            }
            if (entries.put(name, parseTensor(name, parser)) != null) {
                throw malformed("tensor " + MalformedFileException.quote(name) + " stands there twice");
            }
            if (entries.size() > MAX_TENSORS) {
                throw malformed("more than " + MAX_TENSORS + " tensors");
            }
        }
    }

    private void parseMetadata(JsonParser parser) {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            expect(parser.nextToken(), JsonToken.VALUE_STRING, "__metadata__ " + key, "a text");
            if (metadata.put(key, parser.getString()) != null) {
                throw malformed("metadata " + MalformedFileException.quote(key) + " stands there twice");
            }
        }
    }

    private Entry parseTensor(String name, JsonParser parser) {
        String type = "";
        List<Long> shape = List.of();
        List<Long> offsets = List.of();
        int seen = 0;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            JsonToken token = parser.nextToken();
            int bit;
            switch (key) {
                case "dtype" -> {
                    bit = 1;
                    expect(token, JsonToken.VALUE_STRING, name + " dtype", "a text");
                    type = parser.getString();
                }
                case "shape" -> {
                    bit = 2;
                    shape = integers(name + " shape", token, parser, MAX_RANK);
                }
                case "data_offsets" -> {
                    bit = 4;
                    offsets = integers(name + " data_offsets", token, parser, 2);
                }
                default ->
                    throw malformed("tensor " + MalformedFileException.quote(name) + " has an unknown entry "
                            + MalformedFileException.quote(key));
            }
            if ((seen & bit) != 0) {
                throw malformed("tensor " + MalformedFileException.quote(name) + " has " + key + " twice");
            }
            seen |= bit;
        }
        if (seen != 7 || offsets.size() != 2) {
            throw malformed(
                    "tensor " + MalformedFileException.quote(name) + " must have dtype, shape and two data_offsets");
        }
        return entry(name, type, shape, offsets.get(0), offsets.get(1));
    }

    private List<Long> integers(String what, JsonToken first, JsonParser parser, int most) {
        expect(first, JsonToken.START_ARRAY, what, "an array");
        List<Long> values = new ArrayList<>(most);
        JsonToken token = parser.nextToken();
        while (token != JsonToken.END_ARRAY) {
            expect(token, JsonToken.VALUE_NUMBER_INT, what, "an array of integers");
            long value = parser.getLongValue();
            if (value < 0) {
                throw malformed(MalformedFileException.quote(what) + " has the negative number " + value);
            }
            if (values.size() == most) {
                throw malformed(MalformedFileException.quote(what) + " has more than " + most + " numbers");
            }
            values.add(value);
            token = parser.nextToken();
        }
        return values;
    }

    private Entry entry(String name, String type, List<Long> shape, long begin, long end) {
        TensorType found;
        try {
            found = TensorType.valueOf(type);
        } catch (IllegalArgumentException e) {
            throw new MalformedFileException(
                    file,
                    "tensor " + MalformedFileException.quote(name) + " is of type "
                            + MalformedFileException.quote(type) + ", which is not one of "
                            + List.of(TensorType.values()),
                    e);
        }
        TensorSpec spec;
        try {
            spec = new TensorSpec(name, found, shape);
        } catch (IllegalArgumentException e) {
            throw new MalformedFileException(file, String.valueOf(e.getMessage()), e);
        }
        if (begin > end || end > dataLength) {
            throw malformed("tensor " + MalformedFileException.quote(name) + " lies from byte " + begin + " to " + end
                    + " of data of " + dataLength + " bytes");
        }
        if (end - begin != spec.bytes()) {
            throw malformed("tensor " + MalformedFileException.quote(name) + " of " + spec.describe() + " needs "
                    + spec.bytes() + " bytes, found " + (end - begin));
        }
        return new Entry(spec, begin, end);
    }

    /** Tensors must follow one another without gaps or overlaps, up to the end of the file. */
    private Header placed() {
        List<Entry> ordered = new ArrayList<>(entries.values());
        ordered.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        Map<String, Placed> placed = new LinkedHashMap<>();
        long end = 0;
        for (Entry entry : ordered) {
            if (entry.begin() != end) {
                throw malformed(
                        "tensor " + MalformedFileException.quote(entry.spec().name()) + " begins at byte "
                                + entry.begin() + " of the data, where the one before ends at " + end);
            }
            end = entry.end();
            placed.put(entry.spec().name(), new Placed(entry.spec(), dataStart + entry.begin()));
        }
        if (end != dataLength) {
            throw malformed("the tensors end at byte " + end + " of data of " + dataLength + " bytes");
        }
        return new Header(metadata, placed, dataStart);
    }

    private void expect(JsonToken token, JsonToken wanted, String where, String description) {
        if (token != wanted) {
            throw malformed(MalformedFileException.quote(where) + " must be " + description);
        }
    }

    private MalformedFileException malformed(String problem) {
        return new MalformedFileException(file, problem);
    }
}
