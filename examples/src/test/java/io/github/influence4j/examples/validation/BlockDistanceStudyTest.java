package io.github.influence4j.examples.validation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A small form of the study. */
class BlockDistanceStudyTest {

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @Test
    void everyEstimatorIsMeasuredOnEveryHost() throws IOException {
        List<BlockDistanceStudy.Case> cases = List.of(
                new BlockDistanceStudy.Case("concrete", 4, 1, 60),
                new BlockDistanceStudy.Case("transformer", 4, 3, 40),
                new BlockDistanceStudy.Case("two blocks", 4, 3, 40));
        try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT64)) {
            BlockDistanceStudy study = new BlockDistanceStudy(backend, folder, ProgressListener.silent());
            List<BlockDistanceStudy.Row> rows = study.run(cases, 1);
            // transformers have EK-FAC by position besides
            assertEquals(3 * 4 * 2 * 3 + 2 * 3, rows.size());
            String apart = "EK-FAC, by position";
            // of one block an output has a gradient at one position only
            assertEquals(
                    pearson(rows, "transformer", "EK-FAC"),
                    pearson(rows, "transformer", apart),
                    Tolerances.PARITY_FLOAT64);
            assertNotEquals(pearson(rows, "two blocks", "EK-FAC"), pearson(rows, "two blocks", apart), 1e-6);
            assertTrue(pearson(rows, "two blocks", apart) > 0.3, rows::toString);
            // one position: both scales of K-FAC are one
            assertEquals(
                    pearson(rows, "concrete", "K-FAC"),
                    pearson(rows, "concrete", "K-FAC, by example"),
                    Tolerances.REORDERED_FLOAT64);
            assertTrue(pearson(rows, "transformer", "EK-FAC") > 0.5, rows::toString);
            assertEquals(rows, study.run(cases, 1));
            assertEquals(
                    3 * (2 + 9) + 2, BlockDistanceStudy.tables(rows).lines().count());
        }
    }

    private static double pearson(List<BlockDistanceStudy.Row> rows, String host, String estimator) {
        Optional<BlockDistanceStudy.Row> found = rows.stream()
                .filter(row -> row.host().equals(host)
                        && row.estimator().equals(estimator)
                        && row.exactLabels()
                        && row.damping() == 0.1)
                .findFirst();
        return found.orElseThrow().pearson();
    }

    @Test
    void sequencesFollowTheirSeedsAndTheTwoTokensBefore() {
        MarkovSequences language = new MarkovSequences(3, 1);
        List<TokenSequence> drawn = language.draw(4000, 6, 2);
        assertArrayEquals(drawn.get(7).tokens(), language.draw(8, 6, 2).get(7).tokens());
        // what follows 0 1 depends on both: its frequencies are those of no other pair
        double[][] after = new double[9][3];
        for (TokenSequence sequence : drawn) {
            int[] tokens = sequence.tokens();
            for (int p = 2; p < tokens.length; p++) {
                after[3 * tokens[p - 2] + tokens[p - 1]][tokens[p]]++;
            }
        }
        for (int pair = 0; pair < 9; pair++) {
            for (int other = 0; other < pair; other++) {
                double difference = 0;
                for (int token = 0; token < 3; token++) {
                    difference += Math.abs(share(after[pair], token) - share(after[other], token));
                }
                assertTrue(difference > 0.05, "pairs " + pair + " and " + other);
            }
        }
    }

    private static double share(double[] counts, int token) {
        return counts[token] / (counts[0] + counts[1] + counts[2]);
    }
}
