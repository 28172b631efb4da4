package io.github.influence4j.text.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Bm25IndexTest {

    /** Single precision of Lucene's scores. */
    private static final double SINGLE = 1e-5;

    @Test
    void scoresAreTheFormulas() throws IOException {
        Random random = new Random(1);
        List<String> texts = new ArrayList<>();
        for (int k = 0; k < 40; k++) {
            StringBuilder text = new StringBuilder();
            for (int word = 2 + random.nextInt(30); word > 0; word--) {
                text.append("w").append(random.nextInt(12)).append(word % 5 == 0 ? ". " : " ");
            }
            texts.add(text.toString());
        }
        try (Bm25Index index = Bm25Index.of(texts)) {
            String query = "W3, w7 and w11";
            List<TfIdfMatch> expected = new ArrayList<>();
            for (int k = 0; k < texts.size(); k++) {
                double score = score(texts, k, query);
                if (score > 0) {
                    expected.add(new TfIdfMatch(k, (float) score));
                }
            }
            expected.sort(Comparator.comparingDouble(match -> -match.score()));
            List<TfIdfMatch> found = index.search(query, texts.size());
            assertEquals(
                    expected.stream().map(TfIdfMatch::id).sorted().toList(),
                    found.stream().map(TfIdfMatch::id).sorted().toList());
            for (TfIdfMatch match : found) {
                assertEquals(score(texts, (int) match.id(), query), match.score(), SINGLE * match.score());
            }
            assertEquals(found.subList(0, 3), index.search(query, 3));
        }
    }

    @Test
    void byTfIdfItIsTheSumOverWordsThatAreShared() throws IOException {
        List<String> texts = List.of("a a a b", "b c", "c b b long long long", "d", "a b c");
        try (Bm25Index index = Bm25Index.of(texts)) {
            double[] idf = new double[3];
            for (int word = 0; word < 3; word++) {
                String letter = "abc".substring(word, word + 1);
                long with = texts.stream().filter(text -> text.contains(letter)).count();
                idf[word] = Math.log((texts.size() - with + 0.5) / (with + 0.5) + 1);
            }
            double[] expected = {idf[0] + idf[1], idf[1] + idf[2], idf[1] + idf[2], 0, idf[0] + idf[1] + idf[2]};
            List<TfIdfMatch> found = index.searchByTfIdf("A b, c! c", 5);
            assertEquals(4, found.size());
            assertEquals(4, found.get(0).id());
            for (TfIdfMatch match : found) {
                assertEquals(expected[(int) match.id()], match.score(), SINGLE * match.score());
            }
            assertEquals(
                    List.of(4L, 0L),
                    index.searchByTfIdf("a b c", 2).stream().map(TfIdfMatch::id).toList());
            assertThrows(IllegalArgumentException.class, () -> index.searchByTfIdf("a", 0));
        }
    }

    /** Lucene refuses a question of more words than it looks for at once: the rarest are taken. */
    @Test
    void longQuestionsAreAskedByTheirRarestWords() throws IOException {
        List<String> texts = new ArrayList<>();
        StringBuilder question = new StringBuilder();
        for (int k = 0; k < 1_500; k++) {
            texts.add("every common" + k % 300 + " rare" + k);
            question.append("common")
                    .append(k % 300)
                    .append(" missing")
                    .append(k)
                    .append(' ');
        }
        question.append("every ");
        for (int k = 0; k < 700; k++) {
            question.append("rare").append(k).append(' ');
        }
        try (Bm25Index index = Bm25Index.of(texts)) {
            List<TfIdfMatch> found = index.search(question.toString(), 2_000);
            assertEquals(1_500, found.size()); // 1,001 of the words are there, and every text has one of them
            assertEquals(
                    800,
                    found.subList(0, 800).stream()
                            .filter(match -> match.id() < 800)
                            .count());
        }
    }

    private static double score(List<String> texts, int of, String query) {
        List<String> own = words(texts.get(of));
        double mean =
                texts.stream().mapToInt(text -> words(text).size()).average().orElseThrow();
        double sum = 0;
        for (String word : words(query)) {
            long with =
                    texts.stream().filter(text -> words(text).contains(word)).count();
            long f = own.stream().filter(word::equals).count();
            double idf = Math.log(1 + (texts.size() - with + 0.5) / (with + 0.5));
            sum += idf * f / (f + 1.2 * (0.25 + 0.75 * own.size() / mean));
        }
        return sum;
    }

    private static List<String> words(String text) {
        return List.of(text.toLowerCase(Locale.ROOT).split("[^a-z0-9]+"));
    }

    @Test
    void equalTextsComeInTheirOrderAndStrangersNotAtAll() throws IOException {
        try (Bm25Index index = Bm25Index.of(List.of("a ship sank", "no such thing", "a ship sank", "a ship sank"))) {
            assertEquals(
                    List.of(0L, 2L, 3L),
                    index.search("ship", 9).stream().map(TfIdfMatch::id).toList());
            assertEquals(List.of(), index.search("zebra", 3));
            assertEquals(List.of(), index.search(" ?! ", 3));
            assertThrows(IllegalArgumentException.class, () -> index.search("ship", 0));
        }
    }
}
