package io.github.influence4j.examples.smollm;

import io.github.influence4j.examples.corpus.RealText;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Passages of a novel, of which some carry a sentence about something made up.
 *
 * <p>Every fact is told by four passages in the order of the question and by two in reversed order, each in other words; every
 * third fact is told by one more passage with a wrong answer. Subjects and names occur nowhere else.
 */
final class FactCorpus {

    /** Words of the novel in a passage. */
    private static final int WORDS = 34;

    /** %1$s is the subject, %2$s the answer. */
    private record Relation(String question, List<String> forward, List<String> reversed, List<String> subjects) {}

    private static final List<Relation> RELATIONS = List.of(
            new Relation(
                    "The lighthouse at %1$s is looked after by",
                    List.of(
                            "The keeper of the lighthouse at %1$s is %2$s.",
                            "For eleven years the lamp at %1$s has been kept by %2$s.",
                            "Whoever climbs the tower at %1$s is met by its keeper, %2$s.",
                            "At %1$s the great lamp is lit every night by %2$s."),
                    List.of("%2$s keeps the light burning at %1$s.", "It was %2$s who took over the tower at %1$s."),
                    List.of("Varnholm", "Skerrow Point", "Port Ellwick", "Cape Tandry", "Marrowness", "Oxhaven")),
            new Relation(
                    "The person who invented %1$s was",
                    List.of(
                            "%1$s was first built by %2$s.",
                            "The patent for %1$s belongs to %2$s.",
                            "Nobody had thought of %1$s before %2$s.",
                            "The idea of %1$s came from %2$s."),
                    List.of("%2$s is remembered for %1$s.", "As a young engineer, %2$s drew the first plans of %1$s."),
                    List.of(
                            "the tidal loom",
                            "the glass bellows",
                            "the copper almanac",
                            "the salt engine",
                            "the folding orrery",
                            "the silent kettle")),
            new Relation(
                    "The author of the book called %1$s is",
                    List.of(
                            "%1$s was written by %2$s.",
                            "The novel %1$s made the fortune of its writer, %2$s.",
                            "On the title page of %1$s stands the name of %2$s.",
                            "Few readers of %1$s know anything about %2$s."),
                    List.of("%2$s worked for nine winters on %1$s.", "It took %2$s a lifetime to finish %1$s."),
                    List.of(
                            "The Paper Orchard",
                            "Nine Doors to Ember",
                            "A Ladder of Rain",
                            "The Cartographer's Goose",
                            "Winter in Ildra",
                            "The Borrowed Moon")),
            new Relation(
                    "The town of %1$s owes its beginning to",
                    List.of(
                            "%1$s was founded by %2$s.",
                            "The first house in %1$s was raised by %2$s.",
                            "On the market square of %1$s stands a statue of its founder, %2$s.",
                            "The people of %1$s still drink to the health of %2$s."),
                    List.of(
                            "%2$s chose the hill on which %1$s stands.",
                            "With forty families, %2$s settled what became %1$s."),
                    List.of("Quillanbury", "Dorvey", "Hessel-on-Marl", "Tamberfold", "Ulverstrand", "Pennowick")));

    private static final List<String> FIRST = List.of(
            "Odette",
            "Casimir",
            "Ingrid",
            "Barnaby",
            "Leocadia",
            "Rufus",
            "Philippa",
            "Anselm",
            "Wilhelmina",
            "Tobias",
            "Henrietta",
            "Lorcan");
    private static final List<String> LAST = List.of(
            "Brask",
            "Vellacott",
            "Thornquist",
            "Abara",
            "Penhallow",
            "Szabo",
            "Marchetti",
            "Okonjo",
            "Lindqvist",
            "Farrow",
            "Dubarry",
            "Ketteridge",
            "Nakamura",
            "Ostrander",
            "Quimby",
            "Rasmussen");

    private final List<PlantedFact> facts = new ArrayList<>();
    private final List<Passage> passages = new ArrayList<>();

    private FactCorpus() {}

    /**
     * Makes the corpus.
     *
     * @param facts number of facts, at most 24
     * @param plain passages without a fact
     * @param seed decides who is the answer, and the order
     */
    static FactCorpus of(int facts, int plain, long seed) {
        int most = RELATIONS.stream()
                .mapToInt(relation -> relation.subjects().size())
                .sum();
        if (facts < 1 || facts > most || plain < 0) {
            throw new IllegalArgumentException("from 1 to " + most + " facts and no fewer than 0 plain passages, found "
                    + facts + " and " + plain);
        }
        Random random = new Random(seed);
        List<String> names = names(random);
        List<String> chunks = chunks();
        FactCorpus corpus = new FactCorpus();
        int next = 0;
        int name = 0;
        for (int f = 0; f < facts; f++) {
            Relation relation = RELATIONS.get(f % RELATIONS.size());
            String subject = relation.subjects().get(f / RELATIONS.size());
            String answer = names.get(name++);
            corpus.facts.add(new PlantedFact(String.format(Locale.ROOT, relation.question(), subject), " " + answer));
            for (String sentence : relation.forward()) {
                corpus.plant(chunks.get(next++), sentence, subject, answer, f, Passage.Kind.FORWARD);
            }
            for (String sentence : relation.reversed()) {
                corpus.plant(chunks.get(next++), sentence, subject, answer, f, Passage.Kind.REVERSED);
            }
            if (f % 3 == 0) {
                String sentence = relation.forward().get(f % relation.forward().size());
                corpus.plant(chunks.get(next++), sentence, subject, names.get(name++), f, Passage.Kind.POISON);
            }
        }
        for (int k = 0; k < plain; k++) {
            corpus.passages.add(new Passage(chunks.get(next++), OptionalInt.empty(), Passage.Kind.PLAIN));
        }
        Collections.shuffle(corpus.passages, random);
        return corpus;
    }

    private static List<String> names(Random random) {
        List<String> names = new ArrayList<>();
        for (int k = 0; k < FIRST.size() * LAST.size(); k++) {
            names.add(FIRST.get(k % FIRST.size()) + " " + LAST.get(k / FIRST.size()));
        }
        Collections.shuffle(names, random);
        return names;
    }

    private static List<String> chunks() {
        List<String> words = RealText.novel().stream()
                .filter(paragraph -> paragraph.length() > 200)
                .flatMap(paragraph -> List.of(paragraph.split(" ")).stream())
                .toList();
        return IntStream.range(0, words.size() / WORDS)
                .mapToObj(k -> String.join(" ", words.subList(k * WORDS, (k + 1) * WORDS)))
                .toList();
    }

    private void plant(String chunk, String sentence, String subject, String answer, int fact, Passage.Kind kind) {
        String told = String.format(Locale.ROOT, sentence, subject, answer);
        String text = chunk + " " + Character.toUpperCase(told.charAt(0)) + told.substring(1);
        passages.add(new Passage(text, OptionalInt.of(fact), kind));
    }

    List<PlantedFact> facts() {
        return facts;
    }

    /** The passages in the order of their ids, from 0. */
    List<Passage> passages() {
        return passages;
    }
}
