package io.github.influence4j.cli;

import java.util.List;
import java.util.Optional;

/**
 * What a report shows of an example; nothing where only its id is known.
 *
 * @param text in pieces
 * @param contrast of a question that asks why the text and not this one
 * @param picture its picture
 */
record Shown(List<ShadedText.Piece> text, List<ShadedText.Piece> contrast, Optional<Pictures.Picture> picture) {

    static Shown of(List<ShadedText.Piece> text) {
        return new Shown(text, List.of(), Optional.empty());
    }

    Shown with(Optional<Pictures.Picture> value) {
        return new Shown(text, contrast, value);
    }
}
