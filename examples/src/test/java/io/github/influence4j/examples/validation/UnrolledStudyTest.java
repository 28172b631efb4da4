package io.github.influence4j.examples.validation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A small form of the study. */
class UnrolledStudyTest {

    @TempDir
    private Path folder;

    @Test
    void everyEstimatorGetsARow() throws IOException {
        try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT64)) {
            List<UnrolledStudy.Row> rows =
                    new UnrolledStudy(backend, folder, 2, 8, 0.5, 0, ProgressListener.silent()).run(Bed.DIABETES, 1);
            assertEquals(
                    List.of(
                            "EK-FAC",
                            "K-FAC",
                            "exact Gauss-Newton",
                            "gradient dot product",
                            "SOURCE",
                            "exact unrolling"),
                    rows.stream().map(UnrolledStudy.Row::estimator).toList());
            // eight halves tell a rank correlation of nearly 1 from none
            assertTrue(rows.get(4).score() > 0.7, rows::toString);
            String table = UnrolledStudy.table(rows);
            assertEquals(2 + rows.size(), table.lines().count());
            assertTrue(Files.exists(folder.resolve("unrolled-diabetes-1-0.5.tsv")));
        }
    }
}
