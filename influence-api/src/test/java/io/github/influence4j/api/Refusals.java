package io.github.influence4j.api;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.function.Executable;

/** Asserts that something is refused, and that the message says what the reader needs. */
final class Refusals {

    private Refusals() {}

    static void refused(Class<? extends RuntimeException> type, Executable action, String... contained) {
        RuntimeException error = assertThrows(type, action);
        for (String part : contained) {
            assertTrue(error.toString().contains(part), () -> "'" + part + "' is not in '" + error + "'");
        }
    }

    static void refused(Executable action, String... contained) {
        refused(IllegalArgumentException.class, action, contained);
    }
}
