package io.github.influence4j.decoder;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import java.util.Arrays;
import java.util.Objects;

/** The rows of a batch with rows of zeros behind the shorter sequences, [n·t, columns], filled in while being read. */
final class PaddedRows implements Matrix {

    private final Matrix rows;
    private final SequenceRows sequences;

    PaddedRows(Matrix rows, SequenceRows sequences) {
        this.rows = rows;
        this.sequences = sequences;
    }

    @Override
    public int rows() {
        return sequences.examples() * sequences.longest();
    }

    @Override
    public int columns() {
        return rows.columns();
    }

    @Override
    public Precision precision() {
        return rows.precision();
    }

    /** Copies packed rows into a target, or zeros. */
    private interface Copy {
        void rows(int first, int count, int offset);

        void zeros(int from, int to);
    }

    @Override
    public void read(int firstRow, int rowCount, float[] target, int offset) {
        check(firstRow, rowCount, target.length, offset);
        copy(firstRow, rowCount, offset, new Copy() {
            @Override
            public void rows(int first, int count, int start) {
                rows.read(first, count, target, start);
            }

            @Override
            public void zeros(int from, int to) {
                Arrays.fill(target, from, to, 0);
            }
        });
    }

    @Override
    public void read(int firstRow, int rowCount, double[] target, int offset) {
        check(firstRow, rowCount, target.length, offset);
        copy(firstRow, rowCount, offset, new Copy() {
            @Override
            public void rows(int first, int count, int start) {
                rows.read(first, count, target, start);
            }

            @Override
            public void zeros(int from, int to) {
                Arrays.fill(target, from, to, 0);
            }
        });
    }

    private void check(int firstRow, int rowCount, int length, int offset) {
        Objects.checkFromIndexSize(firstRow, rowCount, rows());
        Objects.checkFromIndexSize(offset, Math.multiplyExact(rowCount, columns()), length);
    }

    private void copy(int firstRow, int rowCount, int offset, Copy copy) {
        int t = sequences.longest();
        int row = firstRow;
        int end = firstRow + rowCount;
        while (row < end) {
            int sequence = row / t;
            int position = row % t;
            int stop = Math.min(end, (sequence + 1) * t);
            int real = Math.max(0, Math.min(stop - row, sequences.length(sequence) - position));
            int to = offset + (row - firstRow) * columns();
            if (real > 0) {
                copy.rows(sequences.start(sequence) + position, real, to);
            }
            copy.zeros(to + real * columns(), to + (stop - row) * columns());
            row = stop;
        }
    }
}
