package io.github.influence4j.index.internal.coordinate;

import io.github.influence4j.index.internal.sketch.QuerySketch;
import io.github.influence4j.index.internal.sketch.SectionCoder;
import io.github.influence4j.index.internal.sketch.SignRows;

/** Keeps the leading coordinates, each in one to four bits. */
public final class CoordinateCoder implements SectionCoder {

    private final CoordinateLayout layout;

    /**
     * Makes the coder.
     *
     * @param layout the coordinates
     */
    public CoordinateCoder(CoordinateLayout layout) {
        this.layout = layout;
    }

    @Override
    public CoordinateLayout layout() {
        return layout;
    }

    @Override
    public QuerySketch question(long id) {
        return new QuerySketch(id, layout, QuerySketch.FINE);
    }

    @Override
    public Task task() {
        return new Task() {
            private final float[] values = new float[layout.largest()];
            private float[] rest = {};

            @Override
            public void keep(int layer, float[] gradients, int offset, SignRows rows, int example) {
                int numbers = layout.numbers(layer);
                if (rest.length < numbers) {
                    rest = new float[numbers];
                }
                System.arraycopy(gradients, offset, rest, 0, numbers);
                for (CoordinateCell cell : layout.of(layer)) {
                    double scale = cell.take(rest, values);
                    rows.set(layout.shape(), example, cell, values, scale);
                }
            }

            @Override
            public void ask(int layer, float[] gradients, int offset, QuerySketch question) {
                for (CoordinateCell cell : layout.of(layer)) {
                    double squares = cell.weigh(gradients, offset, values);
                    question.set(cell, values, squares);
                }
            }
        };
    }
}
