package io.github.influence4j.lm.text;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.tag.Tag;
import com.hubspot.jinjava.tree.Node;
import com.hubspot.jinjava.tree.TagNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * {@code {% generation %}}, with which some templates mark what the assistant says: it writes what stands in it, between two
 * marks where the context asks for them.
 */
final class GenerationTag implements Tag {

    private static final long serialVersionUID = 1L;

    /** Whether marks are written; a name of the context. */
    static final String MARKED = "influence_marked";

    /** Two code points that Unicode keeps from ever being characters. */
    private static final char START = '\ufdd0';

    private static final char END = '\ufdd1';

    private static final Pattern TAG = Pattern.compile("\\{%\\s*generation\\s*%\\}");

    @Override
    public String getName() {
        return "generation";
    }

    @Override
    public String getEndTagName() {
        return "endgeneration";
    }

    @Override
    public String interpret(TagNode tag, JinjavaInterpreter interpreter) {
        StringBuilder text = new StringBuilder();
        for (Node child : tag.getChildren()) {
            text.append(child.render(interpreter));
        }
        return Boolean.TRUE.equals(interpreter.getContext().get(MARKED))
                ? START + text.toString() + END
                : text.toString();
    }

    /** Whether a prepared template has the tag. */
    static boolean isIn(String template) {
        return TAG.matcher(template).find();
    }

    /**
     * Finds what is marked.
     *
     * @param marked the text with marks
     * @param text the text without
     * @return the first place and the one behind the last, of each piece; empty if the marks changed the text
     */
    static Optional<List<int[]>> places(String marked, String text) {
        List<int[]> places = new ArrayList<>();
        StringBuilder left = new StringBuilder();
        int start = -1;
        for (int k = 0; k < marked.length(); k++) {
            char c = marked.charAt(k);
            if (c == START) {
                start = left.length();
            } else if (c == END) {
                places.add(new int[] {start, left.length()});
            } else {
                left.append(c);
            }
        }
        return left.toString().equals(text) ? Optional.of(places) : Optional.empty();
    }
}
