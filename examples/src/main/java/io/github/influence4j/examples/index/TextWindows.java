package io.github.influence4j.examples.index;

import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.examples.corpus.RealText;
import io.github.influence4j.examples.corpus.Verse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import tools.jackson.databind.json.JsonMapper;

/**
 * The gospels in English and in Spanish and half a novel, cut into sequences of 64 tokens, of which some are held out.
 *
 * @param train what questions are asked about
 * @param questions held out: of every other one the whole sequence is asked about, of the others the last 8 tokens
 * @param vocabulary number of token ids
 */
record TextWindows(List<TokenSequence> train, List<TokenSequence> questions, int vocabulary) {

    static final int LENGTH = 64;

    private static final JsonMapper JSON = new JsonMapper();

    private static final int COMPLETION = 8;

    /** The texts, one after the other. */
    static List<String> texts() {
        return List.of(
                String.join(" ", RealText.verses().stream().map(Verse::english).toList()),
                String.join(" ", RealText.verses().stream().map(Verse::spanish).toList()),
                String.join(" ", RealText.novel()));
    }

    /** Cuts the texts in the tokens of a model. */
    static TextWindows of(IndexStudyOptions options, Function<String, int[]> tokenizer, int vocabulary) {
        List<int[]> windows = new ArrayList<>();
        for (String text : texts()) {
            int[] tokens = tokenizer.apply(text);
            for (int at = 0; at + LENGTH <= tokens.length; at += LENGTH) {
                windows.add(Arrays.copyOfRange(tokens, at, at + LENGTH));
            }
        }
        Collections.shuffle(windows, new Random(options.seed()));
        int wanted = options.sequences() + options.questions();
        if (options.sequences() < 1 || options.questions() < 1 || wanted > windows.size()) {
            throw new IllegalArgumentException("the text makes " + windows.size() + " sequences of " + LENGTH
                    + " tokens, asked for were " + options.sequences() + " and " + options.questions() + " questions");
        }
        List<TokenSequence> questions = new ArrayList<>();
        for (int q = 0; q < options.questions(); q++) {
            int[] tokens = windows.get(q);
            questions.add(q % 2 == 0 ? TokenSequence.of(tokens) : TokenSequence.after(tokens, LENGTH - COMPLETION));
        }
        List<TokenSequence> train = windows.subList(options.questions(), wanted).stream()
                .map(TokenSequence::of)
                .toList();
        return new TextWindows(train, List.copyOf(questions), vocabulary);
    }

    /** Writes tokens and labels, as others read them: −100 is what is not asked about. */
    void write(Path file) throws IOException {
        Map<String, int[][]> rows = new LinkedHashMap<>();
        rows.put("train", train.stream().map(TokenSequence::tokens).toArray(int[][]::new));
        rows.put("questions", questions.stream().map(TokenSequence::tokens).toArray(int[][]::new));
        rows.put("labels", questions.stream().map(TokenSequence::labels).toArray(int[][]::new));
        Files.writeString(file, JSON.writeValueAsString(rows));
    }
}
