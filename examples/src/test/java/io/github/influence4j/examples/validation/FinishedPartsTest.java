package io.github.influence4j.examples.validation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a study keeps of its parts: done once, unless the study is another. */
class FinishedPartsTest {

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    private final List<String> done = new ArrayList<>();

    private record Part(List<RefinedCapturesStudy.Row> rows) {}

    private Part part(FinishedParts<Part> kept, String name) throws IOException {
        return kept.readOr(name, () -> {
            done.add(name);
            return new Part(List.of(new RefinedCapturesStudy.Row(name, "λ = 1", 2, "CG", 0.1, 1.0 / 3)));
        });
    }

    @Test
    void aPartIsDoneOnceAndReadToTheBit() throws IOException {
        FinishedParts<Part> kept = new FinishedParts<>(folder.resolve("new"), "two questions", 1, Part.class);
        Part first = part(kept, "a");
        part(kept, "b");
        assertEquals(first, part(kept, "a"));
        assertEquals(List.of("a", "b"), done);
    }

    @Test
    void partsOfAnotherRunOrFormAreDoneAgain() throws IOException {
        part(new FinishedParts<>(folder, "two questions", 1, Part.class), "a");
        part(new FinishedParts<>(folder, "ten questions", 1, Part.class), "a");
        part(new FinishedParts<>(folder, "ten questions", 2, Part.class), "a");
        assertEquals(List.of("a", "a", "a"), done);
    }

    @Test
    void aPartThatFailsIsNotKept() throws IOException {
        FinishedParts<Part> kept = new FinishedParts<>(folder, "two questions", 1, Part.class);
        assertThrows(
                IllegalStateException.class,
                () -> kept.readOr("a", () -> {
                    throw new IllegalStateException("killed");
                }));
        part(kept, "a");
        assertEquals(List.of("a"), done);
    }
}
