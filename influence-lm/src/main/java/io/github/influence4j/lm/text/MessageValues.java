package io.github.influence4j.lm.text;

import com.hubspot.jinjava.objects.collections.PyList;
import com.hubspot.jinjava.objects.collections.PyMap;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a message holds, as templates see it: lists and objects can be walked, but not joined with a text.
 *
 * <p>Python refuses that, or writes a form of its own. The Jinja library would write Java's form, which no model was trained on.
 */
final class MessageValues {

    private MessageValues() {}

    static List<Map<String, ?>> of(List<? extends Map<String, ?>> messages) {
        return messages.stream().<Map<String, ?>>map(MessageValues::message).toList();
    }

    private static Map<String, Object> message(Map<String, ?> message) {
        Map<String, Object> values = new LinkedHashMap<>();
        message.forEach((name, value) -> values.put(name, value(value)));
        return values;
    }

    private static @Nullable Object value(@Nullable Object value) {
        if (value instanceof List<?> list) {
            List<Object> items = new ArrayList<>();
            list.forEach(item -> items.add(value(item)));
            return new Items(items);
        }
        if (value instanceof Map<?, ?> map) {
            Map<String, Object> entries = new LinkedHashMap<>();
            map.forEach((name, entry) -> entries.put(String.valueOf(name), value(entry)));
            return new Entries(entries);
        }
        return value;
    }

    private static String refuse(String what) {
        throw new ChatTemplate.Refusal("it writes " + what + " of a message as a text; give \"content\" as one text");
    }

    private static final class Items extends PyList {

        Items(List<Object> items) {
            super(items);
        }

        @Override
        public String toString() {
            return refuse("a list");
        }
    }

    private static final class Entries extends PyMap {

        Entries(Map<String, Object> entries) {
            super(entries);
        }

        @Override
        public String toString() {
            return refuse("an object");
        }
    }
}
