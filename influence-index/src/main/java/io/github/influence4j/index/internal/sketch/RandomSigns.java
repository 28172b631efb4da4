package io.github.influence4j.index.internal.sketch;

import io.github.influence4j.api.Seeds;

/**
 * Random signs that all cells share, each from another place on: a sign for each of 10⁹ coordinates would take as much room as the
 * model. Immutable.
 */
final class RandomSigns {

    /** Signs before they begin again. They stay in a core's cache. */
    private static final int PERIOD = Cell.MOST;

    /** Twice, so that a run never has to begin again within itself. */
    private final float[] signs = new float[2 * PERIOD];

    RandomSigns(long seed) {
        for (int word = 0; word < PERIOD / Long.SIZE; word++) {
            long bits = Seeds.derived(seed, word);
            for (int b = 0; b < Long.SIZE; b++) {
                int at = word * Long.SIZE + b;
                signs[at] = (bits >>> b & 1) == 0 ? 1 : -1;
                signs[PERIOD + at] = signs[at];
            }
        }
    }

    /** The signs, +1 and −1; a run of up to {@link Cell#MOST} begins at {@link #place}. */
    float[] signs() {
        return signs;
    }

    /** Where a run begins: any place, by the lowest bits of a random number. */
    static int place(long random) {
        return (int) (random & PERIOD - 1);
    }
}
