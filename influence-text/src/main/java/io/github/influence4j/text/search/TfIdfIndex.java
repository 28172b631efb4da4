package io.github.influence4j.text.search;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.Influence;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LogDocMergePolicy;
import org.apache.lucene.index.NumericDocValues;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.similarities.BM25Similarity;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;

/**
 * An index of training sequences that finds those which share rare tokens with a query, so that only they need to be
 * scored.
 *
 * <p>score(Q, z) = Σ over the distinct tokens t of Q of [(k₁+1)·e/(k₁+e)]·IDF(t), IDF(t) = ln((C−n_t+½)/(n_t+½) + 1), where
 * e is 1 if t occurs in z and else 0, C is the number of sequences and n_t the number of those that hold t. With e in {0, 1}
 * the bracket is e for every k₁, so that the score is the sum of the shared tokens' IDF. Source: Grosse et al. 2023,
 * Eq. 28-29; they keep 10,000 sequences a query.
 *
 * <p>The filter is blind to influence that does not come through words: see {@link #recall}. Sums are in float32, Lucene's
 * type for scores; ties are in the order of the corpus. An index in memory takes a few bytes a distinct token and sequence.
 * Whoever makes it closes it. Safe for use by several threads.
 */
public final class TfIdfIndex implements AutoCloseable {

    private static final String TOKENS = "tokens";
    private static final String ID = "id";
    private static final int BATCH = 1024;

    private final Directory directory;
    private final DirectoryReader reader;
    private final IndexSearcher searcher;

    private TfIdfIndex(Directory directory) throws IOException {
        this.directory = directory;
        this.reader = DirectoryReader.open(directory);
        this.searcher = new IndexSearcher(reader);
        // BM25 whose k₁ and b are 0 is the sum of IDF over shared tokens, with the IDF above.
        searcher.setSimilarity(new BM25Similarity(0, 0));
    }

    /**
     * Indexes sequences in memory.
     *
     * @param <E> the host's type of an example
     * @param sequences the training sequences
     * @param tokens gives the tokens of a sequence
     * @return the index
     * @throws IllegalArgumentException if there is no sequence, or one has no tokens
     */
    public static <E> TfIdfIndex of(ExampleSource<E> sequences, Function<? super E, int[]> tokens) {
        return in(new ByteBuffersDirectory(), sequences, tokens);
    }

    /**
     * Indexes sequences in a directory of Lucene's, for instance a folder where memory is short.
     *
     * @param <E> the host's type of an example
     * @param directory empty; closed with the index
     * @param sequences the training sequences
     * @param tokens gives the tokens of a sequence
     * @return the index
     * @throws IllegalArgumentException if there is no sequence, or one has no tokens
     * @throws UncheckedIOException if the directory cannot be written
     */
    public static <E> TfIdfIndex in(
            Directory directory, ExampleSource<E> sequences, Function<? super E, int[]> tokens) {
        if (sequences.size() == 0) {
            throw new IllegalArgumentException("there are no sequences to index");
        }
        // This merge policy keeps documents in the order of the corpus, which decides ties.
        IndexWriterConfig config = new IndexWriterConfig()
                .setOpenMode(IndexWriterConfig.OpenMode.CREATE)
                .setMergePolicy(new LogDocMergePolicy())
                .setCommitOnClose(true);
        try {
            try (IndexWriter writer = new IndexWriter(directory, config)) {
                for (ExampleBatch<E> batch : sequences.batches(BATCH)) {
                    for (int e = 0; e < batch.size(); e++) {
                        writer.addDocument(document(
                                batch.ids()[e], tokens.apply(batch.examples().get(e))));
                    }
                }
            }
            return new TfIdfIndex(directory);
        } catch (IOException e) {
            throw new UncheckedIOException("index of " + sequences.size() + " sequences", e);
        }
    }

    private static Document document(long id, int[] tokens) {
        if (tokens.length == 0) {
            throw new IllegalArgumentException("sequence " + id + " has no tokens");
        }
        Document document = new Document();
        document.add(new NumericDocValuesField(ID, id));
        Arrays.stream(tokens)
                .distinct()
                .forEach(token -> document.add(new StringField(TOKENS, Integer.toString(token), Field.Store.NO)));
        return document;
    }

    /**
     * Finds the sequences with the highest scores.
     *
     * @param query tokens of the query, prompt and completion; repeated ones count once
     * @param k most sequences to return
     * @return at most k sequences that share a token with the query, highest score first, ties in the order of the corpus
     * @throws IllegalArgumentException if the query has no tokens, or more distinct ones than Lucene allows in a query
     *     (1,024), or k is not positive
     */
    public List<TfIdfMatch> search(int[] query, int k) {
        int[] distinct = Arrays.stream(query).distinct().toArray();
        if (distinct.length == 0) {
            throw new IllegalArgumentException("the query has no tokens");
        }
        if (distinct.length > IndexSearcher.getMaxClauseCount()) {
            throw new IllegalArgumentException("the query has " + distinct.length + " distinct tokens, at most "
                    + IndexSearcher.getMaxClauseCount() + " are searched for");
        }
        if (k < 1) {
            throw new IllegalArgumentException("k must be positive, found " + k);
        }
        BooleanQuery.Builder any = new BooleanQuery.Builder();
        for (int token : distinct) {
            any.add(new TermQuery(new Term(TOKENS, Integer.toString(token))), BooleanClause.Occur.SHOULD);
        }
        try {
            return matches(searcher.search(any.build(), k).scoreDocs);
        } catch (IOException e) {
            throw new UncheckedIOException("search for " + distinct.length + " tokens", e);
        }
    }

    private List<TfIdfMatch> matches(ScoreDoc[] found) throws IOException {
        TfIdfMatch[] matches = new TfIdfMatch[found.length];
        Integer[] byDocument = new Integer[found.length];
        Arrays.setAll(byDocument, k -> k);
        Arrays.sort(byDocument, Comparator.comparingInt(k -> found[k].doc)); // doc values are read forwards only
        int segment = 0;
        NumericDocValues ids = ids(segment);
        for (int k : byDocument) {
            while (found[k].doc >= end(segment)) {
                ids = ids(++segment);
            }
            ids.advanceExact(found[k].doc - reader.leaves().get(segment).docBase);
            matches[k] = new TfIdfMatch(ids.longValue(), found[k].score);
        }
        return List.of(matches);
    }

    private NumericDocValues ids(int segment) throws IOException {
        return reader.leaves().get(segment).reader().getNumericDocValues(ID);
    }

    private int end(int segment) {
        var leaf = reader.leaves().get(segment);
        return leaf.docBase + leaf.reader().maxDoc();
    }

    /**
     * Measures what the filter loses: the share of the most influential sequences of a full scan that are among the k with
     * the highest TF-IDF scores.
     *
     * @param query tokens of the query
     * @param k sequences that the filter keeps
     * @param mostInfluential the first sequences of a scan of the whole corpus
     * @return from 0 to 1
     * @throws IllegalArgumentException if {@code mostInfluential} is empty, or as {@link #search}
     */
    public double recall(int[] query, int k, List<Influence> mostInfluential) {
        if (mostInfluential.isEmpty()) {
            throw new IllegalArgumentException("recall of nothing is not defined");
        }
        Set<Long> kept = new HashSet<>();
        search(query, k).forEach(match -> kept.add(match.id()));
        long found = mostInfluential.stream()
                .filter(influence -> kept.contains(influence.trainId()))
                .count();
        return found / (double) mostInfluential.size();
    }

    /**
     * Returns C.
     *
     * @return the number of sequences
     */
    public int size() {
        return reader.numDocs();
    }

    @Override
    public void close() {
        try (directory) {
            reader.close();
        } catch (IOException e) {
            throw new UncheckedIOException("closing the index", e);
        }
    }
}
