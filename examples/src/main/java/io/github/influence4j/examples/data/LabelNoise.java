package io.github.influence4j.examples.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A training set in which some labels were replaced by wrong ones.
 *
 * @param images the training set in its old order
 * @param flippedIds ids of the images whose label is wrong
 */
public record LabelNoise(List<DigitImage> images, Set<Long> flippedIds) {

    /** Copies the collections. */
    public LabelNoise {
        images = List.copyOf(images);
        flippedIds = Collections.unmodifiableSet(new LinkedHashSet<>(flippedIds));
    }

    /**
     * Flips a share of the labels, each to one of the nine other digits with equal probability.
     *
     * @param images the training set
     * @param share share of the labels to flip, from 0 to 1; the number is rounded to the nearest integer
     * @param random the draw; its algorithm is part of its specification
     * @return the training set with exactly that number of wrong labels more
     * @throws IllegalArgumentException if the share is not from 0 to 1
     */
    public static LabelNoise flip(List<DigitImage> images, double share, Random random) {
        if (!(share >= 0 && share <= 1)) {
            throw new IllegalArgumentException("share of labels to flip must be from 0 to 1, found " + share);
        }
        List<Integer> order =
                IntStream.range(0, images.size()).boxed().collect(Collectors.toCollection(ArrayList::new));
        Collections.shuffle(order, random);
        List<DigitImage> noisy = new ArrayList<>(images);
        Set<Long> flipped = new LinkedHashSet<>();
        for (int index : order.subList(0, Math.toIntExact(Math.round(share * images.size())))) {
            DigitImage image = images.get(index);
            int step = 1 + random.nextInt(DigitImage.CLASSES - 1);
            noisy.set(index, image.withLabel((image.trueLabel() + step) % DigitImage.CLASSES));
            flipped.add(image.id());
        }
        return new LabelNoise(noisy, flipped);
    }
}
