package io.github.influence4j.store.captures;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.TensorType;
import java.util.List;
import java.util.Objects;

/** The positions of some examples at one layer, one example after the other, read from their files when asked for. */
final class ExampleRows implements Matrix {

    private final List<CapturedExample> examples;
    private final String tensor;
    private final int positions;
    private final int columns;
    private final Precision precision;

    ExampleRows(List<CapturedExample> examples, String tensor, int positions, int columns) {
        this.examples = examples;
        this.tensor = tensor;
        this.positions = positions;
        this.columns = columns;
        this.precision = examples.stream()
                        .anyMatch(
                                example -> example.shard().file().tensor(tensor).type() == TensorType.F64)
                ? Precision.FLOAT64
                : Precision.FLOAT32;
    }

    @Override
    public int rows() {
        return examples.size() * positions;
    }

    @Override
    public int columns() {
        return columns;
    }

    @Override
    public Precision precision() {
        return precision;
    }

    @Override
    public void read(int firstRow, int rowCount, float[] target, int offset) {
        runs(
                firstRow,
                rowCount,
                (file, element, count, done) -> file.read(tensor, element, count, target, offset + done));
    }

    @Override
    public void read(int firstRow, int rowCount, double[] target, int offset) {
        runs(
                firstRow,
                rowCount,
                (file, element, count, done) -> file.read(tensor, element, count, target, offset + done));
    }

    /** Reads numbers that follow one another in a file. */
    private interface Run {
        void read(SafetensorsFile file, long element, int count, int done);
    }

    private void runs(int firstRow, int rowCount, Run run) {
        Objects.checkFromIndexSize(firstRow, rowCount, rows());
        int row = firstRow;
        int done = 0;
        while (done < rowCount) {
            CapturedExample first = examples.get(row / positions);
            int inExample = row % positions;
            int count = positions - inExample;
            int next = row / positions + 1;
            while (count < rowCount - done
                    && next < examples.size()
                    && follows(examples.get(next - 1), examples.get(next))) {
                count += positions;
                next++;
            }
            count = Math.min(count, rowCount - done);
            long element = (first.row() * positions + inExample) * columns;
            run.read(
                    first.shard().file(),
                    element,
                    Math.multiplyExact(count, columns),
                    Math.multiplyExact(done, columns));
            done += count;
            row += count;
        }
    }

    private static boolean follows(CapturedExample one, CapturedExample other) {
        return one.shard() == other.shard() && other.row() == one.row() + 1;
    }
}
