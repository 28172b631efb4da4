package io.github.influence4j.lm.text;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.objects.date.StrftimeFormatter;
import java.lang.reflect.Method;
import java.time.Clock;
import java.time.ZonedDateTime;

/** The functions that transformers offers to chat templates. */
final class TemplateFunctions {

    /** Name of the clock in the context. */
    static final String CLOCK = "influence_clock";

    static final Method RAISE = method("raise");
    static final Method NOW = method("now");

    private TemplateFunctions() {}

    /** Refuses a conversation. */
    static String raise(String message) {
        throw new ChatTemplate.Refusal(message);
    }

    /** Writes the present time in a format of Python's strftime. */
    static String now(String format) {
        Object clock = JinjavaInterpreter.getCurrent().getContext().get(CLOCK);
        return StrftimeFormatter.format(ZonedDateTime.now((Clock) clock), format);
    }

    private static Method method(String name) {
        try {
            Method method = TemplateFunctions.class.getDeclaredMethod(name, String.class);
            method.setAccessible(true); // the Jinja library calls it
            return method;
        } catch (NoSuchMethodException e) {
            throw new IllegalStateException(name, e);
        }
    }
}
