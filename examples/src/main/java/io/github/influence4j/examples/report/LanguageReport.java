package io.github.influence4j.examples.report;

import io.github.influence4j.examples.language.ExplainedQuery;
import io.github.influence4j.examples.language.LanguageResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes what the language study found as HTML: one page for the results, one for each query, each of one file. */
public final class LanguageReport {

    private LanguageReport() {}

    /**
     * Renders the page of the results.
     *
     * @param result what the study found
     * @return HTML
     */
    public static String render(LanguageResult result) {
        return Templates.render("language.html", new LanguagePage(result));
    }

    /**
     * Renders the page of a query.
     *
     * @param query one answer and the sequences behind it
     * @return HTML
     */
    public static String render(ExplainedQuery query) {
        return Templates.render("query.html", new QueryPage(query));
    }

    /**
     * Writes all pages.
     *
     * @param result what the study found
     * @param folder where {@code index.html} and a page for each query are written or replaced
     * @throws IOException if one cannot be written
     */
    public static void write(LanguageResult result, Path folder) throws IOException {
        Files.writeString(folder.resolve("index.html"), render(result));
        for (ExplainedQuery query : result.queries()) {
            Files.writeString(folder.resolve(query.name() + ".html"), render(query));
        }
    }
}
