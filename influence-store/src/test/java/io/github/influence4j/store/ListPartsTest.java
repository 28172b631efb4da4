package io.github.influence4j.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.store.internal.DataDigest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ListPartsTest {

    private static final List<String> WORDS = List.of("a", "b", "c", "d", "e", "f", "g");

    @Test
    void partsHaveTheExamplesInTheirOrder() throws IOException {
        PartedData<String> data = PartedData.of("letters", WORDS, 3);
        List<String> found = new ArrayList<>();
        List<Long> ids = new ArrayList<>();
        for (PartedData<String> part : data.shards()) {
            for (ExampleBatch<String> batch : part.batches(2)) {
                found.addAll(batch.examples());
                for (long id : batch.ids()) {
                    ids.add(id);
                }
            }
        }
        assertEquals(WORDS, found);
        assertEquals(List.of(0L, 1L, 2L, 3L, 4L, 5L, 6L), ids);
        assertEquals(
                List.of(3L, 3L, 1L),
                data.shards().stream().map(PartedData::size).toList());
        assertArrayEquals(new long[] {1, 5}, data.only(Set.of(5L, 1L)).ids());
        assertNotEquals(DataDigest.of(data), DataDigest.of(PartedData.of("others", WORDS, 3)));
        String missing = String.valueOf(assertThrows(IllegalArgumentException.class, () -> data.only(Set.of(9L)))
                .getMessage());
        assertTrue(missing.contains("not in letters"), missing);
        assertThrows(IllegalArgumentException.class, () -> PartedData.of("none", List.of(), 3));
        assertThrows(IllegalArgumentException.class, () -> PartedData.of("letters", WORDS, 0));
    }
}
