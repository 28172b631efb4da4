package io.github.influence4j.examples.report;

import com.samskivert.mustache.Mustache;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;

/** The Mustache templates beside this class. */
final class Templates {

    private Templates() {}

    /** Fills a template; what it says about the page is escaped for HTML. */
    static String render(String name, Object page) {
        try (Reader template = open(name)) {
            return Mustache.compiler()
                    .escapeHTML(true)
                    .withLoader(Templates::open)
                    .compile(template)
                    .execute(page);
        } catch (IOException e) {
            throw new IllegalStateException("template " + name, e);
        }
    }

    private static Reader open(String name) {
        String resource = name.endsWith(".css") ? name : name + ".mustache";
        InputStream in = Templates.class.getResourceAsStream(resource);
        if (in == null) {
            throw new IllegalStateException("template " + resource + " is not on the class path");
        }
        return new InputStreamReader(in, StandardCharsets.UTF_8);
    }
}
