package io.github.influence4j.examples.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * A data set cut into what a model learns from and what it is tested on.
 *
 * @param train images to learn from
 * @param test images held back
 */
public record DigitSplit(List<DigitImage> train, List<DigitImage> test) {

    /** Copies the lists. */
    public DigitSplit {
        train = List.copyOf(train);
        test = List.copyOf(test);
    }

    /**
     * Draws a split without regard to the classes.
     *
     * @param images all images
     * @param trainSize how many to learn from; the others are held back
     * @param random the draw. {@link Random} because its algorithm is part of its specification, so that a seed means the
     *     same split on every Java version
     * @return the split, both parts in random order
     * @throws IllegalArgumentException if either part would be empty
     */
    public static DigitSplit draw(List<DigitImage> images, int trainSize, Random random) {
        if (trainSize < 1 || trainSize >= images.size()) {
            throw new IllegalArgumentException("cannot keep " + trainSize + " of " + images.size()
                    + " images for training and have some left for the test");
        }
        List<DigitImage> shuffled = new ArrayList<>(images);
        Collections.shuffle(shuffled, random);
        return new DigitSplit(shuffled.subList(0, trainSize), shuffled.subList(trainSize, shuffled.size()));
    }
}
