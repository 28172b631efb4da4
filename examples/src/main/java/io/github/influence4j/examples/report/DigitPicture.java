package io.github.influence4j.examples.report;

import io.github.influence4j.examples.data.DigitImage;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** A digit as a picture inside the page, one picture element a pixel; the page's style enlarges it without blur. */
final class DigitPicture {

    private static final int WHITE = 255;

    private DigitPicture() {}

    /** A PNG as a {@code data:} address, dark ink on white paper. */
    static String dataUri(DigitImage image) {
        BufferedImage picture = new BufferedImage(DigitImage.SIDE, DigitImage.SIDE, BufferedImage.TYPE_BYTE_GRAY);
        for (int y = 0; y < DigitImage.SIDE; y++) {
            for (int x = 0; x < DigitImage.SIDE; x++) {
                int shade = WHITE - (int) Math.round(WHITE * image.pixels()[y * DigitImage.SIDE + x]);
                picture.getRaster().setSample(x, y, 0, shade);
            }
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        // A stream of our own: ImageIO would put its cache into a file for each picture.
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            if (!ImageIO.write(picture, "png", out)) {
                throw new IllegalStateException("this Java runtime cannot write PNG");
            }
        } catch (IOException e) {
            throw new UncheckedIOException("picture of image " + image.id(), e);
        }
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(bytes.toByteArray());
    }
}
