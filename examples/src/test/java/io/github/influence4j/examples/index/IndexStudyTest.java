package io.github.influence4j.examples.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ProgressListener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole study in its small form. */
class IndexStudyTest {

    @TempDir
    private Path folder = Path.of("");

    @Test
    void runsOnceAndThenReadsItsStages() throws IOException {
        IndexStudyOptions small = IndexStudyOptions.small();
        IndexResult first = new IndexStudy(small, folder, ProgressListener.silent()).run();
        assertEquals(2 * (4 * 32 * 32 + 3 * 32 * 88), first.parameters());
        assertEquals(4 * small.percents().size() + 1, first.rows().size());
        for (Measured row : first.rows()) {
            assertEquals(small.questions(), row.spearman().length);
            assertTrue(row.bytes() <= Math.round(row.percent() / 100 * 4 * first.parameters()), row.name());
        }
        assertTrue(first.tables().contains("| signs | 2.0 |"), first::tables);
        assertTrue(first.tables().contains("| coordinates | 5.0 |"), first::tables);
        List<String> steps = new ArrayList<>();
        IndexResult again = new IndexStudy(small, folder, (stage, done, total) -> steps.add(stage)).run();
        assertEquals(List.of(), steps, "nothing is computed again");
        assertEquals(first.tables(), again.tables());
        assertThrows(
                IllegalArgumentException.class,
                () -> new IndexStudy(small.withSeed(2), folder, ProgressListener.silent()));
    }
}
