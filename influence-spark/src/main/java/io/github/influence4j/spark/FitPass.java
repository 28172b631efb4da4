package io.github.influence4j.spark;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.internal.factor.BatchSize;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.factor.FisherObjectives;
import io.github.influence4j.ekfac.internal.factor.MemoryShares;
import io.github.influence4j.ekfac.internal.factor.PassSums;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.linalg.MatrixBackend;
import java.io.IOException;
import java.io.Serializable;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.ToIntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import scala.Tuple2;

/**
 * A pass over the data: what a task adds up over its partition, as records of the shuffle.
 *
 * @param <R> type of a row
 * @param <E> the host's type of an example
 * @param model opens the model
 * @param reader makes examples of rows
 * @param settings options
 * @param plan which layers are fitted together
 */
record FitPass<R, E>(SentModel<E> model, PartitionReader<R, E> reader, FitSettings settings, FitPlan plan)
        implements Serializable {

    /** Names of sums begin with that of their layer. */
    private static final Pattern SUM = Pattern.compile("(.*)/(?:(?:activation|gradient)/\\d+|counts|squares)");

    /** Makes the sums of a pass, of 0. */
    interface Sums extends Serializable {
        PassSums make(GradientProvider<?> model, MatrixBackend backend, List<LayerSpec> layers) throws IOException;
    }

    /**
     * Adds up over a partition.
     *
     * @param layers indices of the layers
     * @param units for each of the layers the unit that it is decomposed in
     */
    Iterator<Tuple2<SumKey, SumRows>> run(
            String stage, int partition, Iterator<R> rows, List<Integer> layers, List<Integer> units, Sums sums) {
        return TaskErrors.in(stage, partition, () -> {
            Optional<ExampleSource<E>> source = PartitionSource.of(rows, reader);
            if (source.isEmpty()) {
                return Collections.emptyIterator();
            }
            try (var loan = model.borrow()) {
                GradientProvider<E> opened = model.in(loan);
                plan.requireSame(opened);
                MatrixBackend backend = ExecutorJvm.backend(model.precision());
                List<LayerSpec> all = opened.layers();
                List<LayerSpec> some = layers.stream().map(all::get).toList();
                PassSums added = sums.make(opened, backend, some);
                TaskEnd.run(added::close);
                try (CapturePass<E> pass = CapturePass.scaling(backend, opened, some)) {
                    pass.run(
                            source.get(),
                            batchSize(opened, backend),
                            FisherObjectives.of(settings.options().labels()).objectives(),
                            stage,
                            ProgressListener.silent(),
                            added);
                }
                return new SettledSums(added.settle(), unitOf(some, units), partition);
            }
        });
    }

    /** As in one JVM: by all layers of the model, and by the limit, not by what happens to be free. */
    private BatchSize batchSize(GradientProvider<E> opened, MatrixBackend backend) {
        FitOptions options = settings.options();
        MemoryShares shares = MemoryShares.of(backend, OptionalLong.of(settings.memoryLimit()));
        return new BatchSize(options.batchSize(), options.batchPositions())
                .within(opened.layers(), backend.precision(), opened.bytesPerPosition(), shares.captures());
    }

    private static ToIntFunction<String> unitOf(List<LayerSpec> layers, List<Integer> units) {
        Map<String, Integer> byLayer = new HashMap<>();
        for (int l = 0; l < layers.size(); l++) {
            byLayer.put(layers.get(l).name(), units.get(l));
        }
        return sum -> {
            Matcher named = SUM.matcher(sum);
            Integer unit = named.matches() ? byLayer.get(named.group(1)) : null;
            if (unit == null) {
                throw new IllegalStateException("the sum " + sum + " is of none of the layers " + byLayer.keySet());
            }
            return unit;
        };
    }
}
