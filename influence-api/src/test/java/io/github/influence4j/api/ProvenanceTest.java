package io.github.influence4j.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProvenanceTest {

    private final Provenance here = Provenance.here("pure Java", Precision.FLOAT64, Optional.of("sha256:12"));

    @Test
    void hereNamesTheVersionAndTheMachine() {
        assertTrue(here.libraryVersion().matches("\\d+\\.\\d+\\.\\d+.*"), here::libraryVersion);
        assertTrue(here.runtime().contains(System.getProperty("java.version")), here::runtime);
        assertTrue(here.runtime().contains(System.getProperty("os.arch")), here::runtime);
        assertEquals("pure Java", here.backend());
        assertEquals(Precision.FLOAT64, here.precision());
        assertEquals(Optional.of("sha256:12"), here.model());
    }

    @Test
    void additionsLeaveTheOriginalAloneAndKeepTheirOrder() {
        Provenance more = here.withOption("z", "1")
                .withOption("a", "2")
                .withOption("z", "3")
                .withCount("examples", 5)
                .withDuration("fit", Duration.ofMillis(7));
        assertEquals(Map.of(), here.options());
        assertEquals(Map.of(), here.counts());
        assertEquals(Map.of(), here.durations());
        assertEquals(List.of("z", "a"), List.copyOf(more.options().keySet()));
        assertEquals("3", more.options().get("z"));
        assertEquals(Map.of("examples", 5L), more.counts());
        assertEquals(Map.of("fit", Duration.ofMillis(7)), more.durations());
        assertEquals(here.libraryVersion(), more.libraryVersion());
        assertEquals(here.model(), more.model());
    }

    @Test
    void mapsAreCopiesThatCannotBeChanged() {
        Provenance some = Provenance.of("1", "r", "b", Precision.FLOAT32)
                .withOption("a", "1")
                .withCount("n", 1)
                .withDuration("read", Duration.ZERO);
        assertEquals("1", some.options().get("a"));
        assertThrows(UnsupportedOperationException.class, () -> some.options().put("b", "1"));
        assertThrows(UnsupportedOperationException.class, () -> some.counts().clear());
        assertThrows(UnsupportedOperationException.class, () -> some.durations().put("fit", Duration.ZERO));
    }
}
