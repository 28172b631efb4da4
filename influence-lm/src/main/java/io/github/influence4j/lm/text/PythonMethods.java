package io.github.influence4j.lm.text;

import java.beans.FeatureDescriptor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import jinjava.javax.el.ELContext;
import jinjava.javax.el.ELResolver;
import org.jspecify.annotations.Nullable;

/** Python's methods of texts, lists and maps that chat templates call, for the Jinja library, which offers Java's. */
final class PythonMethods extends ELResolver {

    /** What {@link TemplateText} makes of the slice [::-1]. */
    static final String REVERSED = "reversed_list";

    @Override
    public @Nullable Object invoke(
            ELContext context,
            @Nullable Object base,
            @Nullable Object method,
            Class<?> @Nullable [] types,
            Object @Nullable [] arguments) {
        Object[] given = arguments == null ? new Object[0] : arguments;
        String name = String.valueOf(method);
        Object result = base instanceof CharSequence text
                ? ofText(text.toString(), name, given)
                : base instanceof List<?> list && name.equals(REVERSED)
                        ? reversed(list)
                        : base instanceof Map<?, ?> map && name.equals("get") ? get(map, given) : this;
        if (result == this) {
            return null;
        }
        context.setPropertyResolved(true);
        return result;
    }

    /** This object where there is no such method. */
    private @Nullable Object ofText(String text, String name, Object[] given) {
        String first = given.length > 0 && given[0] != null ? given[0].toString() : "";
        return switch (name) {
            case "strip" -> strip(text, given, true, true);
            case "lstrip" -> strip(text, given, true, false);
            case "rstrip" -> strip(text, given, false, true);
            case "startswith" -> text.startsWith(first);
            case "endswith" -> text.endsWith(first);
            case "upper" -> text.toUpperCase(Locale.ROOT);
            case "lower" -> text.toLowerCase(Locale.ROOT);
            case "title", "capitalize" -> capitalised(text, name.equals("title"));
            case "find" -> (long) text.indexOf(first);
            case "replace" -> given.length == 2 ? text.replace(first, Objects.toString(given[1], "")) : this;
            case "split" -> given.length == 1 ? split(text, first) : given.length == 0 ? words(text) : this;
            case REVERSED -> new StringBuilder(text).reverse().toString();
            default -> this;
        };
    }

    private static String strip(String text, Object[] given, boolean left, boolean right) {
        String set = given.length > 0 && given[0] != null ? given[0].toString() : null;
        int from = 0;
        int to = text.length();
        while (left && from < to && strips(set, text.charAt(from))) {
            from++;
        }
        while (right && from < to && strips(set, text.charAt(to - 1))) {
            to--;
        }
        return text.substring(from, to);
    }

    private static boolean strips(@Nullable String set, char c) {
        return set == null ? Character.isWhitespace(c) : set.indexOf(c) >= 0;
    }

    private static String capitalised(String text, boolean everyWord) {
        StringBuilder result = new StringBuilder();
        boolean start = true;
        for (char c : text.toCharArray()) {
            result.append(start ? Character.toUpperCase(c) : Character.toLowerCase(c));
            start = everyWord && !Character.isLetter(c);
        }
        return result.toString();
    }

    private static List<Object> split(String text, String separator) {
        if (separator.isEmpty()) {
            throw new IllegalArgumentException("split with an empty separator");
        }
        List<Object> parts = new ArrayList<>();
        int from = 0;
        for (int k = text.indexOf(separator); k >= 0; k = text.indexOf(separator, from)) {
            parts.add(text.substring(from, k));
            from = k + separator.length();
        }
        parts.add(text.substring(from));
        return parts;
    }

    private static List<Object> words(String text) {
        String stripped = text.strip();
        return stripped.isEmpty() ? List.of() : List.of((Object[]) stripped.split("\\s+"));
    }

    private static List<Object> reversed(List<?> list) {
        List<Object> copy = new ArrayList<>(list);
        Collections.reverse(copy);
        return copy;
    }

    private static @Nullable Object get(Map<?, ?> map, Object[] given) {
        Object value = given.length > 0 ? map.get(String.valueOf(given[0])) : null;
        return value == null && given.length > 1 ? given[1] : value;
    }

    @Override
    public @Nullable Object getValue(ELContext context, @Nullable Object base, @Nullable Object property) {
        return null;
    }

    @Override
    public @Nullable Class<?> getType(ELContext context, @Nullable Object base, @Nullable Object property) {
        return null;
    }

    @Override
    public void setValue(ELContext context, @Nullable Object base, @Nullable Object property, @Nullable Object value) {
        // left to the resolvers behind this one
    }

    @Override
    public boolean isReadOnly(ELContext context, @Nullable Object base, @Nullable Object property) {
        return true;
    }

    @Override
    public Iterator<FeatureDescriptor> getFeatureDescriptors(ELContext context, @Nullable Object base) {
        return Collections.emptyIterator();
    }

    @Override
    public Class<?> getCommonPropertyType(ELContext context, @Nullable Object base) {
        return Object.class;
    }
}
