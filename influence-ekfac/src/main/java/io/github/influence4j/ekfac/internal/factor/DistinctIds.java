package io.github.influence4j.ekfac.internal.factor;

/**
 * Ids that were seen, as bits in words of 64 neighbouring ids that are found by hashing: half a byte an id where ids are dense, 32
 * bytes where they lie far apart.
 */
final class DistinctIds {

    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    private long[] words = new long[64];
    private long[] bits = new long[64];
    private int used;

    /** Adds an id. Returns whether it was new. */
    boolean add(long id) {
        long bit = 1L << id;
        int slot = slot(words, bits, id >> 6);
        if ((bits[slot] & bit) != 0) {
            return false;
        }
        if (bits[slot] == 0) {
            words[slot] = id >> 6;
            used++;
        }
        bits[slot] |= bit;
        if (2 * used > words.length) {
            grow();
        }
        return true;
    }

    private static int slot(long[] words, long[] bits, long word) {
        int mask = words.length - 1;
        int slot = (int) (word * GOLDEN_GAMMA >>> 33) & mask;
        while (bits[slot] != 0 && words[slot] != word) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private void grow() {
        long[] moreWords = new long[2 * words.length];
        long[] moreBits = new long[2 * words.length];
        for (int k = 0; k < words.length; k++) {
            if (bits[k] != 0) {
                int slot = slot(moreWords, moreBits, words[k]);
                moreWords[slot] = words[k];
                moreBits[slot] = bits[k];
            }
        }
        words = moreWords;
        bits = moreBits;
    }
}
