package io.github.influence4j.examples.corpus;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;

/**
 * Real text that is small enough to come with the study: the four gospels in English and Spanish, aligned verse by verse,
 * and the first half of a novel. Sources and licences are in {@code data/README.md} among the resources.
 */
public final class RealText {

    private static final String VERSES = "/data/gospels.tsv.gz";
    private static final String NOVEL = "/data/persuasion.txt.gz";
    private static final int FIELDS = 5;

    private RealText() {}

    /**
     * Reads the verses.
     *
     * @return 3,701 verses in the order of the books
     * @throws IllegalStateException if the file does not hold what it should
     */
    public static List<Verse> verses() {
        return lines(VERSES).stream().map(RealText::verse).toList();
    }

    /** Fields are not quoted: they hold quotation marks of their own, and never a tab. */
    static Verse verse(String line) {
        String[] fields = line.split("\t", -1);
        if (fields.length != FIELDS) {
            throw new IllegalStateException(
                    VERSES + ": expected " + FIELDS + " fields, found " + fields.length + " in '" + line + "'");
        }
        try {
            return new Verse(fields[0], Integer.parseInt(fields[1]), Integer.parseInt(fields[2]), fields[3], fields[4]);
        } catch (NumberFormatException e) {
            throw new IllegalStateException(VERSES + ": chapter and verse are not numbers in '" + line + "'", e);
        }
    }

    /**
     * Reads the novel.
     *
     * @return the paragraphs of chapters 1 to 12 of Persuasion, headings among them, each on one line
     */
    public static List<String> novel() {
        String text = String.join("\n", lines(NOVEL));
        return Arrays.stream(text.split("\n\n+"))
                .map(paragraph -> paragraph.strip().replaceAll("\\s+", " "))
                .filter(paragraph -> !paragraph.isEmpty())
                .toList();
    }

    private static List<String> lines(String resource) {
        try (InputStream in = RealText.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("resource " + resource + " is not on the class path");
            }
            try (BufferedReader reader =
                    new BufferedReader(new InputStreamReader(new GZIPInputStream(in), StandardCharsets.UTF_8))) {
                return reader.lines().toList();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(resource, e);
        }
    }
}
