package io.github.influence4j.spark;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.lm.text.JsonLines;
import io.github.influence4j.lm.text.TextData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** Lines of a partition whose ids are their numbers in the whole data set, in the place of those in the partition. */
final class NumberedText implements ExampleSource<TokenSequence> {

    private final ExampleSource<TokenSequence> lines;
    /** By the number of a line in the partition, from 1; ascending. */
    private final long[] numbers;

    private NumberedText(ExampleSource<TokenSequence> lines, long[] numbers) {
        this.lines = lines;
        this.numbers = numbers;
    }

    /** Numbers lines, unless they have ids of their own. */
    static ExampleSource<TokenSequence> of(TextData lines, Path file, long[] numbers) throws IOException {
        try (JsonLines json = JsonLines.open(file)) {
            return json.read(0).hasValue("id") ? new WholePart<>("lines", lines) : new NumberedText(lines, numbers);
        }
    }

    @Override
    public long size() {
        return lines.size();
    }

    @Override
    public Iterable<ExampleBatch<TokenSequence>> batches(int batchSize) {
        Iterable<ExampleBatch<TokenSequence>> batches = lines.batches(batchSize);
        return () -> StreamSupport.stream(batches.spliterator(), false)
                .map(batch -> new ExampleBatch<>(
                        batch.examples(),
                        Arrays.stream(batch.ids())
                                .map(line -> numbers[(int) line - 1])
                                .toArray()))
                .iterator();
    }

    @Override
    public ExampleSource<TokenSequence> select(Set<Long> ids) {
        Set<Long> here =
                ids.stream().map(id -> Arrays.binarySearch(numbers, id) + 1L).collect(Collectors.toSet());
        return new NumberedText(lines.select(here), numbers);
    }
}
