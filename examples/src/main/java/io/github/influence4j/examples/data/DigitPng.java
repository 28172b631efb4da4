package io.github.influence4j.examples.data;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** A digit as a picture, one picture element a pixel, dark ink on white paper. */
public final class DigitPng {

    private static final int WHITE = 255;

    private DigitPng() {}

    /**
     * Draws an image.
     *
     * @param image the image
     * @return a PNG of 8 by 8
     */
    public static byte[] of(DigitImage image) {
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
        return bytes.toByteArray();
    }
}
