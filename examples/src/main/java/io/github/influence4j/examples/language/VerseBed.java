package io.github.influence4j.examples.language;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.examples.corpus.RealText;
import io.github.influence4j.examples.corpus.Verse;
import io.github.influence4j.text.token.SubwordTokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * The real text as training sequences, and the verses that are held back.
 *
 * <p>Of some verses the Spanish form is held back and asked about, while the English one is trained on; of a few others the
 * English form is held back. Nothing in the corpus says which verses belong together.
 */
final class VerseBed {

    /** Most tokens of a sequence, the start token among them. */
    static final int CONTEXT = 64;

    static final int VOCABULARY = 2000;

    /** English verses with a sister in another gospel. */
    private static final List<String> HELD_ENGLISH = List.of("Mark 10:25", "Luke 11:9", "Mark 8:36", "John 6:20");

    private static final int SHORTEST = 16;
    private static final long SEED = 1909;

    private final SubwordTokenizer tokenizer;
    private final List<VersePassage> passages = new ArrayList<>();
    private final List<Verse> heldSpanish;
    private final List<Verse> heldEnglish;

    VerseBed(int held) {
        List<Verse> verses = RealText.verses();
        this.heldEnglish = verses.stream()
                .filter(verse -> HELD_ENGLISH.contains(verse.reference()))
                .toList();
        List<Verse> candidates = new ArrayList<>(verses);
        candidates.removeAll(heldEnglish);
        SplittableRandom random = new SplittableRandom(SEED);
        double[] keys = random.doubles(candidates.size()).toArray();
        this.heldSpanish = IntStream.range(0, candidates.size())
                .boxed()
                .sorted(Comparator.comparingDouble(k -> keys[k]))
                .map(candidates::get)
                .filter(verse -> verse.spanish().length() >= 3 * SHORTEST)
                .limit(held)
                .sorted(Comparator.comparingInt(verses::indexOf))
                .toList();
        Set<Verse> withoutEnglish = new HashSet<>(heldEnglish);
        Set<Verse> withoutSpanish = new HashSet<>(heldSpanish);
        List<String> texts = new ArrayList<>(RealText.novel());
        verses.stream()
                .filter(verse -> !withoutEnglish.contains(verse))
                .map(Verse::english)
                .forEach(texts::add);
        verses.stream()
                .filter(verse -> !withoutSpanish.contains(verse))
                .map(Verse::spanish)
                .forEach(texts::add);
        this.tokenizer = SubwordTokenizer.ofCorpus(texts, VOCABULARY);
        for (Verse verse : verses) {
            if (!withoutEnglish.contains(verse)) {
                add(verse.reference(), VersePassage.Language.ENGLISH, verse.english());
            }
        }
        for (Verse verse : verses) {
            if (!withoutSpanish.contains(verse)) {
                add(verse.reference(), VersePassage.Language.SPANISH, verse.spanish());
            }
        }
        addNovel();
    }

    private void add(String reference, VersePassage.Language language, String text) {
        int[] tokens = tokenizer.encode(text);
        passages.add(
                new VersePassage(reference, language, Arrays.copyOf(tokens, Math.min(tokens.length, CONTEXT - 1))));
    }

    private void addNovel() {
        int[] all = tokenizer.encode(String.join(" ", RealText.novel()));
        int length = CONTEXT - 1;
        for (int from = 0; from + length <= all.length; from += length) {
            passages.add(new VersePassage(
                    "Persuasion, tokens " + from + " to " + (from + length),
                    VersePassage.Language.NOVEL,
                    Arrays.copyOfRange(all, from, from + length)));
        }
    }

    SubwordTokenizer tokenizer() {
        return tokenizer;
    }

    List<VersePassage> passages() {
        return passages;
    }

    List<Verse> heldSpanish() {
        return heldSpanish;
    }

    List<Verse> heldEnglish() {
        return heldEnglish;
    }

    /** Token that stands before every sequence: the one after the tokeniser's. */
    int start() {
        return tokenizer.size();
    }

    int vocabulary() {
        return tokenizer.size() + 1;
    }

    ExampleSource<TokenSequence> train() {
        return ExampleSource.of(passages.stream()
                .map(passage -> TokenSequence.of(started(passage.tokens())))
                .toList());
    }

    /** Asks for the second half of a verse. */
    TokenSequence query(String text) {
        int[] tokens = tokenizer.encode(text);
        int[] cut = Arrays.copyOf(tokens, Math.min(tokens.length, CONTEXT - 1));
        int half = cut.length / 2;
        return TokenSequence.completion(started(Arrays.copyOf(cut, half)), Arrays.copyOfRange(cut, half, cut.length));
    }

    private int[] started(int[] tokens) {
        return IntStream.concat(IntStream.of(start()), Arrays.stream(tokens)).toArray();
    }
}
