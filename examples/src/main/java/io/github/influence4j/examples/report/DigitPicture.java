package io.github.influence4j.examples.report;

import io.github.influence4j.examples.data.DigitImage;
import io.github.influence4j.examples.data.DigitPng;
import java.util.Base64;

/** A digit as a picture inside the page; the page's style enlarges it without blur. */
final class DigitPicture {

    private DigitPicture() {}

    /** A PNG as a {@code data:} address. */
    static String dataUri(DigitImage image) {
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(DigitPng.of(image));
    }
}
