package io.github.influence4j.api;

import static io.github.influence4j.api.Refusals.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ExampleSourceTest {

    @Property(tries = 200)
    void batchesGoThroughAllInOrderAnyNumberOfTimes(
            @ForAll @IntRange(min = 0, max = 30) int size, @ForAll @IntRange(min = 1, max = 40) int batchSize) {
        List<Integer> numbers = IntStream.range(0, size).boxed().toList();
        ExampleSource<Integer> source = ExampleSource.of(numbers);
        assertEquals(size, source.size());
        Iterable<ExampleBatch<Integer>> batches = source.batches(batchSize);
        for (int pass = 0; pass < 2; pass++) {
            List<Integer> seen = new ArrayList<>();
            for (ExampleBatch<Integer> batch : batches) {
                int left = size - seen.size();
                assertEquals(Math.min(batchSize, left), batch.size());
                for (int e = 0; e < batch.size(); e++) {
                    assertEquals(batch.examples().get(e).intValue(), batch.ids()[e]);
                }
                seen.addAll(batch.examples());
            }
            assertEquals(numbers, seen);
        }
    }

    @Test
    void largestBatchSizeGivesOneBatch() {
        Iterator<ExampleBatch<String>> batches = ExampleSource.of(List.of("a", "b", "c"))
                .batches(Integer.MAX_VALUE)
                .iterator();
        assertEquals(3, batches.next().size());
        assertFalse(batches.hasNext());
        assertThrows(NoSuchElementException.class, batches::next);
    }

    @Test
    void ownIdsAreKeptAndCopied() {
        long[] ids = {30, -10, Long.MAX_VALUE};
        ExampleSource<String> source = ExampleSource.of(List.of("a", "b", "c"), ids);
        ids[0] = 99;
        List<Long> seen = new ArrayList<>();
        source.batches(2).forEach(batch -> {
            for (long id : batch.ids()) {
                seen.add(id);
            }
        });
        assertEquals(List.of(30L, -10L, Long.MAX_VALUE), seen);
    }

    @Property(tries = 200)
    void selectionsKeepOrderAndIds(
            @ForAll @IntRange(min = 1, max = 30) int size,
            @ForAll @IntRange(min = 1, max = 12) int batchSize,
            @ForAll Set<@IntRange(min = 0, max = 29) Integer> wanted) {
        List<Integer> numbers = IntStream.range(0, size).boxed().toList();
        Set<Long> ids = wanted.stream().filter(k -> k < size).map(k -> 7L * k).collect(Collectors.toSet());
        long[] sevens = LongStream.range(0, size).map(k -> 7 * k).toArray();
        ExampleSource<Integer> list = ExampleSource.of(numbers, sevens);
        List<Integer> expected =
                numbers.stream().filter(k -> ids.contains(7L * k)).toList();
        for (ExampleSource<Integer> source : List.of(list, onlyBatches(list))) {
            ExampleSource<Integer> selected = source.select(ids);
            assertEquals(expected.size(), selected.size());
            List<Integer> seen = new ArrayList<>();
            for (ExampleBatch<Integer> batch : selected.batches(batchSize)) {
                assertEquals(Math.min(batchSize, expected.size() - seen.size()), batch.size());
                for (int e = 0; e < batch.size(); e++) {
                    assertEquals(7L * batch.examples().get(e), batch.ids()[e]);
                }
                seen.addAll(batch.examples());
            }
            assertEquals(expected, seen);
        }
    }

    /** A source that finds nothing by its id. */
    private static <E> ExampleSource<E> onlyBatches(ExampleSource<E> source) {
        return new ExampleSource<>() {
            @Override
            public long size() {
                return source.size();
            }

            @Override
            public Iterable<ExampleBatch<E>> batches(int batchSize) {
                return source.batches(batchSize);
            }
        };
    }

    @Test
    void badSourcesAndBatchesAreRefused() {
        List<String> two = List.of("a", "b");
        refused(() -> ExampleSource.of(two, new long[] {4, 4}), "distinct");
        refused(() -> ExampleSource.of(two, new long[] {4}), "2 examples with 1 ids");
        refused(() -> ExampleSource.of(two).select(Set.of(1L, 2L)), "1 of the 2 examples");
        refused(() -> ExampleSource.of(two).batches(0), "batch size must be positive, found 0");
        refused(() -> new ExampleBatch<>(two, new long[3]), "2 examples with 3 ids");
        refused(() -> new ExampleBatch<>(List.of(), new long[0]), "at least one example");
    }
}
