package io.github.influence4j.examples.validation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One network of the study on drawn labels, with two questions. */
class DrawnLabelsStudyTest {

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @Test
    void sixteenDrawsAreNearerThanOne() {
        try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT64)) {
            List<DrawnLabelsStudy.Row> rows = new DrawnLabelsStudy(backend, 2, ProgressListener.silent())
                    .run(Bed.DIABETES, 1, Damping.relative(1));
            assertEquals(4, rows.size());
            assertTrue(rows.get(3).correlation() > rows.get(1).correlation(), rows::toString);
            assertTrue(DrawnLabelsStudy.table(rows).contains("| refined, 16 draws |"));
        }
    }

    /** From files: captures of one draw, and networks trained on three halves. */
    @Test
    void refinementFromFilesComesNearer() throws IOException {
        try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT64)) {
            List<RefinedCapturesStudy.Row> rows = new RefinedCapturesStudy(
                            backend, 2, 3, folder, ProgressListener.silent())
                    .run(Bed.DIABETES, 1, List.of(DampingLevel.RETRAINING));
            assertEquals(4, rows.size());
            assertTrue(rows.get(1).correlation() > rows.get(0).correlation(), rows::toString);
            assertTrue(rows.get(2).correlation() > rows.get(0).correlation(), rows::toString);
            assertEquals(1, rows.get(3).correlation(), Tolerances.REORDERED_FLOAT64);
            assertTrue(RefinedCapturesStudy.tables(rows).contains("| diabetes 64-64 | λ = 0.1 |"));
        }
    }
}
