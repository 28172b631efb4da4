package io.github.influence4j.lm.text;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import io.github.influence4j.safetensors.MalformedFileException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * The tokeniser of a checkpoint: the reference implementation in Rust, as DJL binds it, with what the checkpoint says about
 * start and end tokens.
 *
 * <p>Its native library is in DJL's jar and is copied to DJL's cache folder on first use; nothing is downloaded, and DJL's
 * messages about its use are switched off. Safe for use by several threads. Whoever opens it closes it.
 */
public final class ModelTokenizer implements AutoCloseable {

    /** Largest {@code tokenizer.json} that is read; those of vocabularies of a quarter of a million have 33 MB. */
    private static final long MAX_FILE = 256L << 20;

    private final HuggingFaceTokenizer tokenizer;
    private final TokenizerConfig config;

    private ModelTokenizer(HuggingFaceTokenizer tokenizer, TokenizerConfig config) {
        this.tokenizer = tokenizer;
        this.config = config;
    }

    /**
     * Opens the tokeniser of a folder as it is downloaded.
     *
     * @param folder holds {@code tokenizer.json}, and {@code tokenizer_config.json} if there is one
     * @return the tokeniser, which the caller closes
     * @throws IOException if a file cannot be read
     * @throws MalformedFileException if the folder has no tokeniser, or it is not what it should be
     */
    public static ModelTokenizer open(Path folder) throws IOException {
        Path file = folder.resolve("tokenizer.json");
        if (!Files.isRegularFile(file)) {
            throw new MalformedFileException(
                    file, "is missing; download the checkpoint's tokenizer.json, or give data with \"input_ids\"");
        }
        if (Files.size(file) > MAX_FILE) {
            throw new MalformedFileException(
                    file, "has " + Files.size(file) + " bytes, at most " + MAX_FILE + " are read");
        }
        return of(file, Files.readAllBytes(file), TokenizerConfig.read(folder));
    }

    /**
     * Makes a tokeniser from the text of a {@code tokenizer.json}.
     *
     * @param file where it comes from, for messages
     * @param json the text in UTF-8
     * @param config what is said beside it
     * @return the tokeniser, which the caller closes
     * @throws MalformedFileException if it is not a tokeniser, or knows no token that the configuration names
     */
    public static ModelTokenizer of(Path file, byte[] json, TokenizerConfig config) {
        // without the first a machine with a card gets another library from the network; the second is DJL's call home
        setUnlessSet("RUST_FLAVOR", "cpu");
        setUnlessSet("OPT_OUT_TRACKING", "true");
        TokenizerJson.check(file, json);
        HuggingFaceTokenizer tokenizer;
        try {
            tokenizer = HuggingFaceTokenizer.newInstance(
                    new ByteArrayInputStream(json), Map.of("truncation", "false", "padding", "false"));
        } catch (IOException | RuntimeException e) {
            throw new MalformedFileException(file, "is not a tokeniser: " + e.getMessage(), e);
        }
        ModelTokenizer opened = new ModelTokenizer(tokenizer, config);
        try {
            opened.startToken();
            opened.endToken();
        } catch (RuntimeException e) {
            opened.close();
            throw e;
        }
        return opened;
    }

    private static void setUnlessSet(String name, String value) {
        if (System.getenv(name) == null && System.getProperty(name) == null) {
            System.setProperty(name, value);
        }
    }

    /**
     * Returns what the checkpoint says beside the tokeniser.
     *
     * @return its configuration
     */
    public TokenizerConfig config() {
        return config;
    }

    /**
     * Returns the token that texts begin with.
     *
     * @return the token, if the checkpoint names one
     */
    public OptionalInt startToken() {
        return token("bos_token");
    }

    /**
     * Returns the token that texts end with.
     *
     * @return the token, if the checkpoint names one
     */
    public OptionalInt endToken() {
        return token("eos_token");
    }

    private OptionalInt token(String use) {
        Optional<String> text = Optional.ofNullable(config.specialTokens().get(use));
        if (text.isEmpty()) {
            return OptionalInt.empty();
        }
        long[] ids = tokenizer.encode(text.get(), false, false).getIds();
        if (ids.length != 1) {
            throw new MalformedFileException(
                    config.file(),
                    use + " " + MalformedFileException.quote(text.get()) + " is not one token of the tokeniser but "
                            + ids.length);
        }
        return OptionalInt.of((int) ids[0]);
    }

    /**
     * Divides a text into tokens, without start and end tokens; special tokens that are written out in it are recognised.
     *
     * @param text the text
     * @return its tokens
     * @throws IllegalArgumentException if the text has half a surrogate pair, which is no character
     */
    public TokenisedText encode(String text) {
        return located(text, encoded(text, false));
    }

    /**
     * Divides a text into tokens, with the start and end tokens that the checkpoint puts around texts.
     *
     * @param text the text
     * @return its tokens
     * @throws IllegalArgumentException if the text has half a surrogate pair, which is no character
     */
    public TokenisedText encodeWhole(String text) {
        Encoding encoding = encoded(text, true);
        TokenisedText tokens = located(text, encoding);
        long[] added = encoding.getSpecialTokenMask();
        int from = 0;
        int to = tokens.size();
        OptionalInt bos = startToken();
        OptionalInt eos = endToken();
        boolean begins = to > 0 && added[0] == 1 && bos.isPresent() && tokens.ids()[0] == bos.getAsInt();
        if (begins && !config.addBos().orElse(true)) {
            from++;
        }
        boolean ends = to > from && added[to - 1] == 1 && eos.isPresent() && tokens.ids()[to - 1] == eos.getAsInt();
        if (ends && !config.addEos().orElse(true)) {
            to--;
        }
        OptionalInt first = !begins && config.addBos().orElse(false) ? required(bos, "bos_token") : OptionalInt.empty();
        OptionalInt last = !ends && config.addEos().orElse(false) ? required(eos, "eos_token") : OptionalInt.empty();
        int end = text.length();
        return new TokenisedText(
                framed(tokens.ids(), from, to, first, last),
                framed(tokens.starts(), from, to, at(first, 0), at(last, end)),
                framed(tokens.ends(), from, to, at(first, 0), at(last, end)));
    }

    private OptionalInt required(OptionalInt token, String use) {
        if (token.isEmpty()) {
            throw new MalformedFileException(config.file(), "asks for a " + use + " at texts, and names none");
        }
        return token;
    }

    private static OptionalInt at(OptionalInt token, int place) {
        return token.isPresent() ? OptionalInt.of(place) : OptionalInt.empty();
    }

    private static int[] framed(int[] values, int from, int to, OptionalInt first, OptionalInt last) {
        IntStream middle = Arrays.stream(values, from, to);
        return IntStream.concat(IntStream.concat(first.stream(), middle), last.stream())
                .toArray();
    }

    private Encoding encoded(String text, boolean special) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new IllegalArgumentException("half a surrogate pair in the text, which is no character");
        }
        return tokenizer.encode(text, special, false);
    }

    /** The library counts code points, Java's texts have two places for those beyond the first 65,536. */
    private static TokenisedText located(String text, Encoding encoding) {
        int[] ids = Arrays.stream(encoding.getIds()).mapToInt(Math::toIntExact).toArray();
        CharSpan[] spans = encoding.getCharTokenSpans();
        int[] starts = new int[ids.length];
        int[] ends = new int[ids.length];
        int[] places = places(text);
        int last = 0;
        for (int k = 0; k < ids.length; k++) {
            CharSpan span = spans[k];
            // tokens that are put around the text have no place in it
            starts[k] = span == null ? last : places[Math.min(span.getStart(), places.length - 1)];
            ends[k] = span == null ? last : places[Math.min(span.getEnd(), places.length - 1)];
            last = ends[k];
        }
        return new TokenisedText(ids, starts, ends);
    }

    private static int[] places(String text) {
        int[] places = new int[text.codePointCount(0, text.length()) + 1];
        for (int k = 0, at = 0; k + 1 < places.length; k++) {
            at += Character.charCount(text.codePointAt(at));
            places[k + 1] = at;
        }
        return places;
    }

    /**
     * Writes tokens as a text, special tokens included.
     *
     * @param ids the tokens
     * @return the text; tokens that the tokeniser does not know are left out
     */
    public String decode(int... ids) {
        return tokenizer.decode(Arrays.stream(ids).asLongStream().toArray(), false);
    }

    /** Gives the native memory back. */
    @Override
    public void close() {
        tokenizer.close();
    }
}
