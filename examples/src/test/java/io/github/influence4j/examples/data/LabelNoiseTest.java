package io.github.influence4j.examples.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.junit.jupiter.api.Test;

class LabelNoiseTest {

    private static final List<DigitImage> IMAGES = Digits.load();

    @Property(tries = 100)
    void flipsExactlyTheShareAskedForAndNeverToTheSameLabel(
            @ForAll @DoubleRange(min = 0, max = 1) double share, @ForAll long seed) {
        LabelNoise noise = LabelNoise.flip(IMAGES, share, new Random(seed));

        assertEquals(Math.round(share * IMAGES.size()), noise.flippedIds().size());
        for (int k = 0; k < IMAGES.size(); k++) {
            DigitImage image = noise.images().get(k);
            assertEquals(IMAGES.get(k).id(), image.id());
            assertEquals(IMAGES.get(k).label(), image.trueLabel());
            assertEquals(noise.flippedIds().contains(image.id()), image.flipped());
        }
    }

    @Test
    void reachesEveryOtherClass() {
        LabelNoise noise = LabelNoise.flip(IMAGES, 1, new Random(1));

        Set<Integer> steps = noise.images().stream()
                .map(image -> (image.label() - image.trueLabel() + 10) % 10)
                .collect(Collectors.toSet());
        assertEquals(Set.of(1, 2, 3, 4, 5, 6, 7, 8, 9), steps);
    }

    @Test
    void repeatsWithTheSeed() {
        Set<Long> first = LabelNoise.flip(IMAGES, 0.05, new Random(7)).flippedIds();

        assertEquals(first, LabelNoise.flip(IMAGES, 0.05, new Random(7)).flippedIds());
        assertNotEquals(first, LabelNoise.flip(IMAGES, 0.05, new Random(8)).flippedIds());
    }

    @Test
    void refusesSharesOutsideZeroToOne() {
        for (double share : new double[] {-0.1, 1.1, Double.NaN}) {
            assertThrows(IllegalArgumentException.class, () -> LabelNoise.flip(IMAGES, share, new Random(0)));
        }
    }

    @Test
    void splitKeepsEveryImageOnce() {
        DigitSplit split = DigitSplit.draw(IMAGES, 1_400, new Random(3));

        assertEquals(1_400, split.train().size());
        assertEquals(397, split.test().size());
        Set<Long> ids = new HashSet<>();
        split.train().forEach(image -> ids.add(image.id()));
        split.test().forEach(image -> ids.add(image.id()));
        assertEquals(1_797, ids.size());
        assertEquals(
                split.train().get(0).id(),
                DigitSplit.draw(IMAGES, 1_400, new Random(3)).train().get(0).id());
    }

    @Test
    void splitRefusesAnEmptyPart() {
        for (int size : new int[] {0, 1_797}) {
            IllegalArgumentException e =
                    assertThrows(IllegalArgumentException.class, () -> DigitSplit.draw(IMAGES, size, new Random(3)));
            assertEquals(
                    "cannot keep " + size + " of 1797 images for training and have some left for the test",
                    e.getMessage());
        }
    }
}
