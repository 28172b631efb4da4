package io.github.influence4j.api.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.LayerSpec;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names that come from files are shown and do nothing else. */
class PlainTextTest {

    @Property
    void whatIsEscapedIsPlainAndComesBack(@ForAll String text) {
        String escaped = PlainText.escaped(text);
        assertTrue(PlainText.isPlain(escaped), escaped);
        if (PlainText.isPlain(text)) {
            assertEquals(text, escaped);
        } else if (text.indexOf('\\') < 0) {
            assertEquals(text, unescaped(escaped));
        }
    }

    private static String unescaped(String text) {
        StringBuilder plain = new StringBuilder();
        for (int k = 0; k < text.length(); k++) {
            if (text.charAt(k) == '\\') {
                plain.append((char) Integer.parseInt(text.substring(k + 2, k + 6), 16));
                k += 5;
            } else {
                plain.append(text.charAt(k));
            }
        }
        return plain.toString();
    }

    @Property
    void whatCannotBeShownIsEscapedToo(@ForAll String text) {
        assertTrue(PlainText.escaped(text, c -> c < 0x80).chars().allMatch(c -> c >= 0x20 && c < 0x7f));
    }

    /** Defect: such a layer's name went into every exception, log line and table as it was. */
    @ParameterizedTest
    @ValueSource(
            strings = {"a\u001b[2J", "a\u009b", "a\u0007", "a\r", "a\nb", "a\u0000", "a\u007f", "\u202ea", "a\u2028"})
    void layersHaveNoSuchNames(String name) {
        assertFalse(PlainText.isPlain(name));
        String message = String.valueOf(assertThrows(IllegalArgumentException.class, () -> LayerSpec.dense(name, 1, 1))
                .getMessage());
        assertTrue(PlainText.isPlain(message), message);
        LayerSpec.dense("transformer.h.0/\u03b1 \ud83d\ude00", 1, 1);
    }
}
