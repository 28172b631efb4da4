package io.github.influence4j.text.token;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import com.knuddels.jtokkit.api.IntArrayList;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * GPT-2's byte-pair tokens (JTokkit's {@code r50k_base}), reduced to those that a corpus uses most.
 *
 * <p>A head over 50,000 tokens would be most of a small model. So the vocabulary is the 256 bytes and the tokens that occur
 * most often in the corpus, renumbered from 0; a token that was not kept is written as its bytes, so that every text can be
 * expressed and {@code decode(encode(text))} gives the text back.
 */
public final class SubwordTokenizer implements Tokenizer {

    /** Bytes that a token can be: the smallest vocabulary. */
    public static final int BYTES = 256;

    private final Encoding gpt;
    private final byte[][] pieces;
    private final Map<Integer, Integer> kept;

    private SubwordTokenizer(Encoding gpt, List<Integer> largeTokens) {
        this.gpt = gpt;
        this.pieces = new byte[BYTES + largeTokens.size()][];
        this.kept = new HashMap<>();
        for (int b = 0; b < BYTES; b++) {
            pieces[b] = new byte[] {(byte) b};
        }
        for (int k = 0; k < largeTokens.size(); k++) {
            int large = largeTokens.get(k);
            pieces[BYTES + k] = bytes(gpt, large);
            kept.put(large, BYTES + k);
        }
    }

    /**
     * Makes a tokeniser for a corpus.
     *
     * @param texts the corpus; fit it on training texts only
     * @param size most tokens, at least 256; ties between tokens that occur equally often go to GPT-2's lower number
     * @return the tokeniser
     * @throws IllegalArgumentException if the size is below 256
     */
    public static SubwordTokenizer ofCorpus(List<String> texts, int size) {
        if (size < BYTES) {
            throw new IllegalArgumentException("a vocabulary of bytes and more needs a size of 256, found " + size);
        }
        Encoding gpt = Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.R50K_BASE);
        Map<Integer, Long> counts = new HashMap<>();
        for (String text : texts) {
            IntArrayList tokens = gpt.encodeOrdinary(text);
            for (int k = 0; k < tokens.size(); k++) {
                counts.merge(tokens.get(k), 1L, Long::sum);
            }
        }
        List<Integer> most = counts.entrySet().stream()
                .filter(entry -> bytes(gpt, entry.getKey()).length > 1)
                .sorted(Comparator.comparing((Map.Entry<Integer, Long> entry) -> -entry.getValue())
                        .thenComparing(Map.Entry::getKey))
                .limit(size - (long) BYTES)
                .map(Map.Entry::getKey)
                .toList();
        return new SubwordTokenizer(gpt, most);
    }

    private static byte[] bytes(Encoding gpt, int token) {
        IntArrayList one = new IntArrayList();
        one.add(token);
        return gpt.decodeBytes(one);
    }

    @Override
    public int size() {
        return pieces.length;
    }

    @Override
    public int[] encode(String text) {
        return Arrays.stream(gpt.encodeOrdinary(text).toArray())
                .flatMap(this::small)
                .toArray();
    }

    private IntStream small(int large) {
        Integer token = kept.get(large);
        if (token != null) {
            return IntStream.of(token);
        }
        byte[] bytes = bytes(gpt, large);
        return IntStream.range(0, bytes.length).map(k -> Byte.toUnsignedInt(bytes[k]));
    }

    @Override
    public String decode(int[] tokens) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int token : tokens) {
            bytes.writeBytes(piece(token));
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private byte[] piece(int token) {
        if (token < 0 || token >= pieces.length) {
            throw new IllegalArgumentException("token " + token + " is not in a vocabulary of " + pieces.length);
        }
        return pieces[token];
    }

    @Override
    public List<String> texts(int[] tokens) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPLACE);
        int length = IntStream.of(tokens).map(token -> piece(token).length).sum();
        ByteBuffer bytes = ByteBuffer.allocate(length);
        CharBuffer characters = CharBuffer.allocate(length);
        List<String> texts = new ArrayList<>();
        for (int t = 0; t < tokens.length; t++) {
            // bytes of a character that is not complete yet stay in the buffer
            bytes.put(piece(tokens[t])).flip();
            decoder.decode(bytes, characters, t == tokens.length - 1);
            bytes.compact();
            texts.add(characters.flip().toString());
            characters.clear();
        }
        return texts;
    }
}
