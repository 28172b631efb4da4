package io.github.influence4j.examples.validation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.examples.data.Tables;
import io.github.influence4j.models.LabelledExample;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

/** What a split keeps apart. */
class BedSplitTest {

    @Test
    void trainingExamplesAreStandardisedAndEqualRowsStayTogether() {
        BedSplit split = BedSplit.draw(Tables.concrete(), false, 1);
        assertEquals(721, split.train().size(), 20);
        assertEquals(103, split.test().size(), 10);
        for (int f = 0; f < 8; f++) {
            int feature = f;
            double mean = split.train().stream()
                    .mapToDouble(e -> e.features()[feature])
                    .average()
                    .orElseThrow();
            double square = split.train().stream()
                    .mapToDouble(e -> e.features()[feature] * e.features()[feature])
                    .average()
                    .orElseThrow();
            assertEquals(0, mean, 1e-10);
            assertEquals(1, square, 1e-10);
        }
        Set<List<Double>> learnt = new HashSet<>();
        split.train().forEach(e -> learnt.add(key(e)));
        assertTrue(split.test().stream().noneMatch(e -> learnt.contains(key(e))));
        assertNotEquals(
                key(split.train().get(0)),
                key(BedSplit.draw(Tables.concrete(), false, 2).train().get(0)));
    }

    @Test
    void classesStayClasses() {
        BedSplit split = Bed.DIGITS.split();
        assertEquals(1258, split.train().size(), 1);
        split.test().forEach(e -> assertTrue(e.label() >= 0 && e.label() < 10));
    }

    private static List<Double> key(LabelledExample example) {
        // the target too: some mixtures were measured more than once, with other strengths
        return DoubleStream.concat(Arrays.stream(example.features()), Arrays.stream(example.target()))
                .boxed()
                .toList();
    }
}
