package io.github.influence4j.examples.quickstart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.examples.quickstart.QuickstartOptions.Size;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A small run from end to end, in pure Java. */
class QuickstartTest {

    private static final QuickstartOptions SMALL =
            QuickstartOptions.defaults().withBackend("ejml").withSize(new Size(160, 60, 8, 40, 5));

    private final List<String> stages = new ArrayList<>();

    private QuickstartResult run(QuickstartOptions options) {
        return new Quickstart(options, (stage, done, total) -> stages.add(stage)).run();
    }

    @Test
    void tellsWhatItDoesAndFindsWhatItShould() {
        QuickstartResult result = run(SMALL);

        assertEquals("ejml", result.backend());
        assertEquals(160, result.model().trainSize());
        assertEquals(8, result.model().flipped());
        assertEquals(60, result.model().testSize());
        assertEquals(4_810, result.model().parameters());
        assertTrue(
                result.model().testAccuracy() > 0.5,
                "accuracy " + result.model().testAccuracy());
        assertEquals(
                List.of("training", "covariances", "eigendecomposition", "eigenvalues", "queries", "scores"),
                stages.stream()
                        .distinct()
                        .filter(stage -> !stage.contains(" "))
                        .limit(6)
                        .toList());
        for (RecallCurve curve : result.search().curves()) {
            assertEquals(160, curve.size());
            assertEquals(1, curve.shareAt(1));
        }
        assertEquals(40, result.comparison().trainExamples());
        assertEquals(5, result.comparison().queries());
    }

    @Test
    void explainsFiveImagesWithTheStrongestFirst() {
        QuickstartResult result = run(SMALL);

        assertEquals(5, result.explained().size());
        assertTrue(result.explained().stream().filter(image -> !image.correct()).count() >= 2);
        for (ExplainedImage explained : result.explained()) {
            assertEquals(8, explained.helpful().size());
            assertEquals(8, explained.harmful().size());
            assertTrue(explained.helpful().get(0).score()
                    > explained.helpful().get(7).score());
            assertTrue(explained.harmful().get(0).score()
                    < explained.harmful().get(7).score());
            assertTrue(explained.helpful().get(7).score()
                    > explained.harmful().get(7).score());
        }
    }

    @Test
    void repeatsWithTheSeed() {
        QuickstartResult first = run(SMALL);
        QuickstartResult second = run(SMALL);
        QuickstartResult other = run(SMALL.withSeed(2));

        assertEquals(ids(first), ids(second));
        assertEquals(first.search(), second.search());
        assertTrue(!ids(first).equals(ids(other)), "another seed gave the same images");
    }

    private static List<Long> ids(QuickstartResult result) {
        return result.explained().stream()
                .flatMap(explained -> explained.helpful().stream())
                .map(scored -> scored.image().id())
                .toList();
    }

    @Test
    void refusesBackendsThatAreNotThere() {
        Quickstart quickstart = new Quickstart(SMALL.withBackend("abacus"), ProgressListener.silent());

        assertThrows(IllegalArgumentException.class, quickstart::run);
    }

    @Test
    void refusesPrecisionsThatTheBackendLacks() {
        Quickstart quickstart = new Quickstart(SMALL.withPrecision(Precision.FLOAT32), ProgressListener.silent());

        assertThrows(IllegalStateException.class, quickstart::run);
    }

    @Test
    void refusesSizesThatMakeNoSense() {
        assertThrows(IllegalArgumentException.class, () -> new Size(0, 1, 1, 2, 1));
        assertThrows(IllegalArgumentException.class, () -> new Size(1_797, 1, 1, 2, 1));
        assertThrows(IllegalArgumentException.class, () -> new Size(10, 0, 1, 2, 1));
        assertThrows(IllegalArgumentException.class, () -> new Size(10, 1, 1, 1, 1));
    }
}
