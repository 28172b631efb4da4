package io.github.influence4j.text.search;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LogDocMergePolicy;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.similarities.BM25Similarity;
import org.apache.lucene.store.ByteBuffersDirectory;

/**
 * Texts by the words that they share with a query: what a search engine would find in place of influence.
 *
 * <p>Words are lower-cased Unicode words. The score is Σ over the query's words of idf(w) · f/(f + k₁ (1 − b + b · l/l̄)) for f
 * times the word in a text of l words, mean l̄, k₁ = 1.2, b = 0.75 (Robertson and Zaragoza 2009, as Lucene computes it, with l
 * rounded to one byte). The index is held in memory.
 */
public final class Bm25Index implements AutoCloseable {

    private static final String TEXT = "text";

    private final ByteBuffersDirectory directory = new ByteBuffersDirectory();
    private final Analyzer analyzer = new StandardAnalyzer();
    private final DirectoryReader reader;
    private final IndexSearcher searcher;
    private final IndexSearcher presence;

    private Bm25Index(Iterable<String> texts) throws IOException {
        // this merge policy keeps documents in their order, so that a document's number is its text's place
        IndexWriterConfig config = new IndexWriterConfig(analyzer)
                .setMergePolicy(new LogDocMergePolicy())
                .setCommitOnClose(true);
        try (IndexWriter writer = new IndexWriter(directory, config)) {
            for (String text : texts) {
                Document document = new Document();
                document.add(new TextField(TEXT, text, Field.Store.NO));
                writer.addDocument(document);
            }
        }
        reader = DirectoryReader.open(directory);
        searcher = new IndexSearcher(reader);
        presence = new IndexSearcher(reader);
        // k₁ = b = 0 leave idf
        presence.setSimilarity(new BM25Similarity(0, 0));
    }

    /**
     * Indexes texts.
     *
     * @param texts the texts, read once
     * @return an index that the caller closes
     */
    public static Bm25Index of(Iterable<String> texts) {
        try {
            return new Bm25Index(texts);
        } catch (IOException e) {
            throw new UncheckedIOException("index of texts in memory", e);
        }
    }

    /**
     * Finds the texts that fit a query best.
     *
     * @param query any words
     * @param k at most so many are found
     * @return matches, the best first, equal ones in the order of the texts; ids are places among the texts, from 0; texts that
     *     share no word with the query are not found
     * @throws IllegalArgumentException if k is not positive
     */
    public List<TfIdfMatch> search(String query, int k) {
        return search(searcher, query, k);
    }

    /**
     * Finds the texts that share the rarest words with a query, however often and however long they are: the score is Σ of idf(w) over the
     * distinct words shared, the filter of Grosse et al. 2023, Eq. 28-29 (see {@link TfIdfIndex}), on words.
     *
     * @param query any words
     * @param k at most so many are found
     * @return matches as {@link #search} gives them
     * @throws IllegalArgumentException if k is not positive
     */
    public List<TfIdfMatch> searchByTfIdf(String query, int k) {
        return search(presence, query, k);
    }

    private List<TfIdfMatch> search(IndexSearcher by, String query, int k) {
        if (k < 1) {
            throw new IllegalArgumentException("k must be positive, found " + k);
        }
        try {
            List<Term> words = rarest(words(query));
            if (words.isEmpty()) {
                return List.of();
            }
            BooleanQuery.Builder any = new BooleanQuery.Builder();
            words.forEach(word -> any.add(new TermQuery(word), BooleanClause.Occur.SHOULD));
            ScoreDoc[] found = by.search(any.build(), k).scoreDocs;
            return Arrays.stream(found)
                    .sorted(Comparator.<ScoreDoc>comparingDouble(match -> -match.score)
                            .thenComparingInt(match -> match.doc))
                    .map(match -> new TfIdfMatch(match.doc, match.score))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("search in memory", e);
        }
    }

    private Set<Term> words(String query) throws IOException {
        Set<Term> words = new LinkedHashSet<>();
        try (TokenStream stream = analyzer.tokenStream(TEXT, query)) {
            CharTermAttribute word = stream.addAttribute(CharTermAttribute.class);
            stream.reset();
            while (stream.incrementToken()) {
                words.add(new Term(TEXT, word.toString()));
            }
            stream.end();
        }
        return words;
    }

    /** Lucene looks for 1,024 words at once; the others of a longer query are the commonest, which say least. */
    private List<Term> rarest(Set<Term> words) throws IOException {
        if (words.size() <= IndexSearcher.getMaxClauseCount()) {
            return List.copyOf(words);
        }
        Map<Term, Integer> texts = new HashMap<>();
        for (Term word : words) {
            texts.put(word, reader.docFreq(word));
        }
        return words.stream()
                .filter(word -> texts.getOrDefault(word, 0) > 0)
                .sorted(Comparator.comparing(texts::get))
                .limit(IndexSearcher.getMaxClauseCount())
                .toList();
    }

    @Override
    public void close() throws IOException {
        reader.close();
        directory.close();
        analyzer.close();
    }
}
