package io.github.influence4j.examples.smollm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.examples.corpus.TinyCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole study on a tiny random model. */
class SmolStudyTest {

    private static final SmolOptions SMALL = SmolOptions.defaults()
            .withFacts(3)
            .withPlain(4)
            .withEpochs(1)
            .withRemoved(List.of(2))
            .withTunings(2);

    @TempDir
    private Path folder = Path.of("");

    @Test
    void runsOnceAndThenReadsItsStages() throws IOException {
        Path model = TinyCheckpoint.write(folder.resolve("model"), 8, 12);
        Path out = folder.resolve("out");
        SmolResult first = new SmolStudy(SMALL, model, out, ProgressListener.silent()).run();
        assertEquals(3 * 6 + 1 + 4, first.passages());
        assertEquals(3, first.before().length);
        assertEquals(4, first.curves().points().size());
        assertTrue(first.curves().points().values().stream()
                .allMatch(points -> points.get(0).removed() > 1));
        assertTrue(first.tables().contains("| 2 | EK-FAC |"), first::tables);
        List<String> steps = new ArrayList<>();
        SmolResult again = new SmolStudy(SMALL, model, out, (stage, done, total) -> steps.add(stage)).run();
        assertEquals(List.of(), steps, "nothing is computed again");
        assertEquals(first.tables(), again.tables());
        SmolStudy fewer = new SmolStudy(SMALL.withTunings(1), model, out, (stage, done, total) -> steps.add(stage));
        assertEquals(4, fewer.run().curves().points().size());
        assertEquals(List.of(), steps, "nor with fewer fine-tunings of each");
        IllegalArgumentException refused = assertThrows(
                IllegalArgumentException.class,
                () -> new SmolStudy(SMALL.withPlain(5), model, out, ProgressListener.silent()));
        assertTrue(refused.toString().contains("another study"), refused::toString);
    }
}
