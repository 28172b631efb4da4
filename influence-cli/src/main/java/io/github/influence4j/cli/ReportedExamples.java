package io.github.influence4j.cli;

import io.github.influence4j.lm.text.TextData;
import io.github.influence4j.lm.text.TextExample;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Examples as a report shows them. */
interface ReportedExamples {

    /** An example, with one part a token; without parts where they were not kept. */
    Shown shown(long id, double[] parts);

    /** The ids of those that a search by words goes through; none where there are no words. */
    default long[] searched() {
        return new long[0];
    }

    /** The words of an example. */
    default String words(long id) {
        return "";
    }

    /** Examples of which only the ids are known. */
    static ReportedExamples byId() {
        return (id, parts) -> Shown.of(positions(parts));
    }

    /** Parts without tokens: the positions are shaded. */
    private static List<ShadedText.Piece> positions(double[] parts) {
        return ShadedText.of(
                IntStream.range(0, parts.length).mapToObj(t -> t + " ").toList(), parts);
    }

    /** The lines that a language model read, in its tokens. */
    static ReportedExamples of(TextData data) {
        return new ReportedExamples() {
            @Override
            public Shown shown(long id, double[] parts) {
                TextExample example = data.text(id);
                List<ShadedText.Piece> contrast = example.contrast()
                        .map(other -> ShadedText.of(other, new double[0]))
                        .orElse(List.of());
                return new Shown(ShadedText.of(example, parts), contrast, Optional.empty());
            }

            @Override
            public long[] searched() {
                return data.ids();
            }

            @Override
            public String words(long id) {
                return data.text(id).text();
            }
        };
    }

    /** Lines or rows of a file; where a line has its tokens, they are shaded. */
    static ReportedExamples of(ExampleTexts texts, String what) {
        Map<Long, Integer> places = texts.places();
        return new ReportedExamples() {
            private int place(long id) {
                Integer place = places.get(id);
                if (place == null) {
                    throw texts.missing(what, id);
                }
                return place;
            }

            @Override
            public Shown shown(long id, double[] parts) {
                List<String> tokens = texts.tokens(place(id));
                if (!tokens.isEmpty()) {
                    return Shown.of(ShadedText.of(tokens, parts));
                }
                return new Shown(ShadedText.plain(words(id)), List.of(), Optional.empty());
            }

            @Override
            public long[] searched() {
                return texts.ids();
            }

            @Override
            public String words(long id) {
                return texts.text(place(id));
            }
        };
    }

    /** The same examples with their pictures. */
    default ReportedExamples with(Pictures pictures) {
        ReportedExamples plain = this;
        return new ReportedExamples() {
            @Override
            public Shown shown(long id, double[] parts) {
                return plain.shown(id, parts).with(Optional.of(pictures.of(id)));
            }

            @Override
            public long[] searched() {
                return plain.searched();
            }

            @Override
            public String words(long id) {
                return plain.words(id);
            }
        };
    }
}
