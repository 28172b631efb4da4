package io.github.influence4j.lm.text;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.filter.Filter;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.io.JsonStringEncoder;

/** The filter {@code tojson} as transformers has it: Python's separators, nothing escaped beyond what JSON asks for. */
final class ToJson implements Filter {

    @Override
    public String getName() {
        return "tojson";
    }

    @Override
    public Object filter(
            @Nullable Object value, JinjavaInterpreter interpreter, Object[] given, Map<String, Object> named) {
        Object indent = named.getOrDefault("indent", given.length > 0 ? given[0] : null);
        StringBuilder json = new StringBuilder();
        write(json, value, indent instanceof Number number ? number.intValue() : 0, 0);
        return json.toString();
    }

    @Override
    public Object filter(@Nullable Object value, JinjavaInterpreter interpreter, String... given) {
        return filter(value, interpreter, Arrays.copyOf(given, given.length, Object[].class), Map.of());
    }

    private static void write(StringBuilder json, @Nullable Object value, int indent, int depth) {
        if (value instanceof Map<?, ?> map) {
            Iterator<? extends Map.Entry<?, ?>> entries = map.entrySet().iterator();
            json.append('{');
            while (entries.hasNext()) {
                Map.Entry<?, ?> entry = entries.next();
                newLine(json, indent, depth + 1);
                quote(json, String.valueOf(entry.getKey()));
                json.append(": ");
                write(json, entry.getValue(), indent, depth + 1);
                json.append(entries.hasNext() ? indent > 0 ? "," : ", " : "");
            }
            newLine(json, map.isEmpty() ? 0 : indent, depth);
            json.append('}');
        } else if (value instanceof List<?> list) {
            json.append('[');
            for (int k = 0; k < list.size(); k++) {
                newLine(json, indent, depth + 1);
                write(json, list.get(k), indent, depth + 1);
                json.append(k + 1 < list.size() ? indent > 0 ? "," : ", " : "");
            }
            newLine(json, list.isEmpty() ? 0 : indent, depth);
            json.append(']');
        } else if (value == null || value instanceof Number || value instanceof Boolean) {
            json.append(value);
        } else {
            quote(json, value.toString());
        }
    }

    private static void newLine(StringBuilder json, int indent, int depth) {
        if (indent > 0) {
            json.append('\n').append(" ".repeat(indent * depth));
        }
    }

    private static void quote(StringBuilder json, String text) {
        json.append('"')
                .append(JsonStringEncoder.getInstance().quoteAsCharArray(text))
                .append('"');
    }
}
