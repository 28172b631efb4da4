package io.github.influence4j.examples.report;

import com.samskivert.mustache.Mustache;
import io.github.influence4j.examples.quickstart.QuickstartResult;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
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
        try (Reader page = template("index.html")) {
            return Mustache.compiler()
                    .escapeHTML(true)
                    .withLoader(QuickstartReport::template)
                    .compile(page)
                    .execute(new QuickstartPage(result));
        } catch (IOException e) {
            throw new IllegalStateException("template of the quickstart's page", e);
        }
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

    private static Reader template(String name) {
        String resource = name.endsWith(".css") ? name : name + ".mustache";
        InputStream in = QuickstartReport.class.getResourceAsStream(resource);
        if (in == null) {
            throw new IllegalStateException("template " + resource + " is not on the class path");
        }
        return new InputStreamReader(in, StandardCharsets.UTF_8);
    }
}
