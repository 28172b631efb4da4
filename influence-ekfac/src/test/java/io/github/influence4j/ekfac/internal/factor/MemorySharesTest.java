package io.github.influence4j.ekfac.internal.factor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.OptionalLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;

/** What is held, the captures, and what is made of them have room beside each other. */
class MemorySharesTest {

    /** Defect: a fit planned its factors with all that was available, scoring its queries with half. */
    @Property
    void leaveRoomForWhatIsMadeOfTheCaptures(@ForAll @LongRange(min = 1L << 30, max = 1L << 50) long available) {
        MemoryShares shares = MemoryShares.of(available, OptionalLong.empty());
        assertTrue(shares.held() <= available / 2, shares::toString);
        assertTrue(shares.held() + shares.captures() <= available - available / 4 + 1, shares::toString);
    }

    @Property
    void holdAsMuchAsWasAskedFor(
            @ForAll @LongRange(min = 1, max = 1L << 50) long limit, @ForAll @LongRange(max = 1L << 50) long available) {
        MemoryShares shares = MemoryShares.of(available, OptionalLong.of(limit));
        assertEquals(limit, shares.held());
        assertEquals(Math.max(64L << 20, limit / 2), shares.captures());
    }
}
