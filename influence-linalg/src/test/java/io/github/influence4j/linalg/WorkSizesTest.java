package io.github.influence4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class WorkSizesTest {

    @Test
    void sizesArePositive() {
        assertEquals(4, WorkSizes.PROCESSOR.withCores(4).cores());
        assertEquals(1, new WorkSizes(1, 1, 1).cores());
        assertThrows(IllegalArgumentException.class, () -> WorkSizes.PROCESSOR.withCores(0));
        assertThrows(IllegalArgumentException.class, () -> new WorkSizes(1, 0, 1));
    }

    @Test
    void aSmallRestIsSpread() {
        assertEquals(52, WorkSizes.evenly(256, 63));
        assertEquals(64, WorkSizes.evenly(256, 67));
        assertEquals(256, WorkSizes.evenly(256, 1000));
    }

    @Property
    void partsAreAsFewAsFit(
            @ForAll @IntRange(min = 1, max = 100_000) int all, @ForAll @LongRange(max = 200_000) long most) {
        int part = WorkSizes.evenly(all, most);
        long fit = Math.max(1, Math.min(all, most));
        assertTrue(part >= 1 && part <= fit, () -> all + " by at most " + most + ": " + part);
        assertEquals((all + fit - 1) / fit, (all + part - 1) / part);
    }
}
