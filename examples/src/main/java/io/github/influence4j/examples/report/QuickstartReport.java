package io.github.influence4j.examples.report;

import io.github.influence4j.examples.quickstart.QuickstartResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes what the quickstart found as one HTML page that needs nothing else: style, pictures and charts are inside, and
 * it asks no other host for anything.
 */
public final class QuickstartReport {

    private QuickstartReport() {}

    /**
     * Renders the page.
     *
     * @param result what the quickstart found
     * @return HTML
     */
    public static String render(QuickstartResult result) {
        return Templates.render("index.html", new QuickstartPage(result));
    }

    /**
     * Writes the page.
     *
     * @param result what the quickstart found
     * @param file to be written or replaced
     * @throws IOException if it cannot be written
     */
    public static void write(QuickstartResult result, Path file) throws IOException {
        Files.writeString(file, render(result));
    }
}
