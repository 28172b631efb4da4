package io.github.influence4j.index.internal.coordinate;

import io.github.influence4j.index.internal.sketch.QuerySketch;
import io.github.influence4j.index.internal.sketch.SectionCoder;
import io.github.influence4j.index.internal.sketch.SignRows;
import java.util.List;

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
                List<CoordinateCell> cells = layout.of(layer);
                double scale = layout.scale(layer, rest);
                for (CoordinateCell cell : cells) {
                    cell.take(rest, scale, values);
                    rows.set(layout.shape(), example, cell, values, 0);
                }
                double best = best(scale, cells.get(0), gradients, offset);
                for (CoordinateCell cell : cells) {
                    rows.rescale(layout.shape(), example, cell, best);
                }
            }

            /** The scale Σzc/Σc² with which least is left, where the signs with their steps say c: all have a first bit. */
            private double best(double scale, CoordinateCell first, float[] gradients, int offset) {
                double product = 0;
                double squares = 0;
                for (int position : first.positions()) {
                    double value = gradients[offset + position];
                    double said = value - rest[position];
                    product += value * said;
                    squares += said * said;
                }
                return squares == 0 ? 0 : scale * product / squares;
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
