package io.github.influence4j.lm.text;

import io.github.influence4j.safetensors.MalformedFileException;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/**
 * The JSON of a tokeniser, before it goes to the native library, which ends the process where a part of it cannot be parsed.
 *
 * <p>What that library's parser refuses beyond what is no JSON at all: deep nesting, numbers beyond float64, halves of surrogate
 * pairs.
 */
final class TokenizerJson {

    /** The library stops at 128. */
    private static final int MAX_DEPTH = 100;

    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxNameLength(Integer.MAX_VALUE)
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build();

    private TokenizerJson() {}

    /**
     * Checks that it can be parsed.
     *
     * @throws MalformedFileException if it cannot
     */
    static void check(Path file, byte[] json) {
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), json)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                boolean text = token == JsonToken.VALUE_STRING || token == JsonToken.PROPERTY_NAME;
                if (text && hasHalfPair(parser.getString())) {
                    throw new MalformedFileException(
                            file,
                            "is not a tokeniser: it has half a surrogate pair in "
                                    + MalformedFileException.quote(parser.getString()));
                }
                if (token == JsonToken.VALUE_NUMBER_FLOAT && !Double.isFinite(parser.getDoubleValue())) {
                    throw new MalformedFileException(
                            file, "is not a tokeniser: the number " + parser.getString() + " is out of range");
                }
            }
        } catch (JacksonException e) {
            throw new MalformedFileException(file, "is not a tokeniser: " + e.getOriginalMessage(), e);
        }
    }

    private static boolean hasHalfPair(String text) {
        return text.codePoints()
                .anyMatch(point -> point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE);
    }
}
