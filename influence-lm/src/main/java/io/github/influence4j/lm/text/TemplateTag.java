package io.github.influence4j.lm.text;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.regex.Pattern;

/** What stands in a tag of a template, in the form that the Jinja library understands. */
final class TemplateTag {

    private static final String REVERSED_SLICE = "[::-1]";

    /** The library drops the condition of a loop without a word. */
    private static final Pattern FILTERED_LOOP =
            Pattern.compile("for\\s.*\\sin\\s(?!.*\\selse\\s).*\\sif\\s.*", Pattern.DOTALL);

    private final String tag;
    private final StringBuilder out = new StringBuilder();

    /** For each open bracket whether a named argument's value, itself put between brackets, ends with it. */
    private final Deque<Boolean> open = new ArrayDeque<>();

    private TemplateTag(String tag) {
        this.tag = tag;
    }

    /**
     * Puts the values of named arguments between brackets, because the library takes {@code f(a=b - 1)} for {@code f((a=b) - 1)},
     * and writes the slice [::-1] as a method.
     *
     * @throws IllegalArgumentException if the tag is a loop with a condition
     */
    static String prepared(String tag) {
        if (FILTERED_LOOP.matcher(tag).matches()) {
            throw new IllegalArgumentException("a loop with a condition, {% " + tag + " %}, is not supported");
        }
        return new TemplateTag(tag).rewrite();
    }

    /** The tag with what stands between quotes left out, so that only the language is left. */
    static String unquoted(String tag) {
        TemplateTag walked = new TemplateTag(tag);
        StringBuilder left = new StringBuilder();
        for (int k = 0; k < tag.length(); k++) {
            char c = tag.charAt(k);
            left.append(c);
            if (c == '"' || c == '\'') {
                k = walked.endOfQuote(k) - 1;
                left.append(c);
            }
        }
        return left.toString();
    }

    private String rewrite() {
        int k = 0;
        while (k < tag.length()) {
            char c = tag.charAt(k);
            if (c == '"' || c == '\'') {
                int end = endOfQuote(k);
                out.append(tag, k, end);
                k = end;
            } else if (tag.startsWith(REVERSED_SLICE, k)) {
                out.append('.').append(PythonMethods.REVERSED).append("()");
                k += REVERSED_SLICE.length();
            } else {
                write(c, k);
                k++;
            }
        }
        return out.toString();
    }

    private void write(char c, int at) {
        if (c == '(' || c == '[' || c == '{') {
            open.push(false);
        } else if (c == ')' || c == ']' || c == '}') {
            if (!open.isEmpty() && open.pop()) {
                out.append(')');
            }
        } else if (c == ',' && !open.isEmpty() && open.peek()) {
            out.append(')');
            open.pop();
            open.push(false);
        }
        out.append(c);
        if (c == '=' && !open.isEmpty() && !open.peek() && namesAnArgument(at)) {
            out.append('(');
            open.pop();
            open.push(true);
        }
    }

    /** Whether the sign = at a place stands after a name, and is not part of a comparison. */
    private boolean namesAnArgument(int at) {
        if (at + 1 < tag.length() && tag.charAt(at + 1) == '=') {
            return false;
        }
        int k = at - 1;
        while (k >= 0 && tag.charAt(k) == ' ') {
            k--;
        }
        return k >= 0 && Character.isJavaIdentifierPart(tag.charAt(k));
    }

    private int endOfQuote(int start) {
        char quote = tag.charAt(start);
        for (int k = start + 1; k < tag.length(); k++) {
            if (tag.charAt(k) == '\\') {
                k++;
            } else if (tag.charAt(k) == quote) {
                return k + 1;
            }
        }
        return tag.length();
    }
}
