package io.github.influence4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.Matrix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import scala.Option;

/** Prepared queries lie in files as long as they are needed, and no longer. */
@ExtendWith(Local.Idle.class)
class QueryFilesTest {

    @TempDir
    private Path folder;

    private QueryFiles files() throws IOException {
        WorkFolder work = WorkFolder.create(folder.resolve("queries"));
        work.write("queries-0", Map.of("one", Matrix.of(new double[] {1}, 1, 1)));
        return QueryFiles.of(Local.SESSION.sparkContext(), work, List.of(new ScorePass.Piece(0, "queries-0")));
    }

    private static void assertRemoved(Path path) throws InterruptedException {
        for (int waited = 0; waited < 300 && Files.exists(path); waited++) {
            System.gc();
            Thread.sleep(100);
        }
        assertFalse(Files.exists(path));
    }

    /** Gives what was made to nobody. */
    private String made() throws IOException {
        QueryFiles files = files();
        assertEquals(Map.of(0, List.of("queries-0")), files.pieces());
        assertTrue(Files.exists(folder.resolve("queries")));
        return files.folder().path();
    }

    @Test
    void goneWhenNobodyHasThem() throws IOException, InterruptedException {
        assertRemoved(Path.of(made()));
    }

    @Test
    void goneWhenTheApplicationEnds() throws IOException, InterruptedException {
        QueryFiles files = files();
        Local.SESSION.sparkContext().listenerBus().post(new SparkListenerApplicationEnd(0, Option.empty()));
        assertRemoved(Path.of(files.folder().path()));
        files.close();
    }

    private static SparkExamples<double[], double[]> rows(int count) {
        return new SparkExamples<>(
                Local.context()
                        .parallelize(
                                LongStream.range(0, count)
                                        .mapToObj(RowModel::row)
                                        .toList(),
                                2),
                RowModel::examples);
    }

    private List<Path> left() throws IOException {
        try (Stream<Path> all = Files.list(folder.resolve("factors"))) {
            return all.filter(path -> path.getFileName().toString().startsWith(".spark-"))
                    .toList();
        }
    }

    /** Rows of all pairs can be asked for again and again; the best and worst are in the driver. */
    @Test
    void asLongAsTheRowsAreThere() throws IOException {
        Path factors = folder.resolve("factors");
        SparkEkfac.on(Local.SESSION).fit(new RowModel(), rows(9), factors);
        SparkScoring<double[]> scoring = SparkEkfac.on(Local.SESSION).scoring(new RowModel(), factors, Damping.DEFAULT);
        assertFalse(scoring.topK(rows(2), rows(9), 2).rows().isEmpty());
        assertEquals(List.of(), left());
        SparkScores pairs = scoring.pairwise(rows(2), rows(9));
        System.gc();
        assertEquals(18, pairs.rows().count());
        assertEquals(1, left().size());
        System.gc();
        assertEquals(18, pairs.rows().count());
    }
}
