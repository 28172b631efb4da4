package io.github.influence4j.examples.quickstart;

import io.github.influence4j.examples.data.DigitImage;
import java.util.List;

/**
 * A test image, what the network made of it, and the training images behind that.
 *
 * @param image the test image
 * @param predicted the digit that the network reads
 * @param confidence the probability it gives that digit
 * @param loss −log of the probability of the true digit
 * @param helpful training images that lower the loss most, strongest first
 * @param harmful training images that raise the loss most, strongest first
 */
public record ExplainedImage(
        DigitImage image,
        int predicted,
        double confidence,
        double loss,
        List<ScoredImage> helpful,
        List<ScoredImage> harmful) {

    /** Copies the lists. */
    public ExplainedImage {
        helpful = List.copyOf(helpful);
        harmful = List.copyOf(harmful);
    }

    /**
     * Says whether the network reads the image rightly.
     *
     * @return whether the prediction is the true label
     */
    public boolean correct() {
        return predicted == image.trueLabel();
    }
}
