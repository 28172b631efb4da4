package io.github.influence4j.baselines.unrolled;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What hosts are handed by the checkpoints of a segment. */
class SegmentDataTest {

    private static final long[] IDS = {7, -3, 1L << 60, 5, 0};

    private final List<Handed> handed = new ArrayList<>();
    private int made;

    private record Handed(int model, ExampleBatch<String> batch, Objective objective) {}

    private GradientProvider<String> checkpoint(int number) {
        return new GradientProvider<>() {
            @Override
            public List<LayerSpec> layers() {
                return List.of(LayerSpec.dense("only", 2, 2));
            }

            @Override
            public void capture(
                    ExampleBatch<String> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
                handed.add(new Handed(number, batch, objective));
            }
        };
    }

    /** A stream that can count what was made of it. */
    private final ExampleSource<String> counted = new ExampleSource<>() {
        @Override
        public long size() {
            return IDS.length;
        }

        @Override
        public Iterable<ExampleBatch<String>> batches(int batchSize) {
            Iterable<ExampleBatch<String>> all =
                    ExampleSource.of(List.of("a", "b", "c", "d", "e"), IDS).batches(batchSize);
            return () -> {
                Iterator<ExampleBatch<String>> iterator = all.iterator();
                return new Iterator<>() {
                    @Override
                    public boolean hasNext() {
                        return iterator.hasNext();
                    }

                    @Override
                    public ExampleBatch<String> next() {
                        made++;
                        return iterator.next();
                    }
                };
            };
        }
    };

    private final SegmentData<String> segment =
            new SegmentData<>(List.of(checkpoint(0), checkpoint(1), checkpoint(2)), counted);

    @Test
    void batchesAreMadeOneByOne() {
        int taken = 0;
        for (ExampleBatch<SegmentData.Seen<String>> batch : segment.batches(2)) {
            assertEquals(++taken, made, "batches that the host was asked for when " + batch.size() + " came");
        }
        assertEquals(9, taken);
    }

    @Test
    void hostsAreHandedTheirOwnIds() {
        run(new Objective.SampledLabels(4, 1));
        for (int k = 0; k < 6; k++) {
            assertEquals(k / 2, handed.get(k).model());
            long[] expected = k % 2 == 0 ? new long[] {7, -3, 1L << 60} : new long[] {5, 0};
            assertArrayEquals(expected, handed.get(k).batch().ids());
        }
        assertEquals(List.of("a", "b", "c"), handed.get(4).batch().examples());
    }

    @Test
    void checkpointsDrawLabelsOfTheirOwn() {
        run(new Objective.SampledLabels(4, 1));
        Set<Objective> objectives = new HashSet<>();
        handed.forEach(h -> objectives.add(h.objective()));
        assertEquals(3, objectives.size());
        assertEquals(new Objective.SampledLabels(4, 1), handed.get(0).objective(), "the first has the fit's own");

        handed.clear();
        run(new Objective.TrainingLoss());
        handed.forEach(h -> assertEquals(new Objective.TrainingLoss(), h.objective()));
    }

    private void run(Objective objective) {
        for (ExampleBatch<SegmentData.Seen<String>> batch : segment.batches(3)) {
            segment.capture(batch, objective, segment.layers(), capture -> {});
        }
    }
}
