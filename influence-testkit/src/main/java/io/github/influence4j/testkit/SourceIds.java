package io.github.influence4j.testkit;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Assertions;

/**
 * The ids of a data set in one pass, which is judged meanwhile.
 *
 * @param source the data set
 * @param <E> the host's type of an example
 */
record SourceIds<E>(ExampleSource<E> source) {

    List<Long> ids(int batchSize) {
        long size = source.size();
        List<Long> ids = new ArrayList<>();
        Set<Long> seen = new HashSet<>();
        Iterable<ExampleBatch<E>> batches = source.batches(batchSize);
        Assertions.assertTrue(batches != null, "batches() gives null");
        for (ExampleBatch<E> batch : batches) {
            Assertions.assertTrue(batch != null, "the data set gives a batch that is null");
            Assertions.assertTrue(
                    batch.size() <= batchSize,
                    () -> "a batch has " + batch.size() + " examples, asked for were at most " + batchSize);
            for (long id : batch.ids()) {
                Assertions.assertTrue(
                        seen.add(id), () -> "two examples have the id " + id + ": labels and scores are kept by id");
                ids.add(id);
            }
            Assertions.assertTrue(
                    ids.size() <= size, () -> "the data set announces " + size + " examples and gives more");
        }
        Assertions.assertEquals(size, ids.size(), "examples that the data set announces, and gives");
        return ids;
    }
}
