package io.github.influence4j.examples.data;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** Reads the handwritten digits that come with the examples (see {@code data/README.md} among the resources). */
public final class Digits {

    /** Number of images in the file. */
    public static final int COUNT = 1_797;

    private static final String RESOURCE = "/data/digits.csv.gz";
    private static final int PIXELS = DigitImage.SIDE * DigitImage.SIDE;
    private static final int INK = 16;

    private Digits() {}

    /**
     * Reads all images.
     *
     * @return 1,797 images in the order of the file, with their true labels
     * @throws IllegalStateException if the file does not hold what it should
     */
    public static List<DigitImage> load() {
        try (InputStream in = Digits.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException("resource " + RESOURCE + " is not on the class path");
            }
            List<DigitImage> images = read(in);
            if (images.size() != COUNT) {
                throw new IllegalStateException(RESOURCE + ": expected " + COUNT + " images, found " + images.size());
            }
            return images;
        } catch (IOException e) {
            throw new UncheckedIOException(RESOURCE, e);
        }
    }

    static List<DigitImage> read(InputStream gzip) throws IOException {
        List<DigitImage> images = new ArrayList<>(COUNT);
        try (CsvReader<CsvRecord> rows = CsvReader.builder()
                .ofCsvRecord(new InputStreamReader(new GZIPInputStream(gzip), StandardCharsets.US_ASCII))) {
            for (CsvRecord row : rows) {
                images.add(image(images.size(), row));
            }
        }
        return List.copyOf(images);
    }

    private static DigitImage image(int id, CsvRecord row) {
        if (row.getFieldCount() != PIXELS + 1) {
            throw new IllegalStateException(
                    "digits, image " + id + ": expected " + (PIXELS + 1) + " fields, found " + row.getFieldCount());
        }
        double[] pixels = new double[PIXELS];
        for (int k = 0; k < PIXELS; k++) {
            pixels[k] = number(id, row, k, INK) / (double) INK;
        }
        int label = number(id, row, PIXELS, DigitImage.CLASSES - 1);
        return new DigitImage(id, pixels, label, label);
    }

    private static int number(int id, CsvRecord row, int field, int largest) {
        String text = row.getField(field);
        int value;
        try {
            value = Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalStateException(
                    "digits, image " + id + ", field " + field + ": expected an integer, found '" + text + "'", e);
        }
        if (value < 0 || value > largest) {
            throw new IllegalStateException(
                    "digits, image " + id + ", field " + field + ": expected 0 to " + largest + ", found " + value);
        }
        return value;
    }
}
