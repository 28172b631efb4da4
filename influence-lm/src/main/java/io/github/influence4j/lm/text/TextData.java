package io.github.influence4j.lm.text;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.store.PartedData;
import io.github.influence4j.store.json.StrictJson;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The lines of a file as the examples of a language model.
 *
 * <p>An example's id is the whole number in the line's {@code "id"}; where the first line has none, no line may have one, and ids
 * are the numbers of the lines, from 1, as editors count them. Opening divides every line into tokens once, to see which are left
 * out; each pass over the data does so again, and nothing but 24 bytes a line is kept. Whoever opens it closes it, before the
 * tokeniser.
 */
public final class TextData implements PartedData<TokenSequence>, AutoCloseable {

    /** Parts of a data set, each of which is kept when it is done, and least examples of one. */
    private static final int PARTS = 16;

    private static final int LEAST = 64;

    /** Field of the ids. */
    static final String ID = "id";

    private final JsonLines lines;
    private final ExampleReader reader;
    private final TextOptions options;
    private final int[] indices;
    private final long[] ids;
    private final Counts counts;

    /**
     * What became of the lines.
     *
     * @param lines lines that were looked at, blank ones left out
     * @param truncated examples that were cut to the length
     * @param skipped lines that were left out, because nothing in them counts
     */
    public record Counts(int lines, int truncated, int skipped) {}

    private TextData(
            JsonLines lines, ExampleReader reader, TextOptions options, int[] indices, long[] ids, Counts counts) {
        this.lines = lines;
        this.reader = reader;
        this.options = options;
        this.indices = indices;
        this.ids = ids;
        this.counts = counts;
    }

    /**
     * Opens a file and goes through it.
     *
     * @param file one JSON object a line
     * @param tokenizer the model's tokeniser; without one only tokens can be read
     * @param options how lines become examples
     * @return the data set, which the caller closes
     * @throws IOException if the file cannot be read
     * @throws MalformedFileException if a line is malformed, or, where nothing is skipped, too long or without a token that counts;
     *     if an id is missing or there twice; or if no line is left
     * @see ExampleReader
     */
    public static TextData open(Path file, Optional<ModelTokenizer> tokenizer, TextOptions options) throws IOException {
        JsonLines lines = JsonLines.open(file);
        try {
            return scanned(lines, new ExampleReader(tokenizer, options.vocabulary()), options);
        } catch (RuntimeException | Error e) {
            lines.close();
            throw e;
        }
    }

    private static TextData scanned(JsonLines lines, ExampleReader reader, TextOptions options) {
        int[] indices = new int[Math.min(lines.size(), options.maxExamples())];
        long[] ids = new long[indices.length];
        Set<Long> seen = new HashSet<>();
        boolean named = lines.read(0).hasValue(ID);
        int count = 0;
        int truncated = 0;
        int line = 0;
        for (; line < lines.size() && count < indices.length; line++) {
            TextExample whole = reader.read(lines, line);
            TextExample example = whole.cut(options.maxTokens());
            if (!options.skipping()) {
                requireWhole(lines, line, whole, options);
            }
            if (countsNothing(example)) {
                continue;
            }
            truncated += example.truncated() ? 1 : 0;
            ids[count] = id(lines, line, named, ID);
            if (!seen.add(ids[count])) {
                throw wrong(lines, line, "has the id " + ids[count] + " of an earlier line; ids must be distinct");
            }
            indices[count++] = line;
        }
        if (count == 0) {
            throw new MalformedFileException(
                    lines.path(),
                    "has no line of which a token counts within " + options.maxTokens()
                            + " tokens; is the length too short, or are all labels "
                            + TextExample.NOT_COUNTED + "?");
        }
        return new TextData(
                lines,
                reader,
                options,
                Arrays.copyOf(indices, count),
                Arrays.copyOf(ids, count),
                new Counts(line, truncated, line - count));
    }

    private static void requireWhole(JsonLines lines, int line, TextExample whole, TextOptions options) {
        if (whole.cut(options.maxTokens()).truncated()) {
            throw wrong(
                    lines,
                    line,
                    "has " + whole.tokens().size() + " tokens, more than the " + options.maxTokens()
                            + " that are read; shorten it, or allow more where the model's context does");
        }
        if (countsNothing(whole)) {
            throw wrong(lines, line, "asks for nothing: no token after the first counts");
        }
    }

    private static boolean countsNothing(TextExample example) {
        return example.counted() == 0
                || example.contrast().filter(TextData::countsNothing).isPresent();
    }

    static long id(JsonLines lines, int index, boolean named, String field) {
        StrictJson line = lines.read(index);
        if (line.hasValue(field) != named) {
            throw wrong(
                    lines,
                    index,
                    named
                            ? "has no \"" + field + "\", which the first line has"
                            : "has an \"" + field + "\", which the first line has not");
        }
        return named ? line.integer(field) : lines.number(index);
    }

    static MalformedFileException wrong(JsonLines lines, int index, String problem) {
        return new MalformedFileException(lines.path(), "line " + lines.number(index) + " " + problem);
    }

    /**
     * Says what became of the lines.
     *
     * @return how many were cut or left out
     */
    public Counts counts() {
        return counts;
    }

    /**
     * Reads the text of an example.
     *
     * @param id its id
     * @return its text with the places of its tokens
     * @throws IllegalArgumentException if there is no such example
     */
    public TextExample text(long id) {
        int sorted = Arrays.binarySearch(ids, id); // numbers of lines are in order, ids of the file may not be
        int place = sorted >= 0
                ? sorted
                : IntStream.range(0, ids.length)
                        .filter(k -> ids[k] == id)
                        .findFirst()
                        .orElse(-1);
        if (place >= 0) {
            return example(place);
        }
        throw new IllegalArgumentException(lines.path() + " has no example with id " + id);
    }

    private TextExample example(int k) {
        return reader.read(lines, indices[k]).cut(options.maxTokens());
    }

    /**
     * Returns the largest number of positions that an example has.
     *
     * @return t
     */
    public int positions() {
        return IntStream.range(0, ids.length)
                .map(k -> sequence(example(k)).predictions())
                .max()
                .orElse(1);
    }

    private static TokenSequence sequence(TextExample example) {
        TokenSequence own = TokenSequence.labelled(example.tokens().ids(), example.labels());
        return example.contrast()
                .map(other -> own.contrastedWith(sequence(other)))
                .orElse(own);
    }

    @Override
    public long size() {
        return ids.length;
    }

    @Override
    public long[] ids() {
        return ids.clone();
    }

    @Override
    public List<Path> files() {
        return List.of(lines.path());
    }

    @Override
    public String settings() {
        return options.toString();
    }

    @Override
    public List<TextData> shards() {
        int parts = Math.max(1, Math.min(PARTS, ids.length / LEAST));
        List<TextData> shards = new ArrayList<>();
        for (int p = 0; p < parts; p++) {
            shards.add(part((int) ((long) ids.length * p / parts), (int) ((long) ids.length * (p + 1) / parts)));
        }
        return shards;
    }

    private TextData part(int from, int to) {
        return new TextData(
                lines,
                reader,
                options,
                Arrays.copyOfRange(indices, from, to),
                Arrays.copyOfRange(ids, from, to),
                counts);
    }

    @Override
    public TextData select(Set<Long> wanted) {
        int[] places = IntStream.range(0, ids.length)
                .filter(k -> wanted.contains(ids[k]))
                .toArray();
        if (places.length < wanted.size()) {
            throw new IllegalArgumentException(lines.path() + " has " + places.length + " of the " + wanted.size()
                    + " examples that were selected");
        }
        return new TextData(
                lines,
                reader,
                options,
                IntStream.of(places).map(k -> indices[k]).toArray(),
                IntStream.of(places).mapToLong(k -> ids[k]).toArray(),
                counts);
    }

    @Override
    public Iterable<ExampleBatch<TokenSequence>> batches(int batchSize) {
        if (batchSize < 1) {
            throw new IllegalArgumentException("batch size must be positive, found " + batchSize);
        }
        return () -> new Batches(batchSize);
    }

    private final class Batches implements Iterator<ExampleBatch<TokenSequence>> {
        private final int most;
        private int next;

        Batches(int most) {
            this.most = most;
        }

        @Override
        public boolean hasNext() {
            return next < ids.length;
        }

        @Override
        public ExampleBatch<TokenSequence> next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            int end = (int) Math.min(ids.length, (long) next + most);
            List<TokenSequence> examples = IntStream.range(next, end)
                    .mapToObj(k -> sequence(example(k)))
                    .toList();
            ExampleBatch<TokenSequence> batch = new ExampleBatch<>(examples, Arrays.copyOfRange(ids, next, end));
            next = end;
            return batch;
        }
    }

    /** Closes the file; parts and selections of this data set are closed with it. */
    @Override
    public void close() throws IOException {
        lines.close();
    }
}
