package io.github.influence4j.examples.validation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One network of the study on drawn labels, with two questions. */
class DrawnLabelsStudyTest {

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
}
