package io.github.influence4j.examples.quickstart;

/**
 * The network that is explained.
 *
 * @param form layers and activation in words
 * @param parameters number of weights and biases
 * @param trainSize images it learned from
 * @param flipped how many of them carry a wrong label
 * @param flippedLearned how many of the wrong labels it gives back
 * @param testSize images it is tested on
 * @param testCorrect how many of those it reads rightly
 */
public record ModelSummary(
        String form, long parameters, int trainSize, int flipped, int flippedLearned, int testSize, int testCorrect) {

    /**
     * Returns the share of test images read rightly.
     *
     * @return from 0 to 1
     */
    public double testAccuracy() {
        return testCorrect / (double) testSize;
    }
}
