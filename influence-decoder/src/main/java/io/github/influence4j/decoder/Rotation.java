package io.github.influence4j.decoder;

import java.util.stream.IntStream;

/** The rotary positions of one form: which columns of a row of queries, keys and values turn, and by which angles. */
final class Rotation {

    private final int width;
    private final int[] starts;
    private final double[] cosines;
    private final double[] sines;

    /**
     * Computes the angles of some positions.
     *
     * @param positions positions from 0 on
     */
    Rotation(RotaryPositions rotary, HeadColumns columns, int positions) {
        width = rotary.width();
        starts = IntStream.concat(
                        IntStream.range(0, columns.heads()).map(columns::query),
                        IntStream.range(0, columns.keyHeads()).map(columns::key))
                .toArray();
        double[] frequencies = rotary.frequencies();
        cosines = new double[Math.multiplyExact(positions, frequencies.length)];
        sines = new double[cosines.length];
        for (int p = 0; p < positions; p++) {
            for (int k = 0; k < frequencies.length; k++) {
                cosines[p * frequencies.length + k] = Math.cos(p * frequencies[k]);
                sines[p * frequencies.length + k] = Math.sin(p * frequencies[k]);
            }
        }
    }

    /** Numbers of a head that turn. */
    int width() {
        return width;
    }

    /** The first column of each head of queries and keys. */
    int[] starts() {
        return starts;
    }

    /** [positions, width/2]. */
    double[] cosines() {
        return cosines;
    }

    double[] sines() {
        return sines;
    }
}
