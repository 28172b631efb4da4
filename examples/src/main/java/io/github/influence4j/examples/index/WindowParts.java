package io.github.influence4j.examples.index;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.store.PartedData;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/** Training sequences in parts of a thousand, each of which becomes a file of an index; ids are places in the training set. */
record WindowParts(List<TokenSequence> sequences, int first) implements PartedData<TokenSequence> {

    private static final int PART = 1_000;

    @Override
    public List<WindowParts> shards() {
        List<WindowParts> parts = new ArrayList<>();
        for (int at = 0; at < sequences.size(); at += PART) {
            parts.add(new WindowParts(sequences.subList(at, Math.min(sequences.size(), at + PART)), first + at));
        }
        return parts;
    }

    @Override
    public long[] ids() {
        return LongStream.range(first, (long) first + sequences.size()).toArray();
    }

    @Override
    public List<Path> files() {
        return List.of();
    }

    @Override
    public long size() {
        return sequences.size();
    }

    @Override
    public Iterable<ExampleBatch<TokenSequence>> batches(int batchSize) {
        return ExampleSource.of(sequences, ids()).batches(batchSize);
    }
}
