package io.github.influence4j.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScaleTest {

    @Test
    void exponentsAreThoseOfPowers() {
        List<Scale.Point> points = new ArrayList<>();
        for (Scale.Axis axis : Scale.Axis.values()) {
            for (double factor : new double[] {1, 3.2, 10}) {
                long bytes = Math.round(1e12 * Math.pow(factor, 0.5));
                points.add(
                        new Scale.Point(axis, factor, Math.pow(factor, 2), 3 * factor, bytes, Math.pow(factor, 1.5)));
            }
        }
        List<String> lines = Scale.table(points).lines().toList();
        assertEquals(2 + Scale.Axis.values().length, lines.size());
        for (String line : lines.subList(2, lines.size())) {
            assertTrue(line.endsWith("| 2.00 | 1.00 | 0.50 | 1.50 |"), line);
        }
    }

    @Test
    void oneSizeGrowsAtATime() {
        assertEquals(new Scale.Size(4000, 24, 4, 128), Scale.Axis.EXAMPLES.times(10));
        assertEquals(new Scale.Size(400, 240, 4, 128), Scale.Axis.POSITIONS.times(10));
        assertEquals(new Scale.Size(400, 24, 40, 128), Scale.Axis.LAYERS.times(10));
        assertEquals(new Scale.Size(400, 24, 4, 1280), Scale.Axis.WIDTH.times(10));
    }
}
