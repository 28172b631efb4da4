package io.github.influence4j.examples.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.examples.corpus.TinyCheckpoint;
import io.github.influence4j.index.GradientIndex;
import io.github.influence4j.index.IndexBuild;
import io.github.influence4j.index.IndexOptions;
import io.github.influence4j.index.IndexScoring;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnePassTest {

    /** Bits that fall the other way, because a batch of another size has other last digits: far fewer than one in a hundred. */
    private static final double FEW_BITS = 0.01;

    @TempDir
    private Path folder = Path.of("");

    /** What one pass says is what the engine's scores, files of an index and a pass for the projections say. */
    @Test
    void saysWhatTheSeparateStagesSay() throws IOException {
        IndexStudyOptions small = IndexStudyOptions.small();
        double percent = small.percents().get(0);
        try (IndexBed bed = IndexBed.of(small, folder, ProgressListener.silent());
                OnePass pass = new OnePass(bed, small)) {
            OnePass.Part part = pass.of(bed.train());
            assertNear(bed.full(), part.full(), Tolerances.REORDERED_FLOAT32);
            IndexOptions size = IndexOptions.defaults()
                    .withSeed(small.seed())
                    .withPercent(percent)
                    .withCoordinatesPercent(percent);
            Path files = folder.resolve("index");
            IndexBuild.of(bed.backend(), bed.factors(), bed.model(), Damping.DEFAULT, size, bed.progress())
                    .write(files, bed.train(), false);
            try (GradientIndex index = GradientIndex.open(files);
                    IndexScoring<TokenSequence> scoring =
                            index.scoring(bed.backend(), bed.factors(), bed.model(), bed.progress())) {
                IndexScoring<TokenSequence> signs = scoring.bySigns();
                assertNear(array(signs.pairwise(bed.questions()).matrix()), part.estimates()[0], FEW_BITS);
                assertNear(array(signs.standardErrors(bed.questions()).matrix()), part.errors()[0], FEW_BITS);
                IndexScoring<TokenSequence> coordinates = scoring.byCoordinates();
                assertNear(array(coordinates.pairwise(bed.questions()).matrix()), part.estimates()[1], FEW_BITS);
            }
            assertEquals(0, part.errors()[1].length, "coordinates have no errors");
            List<double[][]> projected = bed.scores(bed.projections(small));
            for (int p = 0; p < projected.size(); p++) {
                assertNear(
                        projected.get(p), part.estimates()[2 * small.percents().size() + p], 0);
            }
        }
    }

    private static double[][] array(Matrix matrix) {
        return matrix.toArray();
    }

    /** Root of the mean square of what differs, beside that of what is expected. */
    private static void assertNear(double[][] expected, double[][] found, double tolerance) {
        double off = 0;
        double squares = 0;
        assertEquals(expected.length, found.length);
        for (int q = 0; q < expected.length; q++) {
            assertEquals(expected[q].length, found[q].length);
            for (int e = 0; e < expected[q].length; e++) {
                off += Math.pow(found[q][e] - expected[q][e], 2);
                squares += expected[q][e] * expected[q][e];
            }
        }
        double share = Math.sqrt(off / squares);
        assertTrue(share <= tolerance, () -> "differs by " + share + " of all");
    }

    /** A checkpoint with its tokeniser: parts are kept, and nothing was asked for beforehand. */
    @Test
    void comparesForAPublishedModel() throws IOException {
        Path model = TinyCheckpoint.write(folder.resolve("model"), 32, 48);
        IndexStudyOptions options = IndexStudyOptions.published(model)
                .withSequences(250)
                .withQuestions(4)
                .withFitExamples(40)
                .withPercents(List.of(1.0, 2.0));
        Path out = folder.resolve("out");
        IndexResult first = new IndexStudy(options, out, ProgressListener.silent()).run();
        assertEquals(3 * 32 * 48, first.parameters());
        assertEquals(8, first.rows().size());
        for (Measured row : first.rows()) {
            assertEquals(4, row.spearman().length);
            assertTrue(row.bytes() <= Math.round(row.percent() / 100 * 4 * first.parameters()), row.name());
        }
        assertTrue(first.tables().contains("| signs | 2.0 |"), first::tables);
        assertTrue(!first.tables().contains("asked for"), first::tables);
        List<String> steps = new ArrayList<>();
        IndexResult again = new IndexStudy(options, out, (stage, done, total) -> steps.add(stage)).run();
        assertEquals(List.of(), steps, "nothing is computed again");
        assertEquals(first.tables(), again.tables());
    }
}
