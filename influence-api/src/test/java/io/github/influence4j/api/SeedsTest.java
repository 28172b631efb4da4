package io.github.influence4j.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class SeedsTest {

    @Test
    void seedIsTheDocumentedFunctionOfItsKey() {
        // computed in Python from the definition: stored results must stay reproducible
        assertEquals(-5511699724107243592L, Seeds.derived(1, 1));
        assertEquals(-3671059043867285391L, Seeds.derived(2, 1));
        assertEquals(-9166885946194687520L, Seeds.derived(-5, 9));
        assertEquals(3155561595822705140L, Seeds.derived(0, 1L << 40));
    }

    @Property
    void firstMemberIsTheSeedAndOthersAreDistinct(@ForAll long seed, @ForAll long left, @ForAll long right) {
        assertEquals(seed, Seeds.derived(seed, 0));
        Assume.that(left != right && left != 0 && right != 0);
        assertNotEquals(Seeds.derived(seed, left), Seeds.derived(seed, right));
    }

    /** What adding gets wrong: series of neighbouring seeds have members in common. */
    @Property
    void seriesOfNeighbouringSeedsHaveNoMemberInCommon(
            @ForAll long seed, @ForAll @LongRange(min = 1, max = 20) long apart) {
        Set<Long> members = new HashSet<>();
        for (int k = 0; k < 20; k++) {
            assertTrue(members.add(Seeds.derived(seed, k)));
            assertTrue(members.add(Seeds.derived(seed + apart, k)));
        }
    }
}
