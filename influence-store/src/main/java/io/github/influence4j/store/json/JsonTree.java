package io.github.influence4j.store.json;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.core.json.JsonFactory;

/**
 * A JSON text as Java objects: maps, lists, texts, {@link Boolean}, {@link BigInteger} for whole numbers, {@link Double} for
 * others and {@link Null}. From the parser alone: the classes of Jackson's data binding take a quarter of a second to load,
 * which is a quarter of what a look at a file takes.
 */
final class JsonTree {

    /** Stands for null. */
    enum Null {
        NULL;

        @Override
        public String toString() {
            return "null";
        }
    }

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(16)
                    .maxNumberLength(40)
                    .maxNameLength(4096)
                    .maxStringLength(1 << 24)
                    .maxTokenCount(20_000_000)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private JsonTree() {}

    /**
     * Parses a text that holds one value and nothing after it.
     *
     * @throws tools.jackson.core.JacksonException if it does not, if it is nested too deeply, or if a name is there twice
     */
    static Object parse(String text) {
        try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), text)) {
            Object value = value(parser, parser.nextToken());
            if (parser.nextToken() != null) {
                throw new StreamReadException(parser, "there is more after the value");
            }
            return value;
        }
    }

    /** Without this class's own {@link Null}, and with whole numbers as {@link Long} where they fit. */
    static Optional<Object> plain(Object value) {
        if (value instanceof Map<?, ?> map) {
            Map<String, Object> entries = new LinkedHashMap<>();
            map.forEach((name, each) -> plain(each).ifPresent(one -> entries.put(String.valueOf(name), one)));
            return Optional.of(entries);
        }
        if (value instanceof List<?> list) {
            return Optional.of(
                    list.stream().flatMap(each -> plain(each).stream()).toList());
        }
        if (value instanceof BigInteger number && number.bitLength() < Long.SIZE) {
            return Optional.of(number.longValue());
        }
        return value == Null.NULL ? Optional.empty() : Optional.of(value);
    }

    private static Object value(JsonParser parser, JsonToken token) {
        if (token == null) {
            throw new StreamReadException(parser, "there is no value");
        }
        return switch (token) {
            case START_OBJECT -> object(parser);
            case START_ARRAY -> list(parser);
            case VALUE_STRING -> parser.getString();
            case VALUE_NUMBER_INT -> parser.getBigIntegerValue();
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> Null.NULL;
            default -> throw new StreamReadException(parser, "unexpected " + token);
        };
    }

    private static Map<String, Object> object(JsonParser parser) {
        Map<String, Object> entries = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = parser.currentName();
            entries.put(name, value(parser, parser.nextToken()));
        }
        return entries;
    }

    private static List<Object> list(JsonParser parser) {
        List<Object> values = new ArrayList<>();
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            values.add(value(parser, token));
        }
        return values;
    }
}
