package io.github.influence4j.examples.sequences;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.baselines.retraining.RemovalCurves;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.math3.stat.StatUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A small form of the study. */
class SequenceStudyTest {

    private static final SequenceOptions SMALL = SequenceOptions.defaults()
            .withSequences(200)
            .withTopics(30)
            .withQuestions(2, 1)
            .withModel(1, 48, 4)
            .withTrainings(8, 2)
            .withRemoved(List.of(2), 6);

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @Test
    void everyMethodIsJudgedAndNothingIsDoneTwice() throws IOException {
        SequenceResult first = new SequenceStudy(SMALL, folder, ProgressListener.silent()).run(1);
        assertEquals(11, first.kinds().size(), "two facts, eight quotes, one translation");
        assertEquals(19, first.scores().size(), first.scores().keySet()::toString);
        first.scores()
                .forEach((name, scores) -> assertTrue(StatUtils.min(scores) >= -1 && StatUtils.max(scores) <= 1, name));
        RemovalCurves curves = first.curves().orElseThrow();
        assertEquals(8, curves.points().size(), curves.points().keySet()::toString);
        String tables = first.tables();
        assertTrue(tables.contains("| EK-FAC + ASTRA |") && tables.contains("| 2 | BM25 |"), tables);

        List<String> steps = new ArrayList<>();
        SequenceResult again = new SequenceStudy(SMALL, folder, (stage, done, total) -> steps.add(stage)).run(1);
        assertTrue(steps.stream().noneMatch(step -> step.startsWith("network")), steps::toString);
        assertEquals(
                tables.substring(tables.indexOf("| estimator")),
                again.tables().substring(again.tables().indexOf("| estimator")));
        IllegalArgumentException refused = assertThrows(
                IllegalArgumentException.class,
                () -> new SequenceStudy(SMALL.withSequences(100), folder, ProgressListener.silent()));
        assertTrue(refused.toString().contains("another study"), refused::toString);
    }
}
