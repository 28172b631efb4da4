package io.github.influence4j.lm.text;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A chat template in the form that the Jinja library takes: with the white space removed that Jinja's settings {@code trim_blocks}
 * and {@code lstrip_blocks} and the signs in tags ask for, without comments, and with a space inside each tag.
 *
 * <p>Published templates are written for Python's Jinja with both settings on; the library's own forms of them differ.
 */
final class TemplateText {

    private static final Pattern FILTER = Pattern.compile("\\|\\s*([A-Za-z_]\\w*)");
    private static final Pattern TEST = Pattern.compile("\\bis\\s+(?:not\\s+)?([A-Za-z_]\\w*)");

    private final String template;
    private final Names names;
    private final StringBuilder out = new StringBuilder();
    private int at;

    /** Whether the text at hand begins a line: at the start, or after a tag whose newline was removed. */
    private boolean lineStart = true;

    private boolean stripNext;

    private TemplateText(String template, Names names) {
        this.template = template;
        this.names = names;
    }

    /** Is told which filters and tests the tags of a template name. */
    interface Names {

        void filter(String name);

        void test(String name);
    }

    /**
     * Rewrites a template.
     *
     * @param names is told of each
     * @throws IllegalArgumentException if a tag has no end, or is one that the library would misread
     */
    static String prepared(String template, Names names) {
        String unix = template.replace("\r\n", "\n").replace('\r', '\n');
        String trimmed = unix.endsWith("\n") ? unix.substring(0, unix.length() - 1) : unix;
        return new TemplateText(trimmed, names).rewrite();
    }

    private String rewrite() {
        while (at < template.length()) {
            int open = nextTag();
            text(open);
            if (at < template.length()) {
                tag();
            }
        }
        return out.toString();
    }

    private int nextTag() {
        for (int k = at; k + 1 < template.length(); k++) {
            if (template.charAt(k) == '{' && "{%#".indexOf(template.charAt(k + 1)) >= 0) {
                return k;
            }
        }
        return template.length();
    }

    /** Writes the text up to a tag, less the white space that the tags on both sides take away. */
    private void text(int end) {
        String text = template.substring(at, end);
        if (stripNext) {
            text = text.stripLeading();
        }
        boolean tagFollows = end < template.length();
        if (tagFollows && charAt(end + 2) == '-') {
            text = text.stripTrailing();
        } else if (tagFollows && charAt(end + 1) != '{' && charAt(end + 2) != '+') {
            int line = text.lastIndexOf('\n') + 1;
            if ((line > 0 || lineStart) && text.substring(line).isBlank()) {
                text = text.substring(0, line);
            }
        }
        out.append(text);
        at = end;
    }

    private void tag() {
        char kind = charAt(at + 1);
        int close = end(kind);
        int from = at + 2;
        int to = close;
        if (from < to && (charAt(from) == '-' || charAt(from) == '+')) {
            from++;
        }
        char sign = to > from ? charAt(to - 1) : ' ';
        if (sign == '-' || sign == '+') {
            to--;
        }
        if (kind != '#') {
            out.append('{').append(kind).append(' ');
            String tag = template.substring(from, to).strip();
            String language = TemplateTag.unquoted(tag);
            FILTER.matcher(language).results().forEach(found -> names.filter(found.group(1)));
            TEST.matcher(language).results().forEach(found -> names.test(found.group(1)));
            out.append(TemplateTag.prepared(tag));
            out.append(' ').append(kind == '{' ? '}' : kind).append('}');
        }
        at = close + 2;
        stripNext = sign == '-';
        lineStart = false;
        if (!stripNext && sign != '+' && kind != '{' && charAt(at) == '\n') {
            at++;
            lineStart = true;
        }
    }

    /** Where the tag at hand closes; what stands between quotes does not close it. */
    private int end(char kind) {
        char last = kind == '{' ? '}' : kind;
        char quote = 0;
        for (int k = at + 2; k + 1 < template.length(); k++) {
            char c = template.charAt(k);
            if (quote != 0) {
                if (c == '\\') {
                    k++;
                } else if (c == quote) {
                    quote = 0;
                }
            } else if (kind != '#' && (c == '"' || c == '\'')) {
                quote = c;
            } else if (c == last && template.charAt(k + 1) == '}') {
                return k;
            }
        }
        throw new IllegalArgumentException(String.format(
                Locale.ROOT,
                "the tag {%c of line %d has no end",
                kind,
                1 + template.substring(0, at).chars().filter(c -> c == '\n').count()));
    }

    private char charAt(int index) {
        return index < template.length() ? template.charAt(index) : ' ';
    }
}
