package io.github.influence4j.examples.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DigitsTest {

    /** Class counts and mean pixel as the data set's own description gives them. */
    @Test
    void holdsTheDataSet() {
        List<DigitImage> images = Digits.load();

        assertEquals(1_797, images.size());
        int[] counts = new int[10];
        images.forEach(image -> counts[image.label()]++);
        assertArrayEquals(new int[] {178, 182, 177, 183, 181, 182, 181, 179, 174, 180}, counts);
        double mean = images.stream()
                .flatMapToDouble(image -> Arrays.stream(image.pixels()))
                .average()
                .orElseThrow();
        assertEquals(4.884, mean * 16, 5e-4);
        assertTrue(images.stream().noneMatch(DigitImage::flipped));
        for (int k = 0; k < images.size(); k++) {
            assertEquals(k, images.get(k).id());
        }
    }

    @Test
    void scalesPixelsToOne() {
        double[] first = Digits.load().get(0).pixels();

        assertArrayEquals(new double[] {0, 0, 5 / 16.0, 13 / 16.0, 9 / 16.0, 1 / 16.0, 0, 0}, Arrays.copyOf(first, 8));
    }

    @ParameterizedTest
    @CsvSource({
        "63, 0, 0, 'image 0: expected 65 fields, found 64'",
        "64, 17, 0, 'image 0, field 0: expected 0 to 16, found 17'",
        "64, -1, 0, 'image 0, field 0: expected 0 to 16, found -1'",
        "64, x, 0, 'image 0, field 0: expected an integer, found ''x'''",
        "64, 0, 10, 'image 0, field 64: expected 0 to 9, found 10'",
    })
    void refusesWhatIsNotADigit(int pixels, String pixel, String label, String message) throws IOException {
        InputStream file = gzip((pixel + ",").repeat(pixels) + label + "\n");

        IllegalStateException e = assertThrows(IllegalStateException.class, () -> Digits.read(file));
        assertEquals("digits, " + message, e.getMessage());
    }

    @Test
    void refusesImagesOfAnotherShape() {
        assertThrows(IllegalArgumentException.class, () -> new DigitImage(3, new double[63], 1, 1));
        assertThrows(IllegalArgumentException.class, () -> new DigitImage(3, new double[64], 10, 1));
        assertThrows(IllegalArgumentException.class, () -> new DigitImage(3, new double[64], 1, -1));
    }

    private static InputStream gzip(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
            out.write(text.getBytes(StandardCharsets.US_ASCII));
        }
        return new ByteArrayInputStream(bytes.toByteArray());
    }
}
