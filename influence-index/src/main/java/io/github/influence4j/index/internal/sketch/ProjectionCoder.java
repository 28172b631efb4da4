package io.github.influence4j.index.internal.sketch;

import java.util.List;
import java.util.Map;

/** Keeps the signs of random projections of all coordinates. */
public final class ProjectionCoder implements SectionCoder {

    private final SketchLayout layout;
    private final Map<Integer, List<Cell>> cells;
    private final RandomSigns signs;

    /**
     * Makes the coder.
     *
     * @param layout the projections
     */
    public ProjectionCoder(SketchLayout layout) {
        this.layout = layout;
        this.cells = layout.byLayer();
        this.signs = new RandomSigns(layout.seed());
    }

    @Override
    public SketchLayout layout() {
        return layout;
    }

    @Override
    public QuerySketch question(long id) {
        return new QuerySketch(id, layout, QuerySketch.COARSE);
    }

    @Override
    public Task task() {
        return new Task() {
            private final float[] work = new float[layout.largest()];
            private final float[] values = new float[layout.largest()];

            @Override
            public void keep(int layer, float[] gradients, int offset, SignRows rows, int example) {
                for (Cell cell : cells.getOrDefault(layer, List.of())) {
                    double squares = cell.project(gradients, offset, signs, work, values);
                    rows.set(layout.shape(), example, cell, values, cell.scale(values, squares));
                }
            }

            @Override
            public void ask(int layer, float[] gradients, int offset, QuerySketch question) {
                for (Cell cell : cells.getOrDefault(layer, List.of())) {
                    double squares = cell.project(gradients, offset, signs, work, values);
                    question.set(cell, values, squares);
                }
            }
        };
    }
}
