package io.github.influence4j.lm.text;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.el.JinjavaInterpreterResolver;
import com.hubspot.jinjava.interpret.Context;
import com.hubspot.jinjava.interpret.FatalTemplateErrorsException;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import io.github.influence4j.safetensors.MalformedFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import jinjava.javax.el.CompositeELResolver;
import org.jspecify.annotations.Nullable;

/**
 * The Jinja template with which a checkpoint writes a conversation as one text.
 *
 * <p>Templates are programs of strangers: they get the messages and the special tokens, read no files, and may not write more
 * than {@value #MAX_TEXT} characters. What messages say is never taken for a template.
 */
public final class ChatTemplate {

    private static final int MAX_TEXT = 1 << 24;

    private final Path file;
    private final String template;
    private final Map<String, String> specialTokens;
    private final Jinjava jinja;

    /** Thrown by templates for conversations that they do not take. */
    static final class Refusal extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Refusal(String message) {
            super(message);
        }
    }

    private ChatTemplate(Path file, String template, Map<String, String> specialTokens, Jinjava jinja) {
        this.file = file;
        this.template = template;
        this.specialTokens = Map.copyOf(specialTokens);
        this.jinja = jinja;
    }

    /**
     * Checks a template.
     *
     * @param file where it stands, for messages
     * @param template the template
     * @param specialTokens what it may refer to, such as {@code bos_token}
     * @return the template
     * @throws MalformedFileException if it cannot be parsed
     */
    public static ChatTemplate of(Path file, String template, Map<String, String> specialTokens) {
        return of(file, template, specialTokens, Clock.systemDefaultZone());
    }

    static ChatTemplate of(Path file, String template, Map<String, String> specialTokens, Clock clock) {
        Jinjava jinja = engine(clock);
        String prepared;
        try {
            prepared = TemplateText.prepared(template, new KnownNames(jinja.getGlobalContext()));
        } catch (IllegalArgumentException e) {
            throw unparsable(file, String.valueOf(e.getMessage()), e);
        }
        ChatTemplate checked = new ChatTemplate(file, prepared, specialTokens, jinja);
        JinjavaInterpreter interpreter = jinja.newInterpreter();
        try {
            interpreter.parse(prepared);
        } catch (RuntimeException e) {
            throw unparsable(file, String.valueOf(e.getMessage()), e);
        }
        if (!interpreter.getErrors().isEmpty()) {
            throw unparsable(file, interpreter.getErrors().get(0).getMessage(), null);
        }
        return checked;
    }

    /** The library takes what it does not know for nothing, and writes another text without a word. */
    private record KnownNames(Context context) implements TemplateText.Names {

        @Override
        public void filter(String name) {
            if (context.getFilter(name) == null) {
                throw new IllegalArgumentException("the filter " + name + " is not known");
            }
        }

        @Override
        public void test(String name) {
            if (context.getExpTest(name) == null) {
                throw new IllegalArgumentException("the test " + name + " is not known");
            }
        }
    }

    private static MalformedFileException unparsable(Path file, String problem, @Nullable Exception cause) {
        String message = "the chat template cannot be parsed: " + problem
                + "; mend it, or give the data as \"prompt\" and \"completion\" instead of \"messages\"";
        return cause == null
                ? new MalformedFileException(file, message)
                : new MalformedFileException(file, message, cause);
    }

    private static Jinjava engine(Clock clock) {
        CompositeELResolver resolver = new CompositeELResolver();
        resolver.add(new PythonMethods());
        resolver.add(JinjavaInterpreterResolver.DEFAULT_RESOLVER_READ_ONLY);
        JinjavaConfig config = JinjavaConfig.newBuilder()
                .withElResolver(resolver)
                .withNestedInterpretationEnabled(false)
                .withMaxOutputSize(MAX_TEXT)
                .withMaxStringLength(MAX_TEXT)
                .withRangeLimit(100_000)
                .withKeepTrailingNewline(true)
                .withDisabled(Map.of(Context.Library.TAG, Set.of("include", "import", "from", "extends")))
                .withLegacyOverrides(LegacyOverrides.Builder.from(LegacyOverrides.ALL)
                        .withWhitespaceRequiredWithinTokens(false)
                        .build())
                .build();
        Jinjava jinja = new Jinjava(config);
        // the functions are static for the library; what they need of this template comes with the context
        jinja.getGlobalContext()
                .registerFunction(new ELFunctionDefinition("", "raise_exception", TemplateFunctions.RAISE));
        jinja.getGlobalContext().registerFunction(new ELFunctionDefinition("", "strftime_now", TemplateFunctions.NOW));
        jinja.getGlobalContext().put(TemplateFunctions.CLOCK, clock);
        jinja.registerFilter(new ToJson());
        jinja.registerTag(new GenerationTag());
        return jinja;
    }

    /**
     * Writes a conversation.
     *
     * @param messages maps with {@code role}, {@code content} and whatever else the template knows
     * @param generationPrompt whether the text ends where the assistant would begin to speak
     * @return the text, special tokens included
     * @throws IllegalArgumentException if the template refuses the conversation or cannot write it
     */
    public String render(List<? extends Map<String, ?>> messages, boolean generationPrompt) {
        return render(messages, generationPrompt, false);
    }

    /** Whether the template says itself, by {@code {% generation %}}, what the assistant generates. */
    boolean marksGeneration() {
        return GenerationTag.isIn(template);
    }

    /**
     * Finds what the template says that the assistant generates.
     *
     * @param messages the conversation
     * @param text what {@link #render} makes of it
     * @return the first place in the text and the one behind the last, of each piece
     * @throws IllegalArgumentException if the template changes what it marks, so that it cannot be found again
     */
    List<int[]> generated(List<? extends Map<String, ?>> messages, String text) {
        return GenerationTag.places(render(messages, false, true), text)
                .orElseThrow(() -> refused("what it marks as generated cannot be found in its text", null));
    }

    private String render(List<? extends Map<String, ?>> messages, boolean generationPrompt, boolean marked) {
        Map<String, Object> context = new HashMap<>(specialTokens);
        context.put("messages", MessageValues.of(messages));
        context.put(GenerationTag.MARKED, marked);
        // templates ask whether these functions are there, which the library answers for values only
        context.put("strftime_now", true);
        context.put("raise_exception", true);
        context.put("add_generation_prompt", generationPrompt);
        RenderResult result;
        try {
            result = jinja.renderForResult(template, context);
        } catch (FatalTemplateErrorsException e) {
            throw refused(String.valueOf(e.getMessage()), e);
        }
        for (TemplateError error : result.getErrors()) {
            throw refusal(error.getException())
                    .map(refusal -> refused("it says: " + refusal.getMessage(), refusal))
                    .orElseGet(() -> refused(error.getMessage(), error.getException()));
        }
        return result.getOutput();
    }

    private MalformedFileException refused(String why, @Nullable Exception cause) {
        String message = "the chat template does not take these messages: " + why;
        return cause == null
                ? new MalformedFileException(file, message)
                : new MalformedFileException(file, message, cause);
    }

    private static Optional<Refusal> refusal(@Nullable Throwable thrown) {
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            if (t instanceof Refusal refusal) {
                return Optional.of(refusal);
            }
        }
        return Optional.empty();
    }
}
