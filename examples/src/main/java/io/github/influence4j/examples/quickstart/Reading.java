package io.github.influence4j.examples.quickstart;

import io.github.influence4j.examples.data.DigitImage;

/**
 * What the network makes of an image.
 *
 * @param image the image
 * @param predicted the digit of the highest probability
 * @param confidence that probability
 * @param margin probability of the true digit less that of the likeliest other one; negative where the image is misread
 * @param loss −log of the probability of the label
 */
record Reading(DigitImage image, int predicted, double confidence, double margin, double loss) {

    static Reading of(DigitImage image, double[] probabilities, double loss) {
        int best = image.trueLabel();
        double other = 0;
        for (int digit = 0; digit < probabilities.length; digit++) {
            if (probabilities[digit] > probabilities[best]) {
                best = digit;
            }
            if (digit != image.trueLabel()) {
                other = Math.max(other, probabilities[digit]);
            }
        }
        return new Reading(image, best, probabilities[best], probabilities[image.trueLabel()] - other, loss);
    }

    /** Whether the network reads what was written. */
    boolean correct() {
        return predicted == image.trueLabel();
    }

    /** Whether the network gives back the label it was told. */
    boolean asTold() {
        return predicted == image.label();
    }
}
