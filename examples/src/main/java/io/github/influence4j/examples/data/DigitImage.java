package io.github.influence4j.examples.data;

/**
 * A handwritten digit of 8 × 8 pixels.
 *
 * @param id line of the image in the data file, from 0
 * @param pixels 64 shades from 0 (paper) to 1 (ink), row by row; not copied, not to be changed
 * @param trueLabel the digit that was written
 * @param label the label that a model is given, which differs where it was flipped
 */
@SuppressWarnings("ArrayRecordComponent") // images are told apart by id and never compared as a whole
public record DigitImage(long id, double[] pixels, int trueLabel, int label) {

    /** Rows and columns of an image. */
    public static final int SIDE = 8;

    /** Digits that can be written. */
    public static final int CLASSES = 10;

    /**
     * Checks the shape.
     *
     * @throws IllegalArgumentException if there are not 64 pixels or a label is not a digit
     */
    public DigitImage {
        if (pixels.length != SIDE * SIDE) {
            throw new IllegalArgumentException(
                    "image " + id + ": expected " + SIDE * SIDE + " pixels, found " + pixels.length);
        }
        requireDigit(id, trueLabel);
        requireDigit(id, label);
    }

    private static void requireDigit(long id, int label) {
        if (label < 0 || label >= CLASSES) {
            throw new IllegalArgumentException("image " + id + ": expected a label from 0 to 9, found " + label);
        }
    }

    /**
     * Says whether the label is wrong.
     *
     * @return whether {@code label} differs from {@code trueLabel}
     */
    public boolean flipped() {
        return label != trueLabel;
    }

    /**
     * Returns the same image under another label.
     *
     * @param other the label that a model is to be given
     * @return a new record over the same pixels
     */
    public DigitImage withLabel(int other) {
        return new DigitImage(id, pixels, trueLabel, other);
    }
}
