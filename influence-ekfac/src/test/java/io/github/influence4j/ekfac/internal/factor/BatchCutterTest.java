package io.github.influence4j.ekfac.internal.factor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.TestBackends;
import io.github.influence4j.ekfac.options.FitOptions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** Batches of sequences are bounded by rows, whether the host says how long they are or not. */
class BatchCutterTest {

    private static final LayerSpec LAYER = LayerSpec.tokens("sequence", 3, 2);
    private static final Objective LOSS = new Objective.TrainingLoss();

    /** Examples are their own lengths; captures hold 1 and are padded to the longest of their batch. */
    private static final class Lengths implements GradientProvider<Integer> {

        private final boolean says;
        private final LayerSpec layer;
        private final List<Integer> rows = new ArrayList<>();

        Lengths(boolean says, LayerSpec layer) {
            this.says = says;
            this.layer = layer;
        }

        @Override
        public List<LayerSpec> layers() {
            return List.of(layer);
        }

        @Override
        public int positions(Integer example) {
            return says ? example : 1;
        }

        @Override
        public void capture(
                ExampleBatch<Integer> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
            int longest = Collections.max(batch.examples());
            int all = batch.size() * longest;
            rows.add(all);
            sink.accept(LayerCapture.of(
                    layer, batch.size(), longest, new Ones(all, layer.inputs()), new Ones(all, layer.outputs())));
        }
    }

    /** As large as it says, and nowhere. */
    private record Ones(int rows, int columns) implements Matrix {
        @Override
        public Precision precision() {
            return Precision.FLOAT32;
        }

        @Override
        public void read(int firstRow, int rowCount, float[] target, int offset) {
            java.util.Arrays.fill(target, offset, offset + rowCount * columns, 1);
        }

        @Override
        public void read(int firstRow, int rowCount, double[] target, int offset) {
            java.util.Arrays.fill(target, offset, offset + rowCount * columns, 1);
        }
    }

    private static ExampleBatch<Integer> batch(List<Integer> lengths) {
        return new ExampleBatch<>(
                lengths, LongStream.range(100, 100 + lengths.size()).toArray());
    }

    @Property(tries = 300)
    void partsAreAllExamplesInOrderAndAsLargeAsTheyMayBe(
            @ForAll @Size(min = 1, max = 40) List<@IntRange(min = 2, max = 30) Integer> lengths,
            @ForAll @IntRange(min = 1, max = 100) int bound) {
        ExampleBatch<Integer> whole = batch(lengths);
        List<ExampleBatch<Integer>> parts = new BatchCutter<>(new Lengths(true, LAYER), bound, LOSS).cut(whole);
        assertEquals(
                lengths,
                parts.stream().flatMap(part -> part.examples().stream()).toList());
        assertArrayEquals(
                whole.ids(),
                parts.stream().flatMapToLong(part -> LongStream.of(part.ids())).toArray());
        for (int p = 0; p < parts.size(); p++) {
            List<Integer> part = parts.get(p).examples();
            assertTrue(part.size() == 1 || part.size() * Collections.max(part) <= bound, parts::toString);
            if (p + 1 < parts.size()) {
                List<Integer> larger = new ArrayList<>(part);
                larger.add(parts.get(p + 1).examples().get(0));
                assertTrue(larger.size() * Collections.max(larger) > bound, parts::toString);
            }
        }
    }

    @Test
    void aHostThatDoesNotSayIsLookedAtOnce() {
        Lengths host = new Lengths(false, LAYER);
        BatchCutter<Integer> cutter = new BatchCutter<>(host, 20, LOSS);
        assertEquals(4, cutter.cut(batch(Collections.nCopies(20, 4))).size());
        assertEquals(1, cutter.cut(batch(Collections.nCopies(5, 4))).size());
        assertEquals(List.of(4), host.rows);
    }

    @Test
    void aHostWithOnePositionIsNotLookedAt() {
        Lengths host = new Lengths(false, LayerSpec.dense("once", 3, 2));
        assertEquals(
                1,
                new BatchCutter<>(host, 20, LOSS)
                        .cut(batch(Collections.nCopies(20, 1)))
                        .size());
        assertEquals(List.of(), host.rows);
    }

    @Test
    void aPassKeepsTheBound() {
        Lengths host = new Lengths(true, LAYER);
        ExampleSource<Integer> data =
                ExampleSource.of(IntStream.range(0, 50).mapToObj(k -> 2 + k % 7).toList());
        List<Long> firsts = new ArrayList<>();
        try (CapturePass<Integer> pass = new CapturePass<>(TestBackends.EJML, host)) {
            pass.run(
                    data,
                    new BatchSize(16, 30),
                    List.of(LOSS),
                    "test",
                    ProgressListener.silent(),
                    (step, capture) -> firsts.add(step.firstExample()));
        }
        assertTrue(Collections.max(host.rows) <= 30, host.rows::toString);
        assertEquals(0L, firsts.get(0));
        assertEquals(host.rows.size(), firsts.size());
    }

    /** Defect: 256 sequences of 2,048 positions at a layer of 4,097 columns ended in a bare ArithmeticException. */
    @Test
    void longSequencesComeInBatchesThatAMatrixCanHold() {
        LayerSpec wide = LayerSpec.tokens("wide", 4_096, 8);
        try (CapturePass<Integer> pass = new CapturePass<>(TestBackends.EJML, new Lengths(true, wide))) {
            for (ExampleBatch<Integer> part : pass.cut(batch(Collections.nCopies(256, 2_048)), LOSS)) {
                assertTrue(
                        part.size() * 2_048L * 4_097 <= TestBackends.EJML.maxElements()
                                && part.size() * 2_048 <= FitOptions.DEFAULT_BATCH_POSITIONS,
                        () -> "examples: " + part.size());
            }
        }
    }

    @Test
    void whatNoMatrixCanHoldIsRefusedByName() {
        LayerSpec wide = LayerSpec.tokens("wide", 4_096, 8);
        try (CapturePass<Integer> pass = new CapturePass<>(TestBackends.EJML, new Lengths(true, wide))) {
            RuntimeException refused = assertThrows(
                    IllegalArgumentException.class,
                    () -> pass.runBatch(batch(List.of(600_000)), LOSS, (step, capture) -> {}));
            assertTrue(refused.toString().contains("layer wide: 1 examples of 600000 positions"), refused::toString);
        }
    }

    @Test
    void batchesShrinkToTheMemory() {
        BatchSize size = new BatchSize(256, 1 << 16);
        LayerSpec wide = LayerSpec.tokens("wide", 4_096, 8);
        long bytes = 64L << 20;
        int rows = size.within(List.of(wide), Precision.FLOAT64, 0, bytes).positions();
        assertTrue(rows * 2L * 8 * (4_097 + 8) <= bytes && (rows + 1) * 2L * 8 * (4_097 + 8) > bytes, () -> "" + rows);
        assertEquals(1, size.within(List.of(wide), Precision.FLOAT64, 0, 1).positions());
        assertEquals(size, size.within(List.of(wide), Precision.FLOAT64, 0, 1L << 50));
    }
}
