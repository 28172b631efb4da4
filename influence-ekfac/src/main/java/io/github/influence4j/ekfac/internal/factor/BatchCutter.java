package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.Objective;
import java.util.ArrayList;
import java.util.List;

/**
 * Cuts batches so that no layer has more rows than a bound. What comes out depends on the examples and the bound only, not on
 * which of the model's layers are captured. For one pass.
 */
final class BatchCutter<E> {

    private final GradientProvider<E> model;
    private final int positions;
    private final Objective objective;
    /** Positions of an example of a model that does not say; 0 before one was seen. */
    private int seen;

    BatchCutter(GradientProvider<E> model, int positions, Objective objective) {
        this.model = model;
        this.positions = positions;
        this.objective = objective;
    }

    List<ExampleBatch<E>> cut(ExampleBatch<E> batch) {
        List<ExampleBatch<E>> parts = new ArrayList<>();
        int first = 0;
        long longest = 0;
        for (int k = 0; k < batch.size(); k++) {
            int own = positions(batch, k);
            if (k > first && Math.max(longest, own) * (k + 1 - first) > positions) {
                parts.add(batch.part(first, k - first));
                first = k;
                longest = 0;
            }
            longest = Math.max(longest, own);
        }
        parts.add(batch.part(first, batch.size() - first));
        return parts;
    }

    private int positions(ExampleBatch<E> batch, int k) {
        int said = model.positions(batch.examples().get(k));
        if (said < 1) {
            throw new IllegalArgumentException("the model says that example " + batch.ids()[k] + " has " + said
                    + " positions; it must be 1 or more");
        }
        if (said > 1) {
            return said;
        }
        if (seen == 0) {
            seen = look(batch.part(k, 1));
        }
        return seen;
    }

    /** Has one example captured where layers may have several positions. */
    private int look(ExampleBatch<E> one) {
        if (model.layers().stream().allMatch(layer -> layer.positions() == Positions.NONE)) {
            return 1;
        }
        int[] most = {1};
        model.capture(one, objective, model.layers(), capture -> most[0] = Math.max(most[0], capture.positions()));
        return most[0];
    }
}
