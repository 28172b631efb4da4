package io.github.influence4j.examples.corpus;

/**
 * One verse of the gospels in two languages.
 *
 * @param book Mat, Mark, Luke or John
 * @param chapter from 1
 * @param number from 1
 * @param english King James Version
 * @param spanish Reina-Valera of 1909
 */
public record Verse(String book, int chapter, int number, String english, String spanish) {

    /**
     * Names the verse.
     *
     * @return for instance {@code Mark 4:9}
     */
    public String reference() {
        return book + " " + chapter + ":" + number;
    }
}
