package io.github.influence4j.lm.text;

import io.github.influence4j.safetensors.MalformedFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A conversation as one text, and where in it the assistant speaks.
 *
 * <p>Where the template marks that itself, by {@code {% generation %}}, its marks are taken. Else the turns are found by writing the
 * conversation up to each of them: a turn is what the text with it has beyond the text before it, with the opening that the
 * template puts in front of the assistant's words left out.
 */
final class Conversation {

    private final String text;
    private final List<int[]> turns = new ArrayList<>();

    private Conversation(String text) {
        this.text = text;
    }

    /**
     * Writes a conversation.
     *
     * @throws IllegalArgumentException if the template does not take it, or writes earlier turns otherwise once later ones follow
     */
    static Conversation of(ChatTemplate template, List<Map<String, ?>> messages) {
        Conversation conversation = new Conversation(template.render(messages, false));
        if (template.marksGeneration()) {
            conversation.turns.addAll(template.generated(messages, conversation.text));
            return conversation;
        }
        for (int m = 0; m < messages.size(); m++) {
            if ("assistant".equals(messages.get(m).get("role"))) {
                conversation.add(template, messages, m);
            }
        }
        return conversation;
    }

    private void add(ChatTemplate template, List<Map<String, ?>> messages, int turn) {
        String with = turn + 1 == messages.size() ? text : template.render(messages.subList(0, turn + 1), false);
        String before =
                turn == 0 ? beforeFirst(template, messages, with) : template.render(messages.subList(0, turn), true);
        if (!with.startsWith(before)) {
            // some templates open the assistant's turn with words of its own that they leave out of what was said
            before = template.render(messages.subList(0, turn), false);
        }
        if (!text.startsWith(with) || !with.startsWith(before)) {
            throw new IllegalArgumentException("the chat template writes turn " + (turn + 1)
                    + " otherwise once others follow, so that what the assistant says cannot be told apart; give its last"
                    + " answer as \"prompt\" and \"completion\"");
        }
        turns.add(new int[] {before.length(), with.length()});
    }

    /** Templates need not write a conversation of no messages, so the opening of a first turn is that of the one after it. */
    private static String beforeFirst(ChatTemplate template, List<Map<String, ?>> messages, String with) {
        String opening;
        try {
            String next = template.render(messages.subList(0, 1), true);
            opening = next.startsWith(with) ? next.substring(with.length()) : "";
        } catch (MalformedFileException e) {
            opening = ""; // it does not take two turns of the assistant after each other
        }
        int found = opening.isEmpty() ? -1 : with.indexOf(opening);
        return found < 0 ? "" : with.substring(0, found + opening.length());
    }

    String text() {
        return text;
    }

    /** Whether a token that stands from one place to another reaches into a turn of the assistant. */
    boolean isSaidByAssistant(int start, int end) {
        return turns.stream().anyMatch(turn -> end > turn[0] && start < turn[1]);
    }
}
