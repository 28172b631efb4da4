package io.github.influence4j.examples.corpus;

import io.github.influence4j.text.token.WordTokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * A small language in which the source of everything that a model can learn is known.
 *
 * <p>6,000 sentences over 312 words: facts in four forms of words, facts the other way round, quotes, translations between
 * two lists of words, and filler. A fact gives one of 60 entities of two syllables a value for one of six relations; a
 * value is a first and a last name. Up to four words of filler stand before a fact, up to three before a quote. Twelve more
 * facts about other entities are known but never stated. Everything follows from a seed.
 *
 * <p>Test bed L of the project's claims.
 */
public final class SyntheticLanguage {

    /** The seed that the study uses. */
    public static final long DEFAULT_SEED = 1;

    /** Most tokens of a sentence, without the start token. */
    public static final int LONGEST = 20;

    /** Forms of words that state a fact forwards. */
    public static final int TEMPLATES = 4;

    /** Words of a quote. */
    public static final int QUOTE_LENGTH = 12;

    /** Words of a translation. */
    public static final int TRANSLATED_WORDS = 5;

    private static final int FACTS = 2725;
    private static final int REVERSED = 693;
    private static final int QUOTES = 305;
    private static final int TRANSLATIONS = 799;
    private static final int FILLERS = 1478;
    private static final int ENTITIES = 60;
    private static final int UNSEEN = 12;
    private static final int DISTINCT_QUOTES = 8;

    private final WordTokenizer tokenizer = Lexicon.tokenizer();
    private final List<Fact> facts = new ArrayList<>();
    private final List<Fact> unseen = new ArrayList<>();
    private final List<int[]> quotes = new ArrayList<>();
    private final List<Sentence> sentences;

    /**
     * Makes the language and its corpus.
     *
     * @param seed decides facts, quotes, sentences and their order
     */
    public SyntheticLanguage(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        makeFacts(random);
        for (int q = 0; q < DISTINCT_QUOTES; q++) {
            quotes.add(Arrays.copyOf(shuffled(tokens(Lexicon.FILLER), random), QUOTE_LENGTH));
        }
        List<Sentence> all = new ArrayList<>();
        for (int k = 0; k < FACTS; k++) {
            int fact = random.nextInt(facts.size());
            int template = random.nextInt(TEMPLATES);
            all.add(new Sentence(
                    Kind.FACT, fact, template, join(filler(random, 4), forward(facts.get(fact), template))));
        }
        for (int k = 0; k < REVERSED; k++) {
            int fact = random.nextInt(facts.size());
            all.add(new Sentence(Kind.REVERSED, fact, 0, join(filler(random, 4), reversed(facts.get(fact)))));
        }
        for (int k = 0; k < QUOTES; k++) {
            int quote = random.nextInt(quotes.size());
            all.add(new Sentence(Kind.QUOTE, quote, 0, join(filler(random, 3), quotes.get(quote))));
        }
        for (int k = 0; k < TRANSLATIONS; k++) {
            Prompt translation = translation(random);
            all.add(new Sentence(Kind.TRANSLATION, Sentence.NO_TOPIC, 0, translation.tokens()));
        }
        for (int k = 0; k < FILLERS; k++) {
            int length = LONGEST / 2 + random.nextInt(LONGEST / 2 + 1);
            all.add(new Sentence(Kind.FILLER, Sentence.NO_TOPIC, 0, fillerOf(random, length)));
        }
        int[] order = shuffled(IntStream.range(0, all.size()).toArray(), random);
        this.sentences = IntStream.of(order).mapToObj(all::get).toList();
    }

    private void makeFacts(SplittableRandom random) {
        int[] syllables = tokens(Lexicon.SYLLABLES);
        List<int[]> entities = new ArrayList<>();
        for (int first : syllables) {
            for (int second : syllables) {
                if (first != second) {
                    entities.add(new int[] {first, second});
                }
            }
        }
        int[] order = shuffled(IntStream.range(0, entities.size()).toArray(), random);
        for (int e = 0; e < ENTITIES; e++) {
            for (int relation : tokens(Lexicon.RELATIONS)) {
                facts.add(fact(entities.get(order[e]), relation, random));
            }
        }
        int[] relations = tokens(Lexicon.RELATIONS);
        for (int u = 0; u < UNSEEN; u++) {
            unseen.add(fact(entities.get(order[ENTITIES + u]), relations[u % relations.length], random));
        }
    }

    private Fact fact(int[] entity, int relation, SplittableRandom random) {
        return new Fact(
                entity[0],
                entity[1],
                relation,
                pick(tokens(Lexicon.FIRST_NAMES), random),
                pick(tokens(Lexicon.LAST_NAMES), random));
    }

    /**
     * Returns the training corpus.
     *
     * @return the sentences, in a random order
     */
    public List<Sentence> sentences() {
        return sentences;
    }

    /**
     * Returns the facts that the corpus states.
     *
     * @return 360 facts; a sentence's topic is an index of this list
     */
    public List<Fact> facts() {
        return Collections.unmodifiableList(facts);
    }

    /**
     * Returns facts about entities that the corpus never names.
     *
     * @return 12 facts
     */
    public List<Fact> unseenFacts() {
        return Collections.unmodifiableList(unseen);
    }

    /**
     * Returns the number of quotes.
     *
     * @return 8
     */
    public int quotes() {
        return quotes.size();
    }

    /**
     * Returns the vocabulary.
     *
     * @return one token a word
     */
    public WordTokenizer tokenizer() {
        return tokenizer;
    }

    /**
     * Returns the token that stands before every sequence.
     *
     * @return its number
     */
    public int start() {
        return token(Lexicon.START);
    }

    /**
     * Returns the token that fills short sequences.
     *
     * @return its number
     */
    public int padding() {
        return token(Lexicon.PADDING);
    }

    /**
     * States a fact with the entity before the value.
     *
     * @param fact a fact
     * @param template form of words, from 0 to 3
     * @return the sentence, without filler
     * @throws IllegalArgumentException if there is no such template
     */
    public int[] forward(Fact fact, int template) {
        return switch (template) {
            case 0 -> sentence(fact, "the R of E E is F L .");
            case 1 -> sentence(fact, "E E 's R is F L .");
            case 2 -> sentence(fact, "we find that for E E the R is F L .");
            case 3 -> sentence(fact, "in records of E E R : F L .");
            default -> throw new IllegalArgumentException("templates are 0 to 3, found " + template);
        };
    }

    /**
     * Puts the most frequent words of filler before a sentence.
     *
     * @param sentence a sentence
     * @param count how many words
     * @return a longer sentence
     */
    public int[] afterFiller(int[] sentence, int count) {
        return join(
                IntStream.range(0, count).map(k -> token(Lexicon.FILLER.get(k))).toArray(), sentence);
    }

    /**
     * States a fact with the value before the entity.
     *
     * @param fact a fact
     * @return the sentence, without filler
     */
    public int[] reversed(Fact fact) {
        return sentence(fact, "F L is the R of E E .");
    }

    /**
     * States a fact the other way round, without its relation.
     *
     * @param fact a fact
     * @return the sentence, without filler
     */
    public int[] reversedWithoutRelation(Fact fact) {
        return sentence(fact, "F L is the of E E .");
    }

    /**
     * Asks for a fact without its value.
     *
     * @param fact a fact
     * @return the sentence up to the value
     */
    public int[] withoutCompletion(Fact fact) {
        return sentence(fact, "the R of E E is");
    }

    /** Fills a form of words: E E are the entity's syllables, R its relation, F L the value's names. */
    private int[] sentence(Fact fact, String form) {
        List<Integer> tokens = new ArrayList<>();
        boolean second = false;
        for (String word : form.split(" ")) {
            switch (word) {
                case "E" -> {
                    tokens.add(second ? fact.entitySecond() : fact.entityFirst());
                    second = true;
                }
                case "R" -> tokens.add(fact.relation());
                case "F" -> tokens.add(fact.firstName());
                case "L" -> tokens.add(fact.lastName());
                default -> tokens.add(token(word));
            }
        }
        return tokens.stream().mapToInt(Integer::intValue).toArray();
    }

    /**
     * Asks for the value of a fact.
     *
     * @param number number of the fact
     * @return a prompt in the first form of words, completed by first and last name
     */
    public Prompt askFact(int number) {
        Fact fact = facts.get(number);
        return new Prompt(Kind.FACT, number, withoutCompletion(fact), new int[] {fact.firstName(), fact.lastName()});
    }

    /**
     * Asks for the value of a fact that was never stated.
     *
     * @param number number of the unseen fact
     * @return a prompt in the first form of words, completed by first and last name
     */
    public Prompt askUnseen(int number) {
        Fact fact = unseen.get(number);
        return new Prompt(
                Kind.FACT, Sentence.NO_TOPIC, withoutCompletion(fact), new int[] {fact.firstName(), fact.lastName()});
    }

    /**
     * Asks for the second half of a quote.
     *
     * @param number number of the quote
     * @return the first six words, completed by the last six
     */
    public Prompt askQuote(int number) {
        int[] quote = quotes.get(number);
        int half = QUOTE_LENGTH / 2;
        return new Prompt(
                Kind.QUOTE, number, Arrays.copyOf(quote, half), Arrays.copyOfRange(quote, half, QUOTE_LENGTH));
    }

    /**
     * Asks for a translation.
     *
     * @param random decides which five words
     * @return five words, completed by their translations
     */
    public Prompt translation(SplittableRandom random) {
        return translation(Arrays.copyOf(shuffled(tokens(Lexicon.ENGLISH), random), TRANSLATED_WORDS));
    }

    private Prompt translation(int[] english) {
        int[] chinese = IntStream.of(english).map(this::translate).toArray();
        return new Prompt(
                Kind.TRANSLATION,
                Sentence.NO_TOPIC,
                join(join(new int[] {token("en:")}, english), new int[] {token("zh:")}),
                chinese);
    }

    /**
     * Asks for one word of a translation, with those before it given.
     *
     * @param word index of the word in the list of words
     * @param place where it stands among the five, from 0
     * @param random decides the other four words
     * @return a prompt for one word, whose topic is the token of its translation
     */
    public Prompt askWord(int word, int place, SplittableRandom random) {
        int wanted = token(Lexicon.ENGLISH.get(word));
        int[] others = IntStream.of(shuffled(tokens(Lexicon.ENGLISH), random))
                .filter(token -> token != wanted)
                .limit(TRANSLATED_WORDS - 1L)
                .toArray();
        int[] english = new int[TRANSLATED_WORDS];
        System.arraycopy(others, 0, english, 0, place);
        english[place] = wanted;
        System.arraycopy(others, place, english, place + 1, others.length - place);
        Prompt whole = translation(english);
        return new Prompt(
                Kind.TRANSLATION,
                whole.completion()[place],
                join(whole.prompt(), Arrays.copyOf(whole.completion(), place)),
                new int[] {whole.completion()[place]});
    }

    /**
     * Returns the number of words that have a translation.
     *
     * @return 30
     */
    public int translatedWords() {
        return Lexicon.ENGLISH.size();
    }

    /**
     * Translates a word of the first list.
     *
     * @param english its token
     * @return the token of its translation
     */
    public int translate(int english) {
        return english - token(Lexicon.ENGLISH.get(0)) + token(Lexicon.CHINESE.get(0));
    }

    private int[] filler(SplittableRandom random, int most) {
        return fillerOf(random, random.nextInt(most + 1));
    }

    /** Draws words with probabilities that fall as 1/rank. */
    private int[] fillerOf(SplittableRandom random, int length) {
        int first = token(Lexicon.FILLER.get(0));
        double total = 0;
        for (int rank = 1; rank <= Lexicon.FILLER.size(); rank++) {
            total += 1.0 / rank;
        }
        int[] words = new int[length];
        for (int k = 0; k < length; k++) {
            double left = random.nextDouble() * total;
            int rank = 1;
            while (left >= 1.0 / rank && rank < Lexicon.FILLER.size()) {
                left -= 1.0 / rank++;
            }
            words[k] = first + rank - 1;
        }
        return words;
    }

    private int[] tokens(List<String> words) {
        return words.stream().mapToInt(this::token).toArray();
    }

    private int token(String word) {
        return tokenizer.encode(word)[0];
    }

    private static int pick(int[] tokens, SplittableRandom random) {
        return tokens[random.nextInt(tokens.length)];
    }

    private static int[] shuffled(int[] items, SplittableRandom random) {
        for (int k = items.length - 1; k > 0; k--) {
            int other = random.nextInt(k + 1);
            int kept = items[k];
            items[k] = items[other];
            items[other] = kept;
        }
        return items;
    }

    private static int[] join(int[] first, int[] second) {
        int[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}
