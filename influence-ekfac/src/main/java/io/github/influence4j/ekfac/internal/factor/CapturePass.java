package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CancellationException;

/**
 * Goes once through a data set: runs the model batch by batch, checks what it hands over, uploads it, and passes it on.
 *
 * <p>Memory is bounded by one batch of one layer, and half a byte an example for its id. Checks that every layer comes exactly
 * once a batch, with the batch's number of examples and finite numbers; the first that fails ends the pass, whatever the host
 * does with the exception. Close it to free the upload buffers.
 *
 * @param <E> the host's type of an example
 */
public final class CapturePass<E> implements AutoCloseable {

    private final MatrixBackend backend;
    private final GradientProvider<E> model;
    private final List<LayerSpec> layers;
    private final Map<String, Integer> indices = new LinkedHashMap<>();
    private final CaptureUploader uploader;
    private final Map<ExampleSource<E>, Long> digests = new IdentityHashMap<>();

    /** Takes the uploaded captures of a pass. */
    @FunctionalInterface
    public interface Consumer {
        /**
         * Takes one layer of one batch.
         *
         * @param step which batch and objective
         * @param capture valid until this method returns
         */
        void accept(Step step, UploadedCapture capture);

        /**
         * Says that a batch begins.
         *
         * @param step which batch and objective
         */
        default void startBatch(Step step) {}

        /** Says that every layer of the batch was taken. */
        default void finishBatch() {}
    }

    /**
     * Where a pass is.
     *
     * @param firstExample index in the data set of the batch's first example
     * @param objective index of the objective among those of the pass
     * @param ids ids of the batch's examples; not to be changed
     */
    @SuppressWarnings("ArrayRecordComponent") // handed through, never compared
    public record Step(long firstExample, int objective, long[] ids) {}

    /**
     * Prepares passes over all layers of a model.
     *
     * @param backend where captures are uploaded to
     * @param model the model
     * @throws IllegalArgumentException if the model has no layers or two of the same name
     */
    public CapturePass(MatrixBackend backend, GradientProvider<E> model) {
        this(backend, model, backend.precision());
    }

    /**
     * Prepares passes over all layers of a model with captures of a given type, whatever the working precision.
     *
     * @param backend where captures are uploaded to
     * @param model the model
     * @param precision type of the uploaded captures
     * @throws IllegalArgumentException if the model has no layers or two of the same name
     */
    public CapturePass(MatrixBackend backend, GradientProvider<E> model, Precision precision) {
        this(backend, model, precision, layersOf(model));
    }

    /**
     * Prepares passes over some layers of a model.
     *
     * @param backend where captures are uploaded to
     * @param model the model
     * @param precision type of the uploaded captures
     * @param layers the layers that the model is asked for, some of its own
     * @throws IllegalArgumentException if there are no layers or two of the same name
     */
    public CapturePass(MatrixBackend backend, GradientProvider<E> model, Precision precision, List<LayerSpec> layers) {
        this(backend, model, precision, layers, false);
    }

    private CapturePass(
            MatrixBackend backend,
            GradientProvider<E> model,
            Precision precision,
            List<LayerSpec> layers,
            boolean scales) {
        this.backend = backend;
        this.model = model;
        this.layers = List.copyOf(layers);
        this.uploader = new CaptureUploader(backend, precision, scales);
        requireDistinct(layers);
        layers.forEach(layer -> indices.put(layer.name(), indices.size()));
    }

    /**
     * Asks a model for its layers.
     *
     * @param model the model
     * @return the layers, which the model cannot change any more
     * @throws IllegalArgumentException if there are none, or two of the same name
     */
    public static List<LayerSpec> layersOf(GradientProvider<?> model) {
        List<LayerSpec> layers = model.layers();
        if (layers == null) {
            throw new IllegalArgumentException("layers() gave null in place of the model's layers");
        }
        List<LayerSpec> copy = List.copyOf(layers);
        requireDistinct(copy);
        return copy;
    }

    /**
     * Prepares passes over some layers of a model that multiply float32 captures by powers of two where products of them would leave
     * float32's range; consumers take the exponents of {@link UploadedCapture} out again.
     *
     * @param <E> the host's type of an example
     * @param backend where captures are uploaded to
     * @param model the model
     * @param layers the layers that the model is asked for, some of its own
     * @return passes
     * @throws IllegalArgumentException if there are no layers or two of the same name
     */
    public static <E> CapturePass<E> scaling(MatrixBackend backend, GradientProvider<E> model, List<LayerSpec> layers) {
        return new CapturePass<>(backend, model, backend.precision(), layers, true);
    }

    static void requireDistinct(List<LayerSpec> layers) {
        if (layers.isEmpty()) {
            throw new IllegalArgumentException("the model tracks no layers");
        }
        Set<String> names = new HashSet<>();
        for (LayerSpec layer : layers) {
            if (!names.add(layer.name())) {
                throw new IllegalArgumentException("the model has two layers named " + layer.name());
            }
        }
    }

    /**
     * Returns the layers.
     *
     * @return the layers of the passes, in the order of their indices
     */
    public List<LayerSpec> layers() {
        return layers;
    }

    /**
     * Goes through a data set, with the default bound on the rows of a batch.
     *
     * @param data the data set
     * @param batchSize examples per batch, at most
     * @param objectives what each batch is captured for, one after the other
     * @param stage name of the work, for progress and errors
     * @param progress is told after each batch
     * @param consumer takes the captures
     * @throws IllegalArgumentException if the data set is empty or not what it announced, two examples have the same id, or a
     *     capture does not fit
     * @throws IllegalStateException if a capture comes when its batch is over, or while another is being read
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number
     * @throws CancellationException if the thread was interrupted
     */
    public void run(
            ExampleSource<E> data,
            int batchSize,
            List<? extends Objective> objectives,
            String stage,
            ProgressListener progress,
            Consumer consumer) {
        run(data, ofExamples(batchSize), objectives, stage, progress, consumer);
    }

    /**
     * Goes through a data set. Batches are cut so that no layer has more rows than asked for, or than a matrix can hold.
     *
     * @param data the data set
     * @param size how large a batch may be
     * @param objectives what each batch is captured for, one after the other
     * @param stage name of the work, for progress and errors
     * @param progress is told after each batch
     * @param consumer takes the captures
     * @throws IllegalArgumentException if the data set is empty or a capture does not fit
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number
     * @throws CancellationException if the thread was interrupted
     */
    public void run(
            ExampleSource<E> data,
            BatchSize size,
            List<? extends Objective> objectives,
            String stage,
            ProgressListener progress,
            Consumer consumer) {
        BatchCutter<E> cutter = cutter(size, objectives.get(0));
        SourceCheck<E> batches = new SourceCheck<>(data, size.examples(), stage);
        while (batches.hasNext()) {
            long first = batches.done();
            for (ExampleBatch<E> batch : cutter.cut(batches.next())) {
                for (int k = 0; k < objectives.size(); k++) {
                    if (Thread.currentThread().isInterrupted()) {
                        throw new CancellationException(
                                stage + " was interrupted after " + first + " of " + batches.size() + " examples");
                    }
                    capture(batch, objectives.get(k), first, k, consumer);
                }
                first += batch.size();
                progress.progress(stage, first, batches.size());
            }
        }
        requireTheSameAsBefore(data, batches.digest(), stage);
    }

    /** Whoever goes through a data set twice in one pass relies on the same examples in the same order. */
    private void requireTheSameAsBefore(ExampleSource<E> data, long digest, String stage) {
        Long before = digests.put(data, digest);
        if (before != null && before != digest) {
            throw new IllegalArgumentException(
                    stage + ": the data set gave other examples than before, or in another order: "
                            + "a source gives the same ones with the same ids every time");
        }
    }

    private BatchSize ofExamples(int batchSize) {
        BatchSize size = BatchSize.ofExamples(batchSize);
        long held = model.bytesPerPosition();
        if (held == 0) {
            return size;
        }
        long memory = MemoryShares.of(backend, OptionalLong.empty()).captures();
        return size.within(layers, backend.precision(), held, memory);
    }

    /**
     * Cuts a batch as {@link #run} does with the default bound.
     *
     * @param batch the examples
     * @param objective what the parts will be captured for
     * @return the same examples in the same order
     */
    public List<ExampleBatch<E>> cut(ExampleBatch<E> batch, Objective objective) {
        return cut(List.of(batch), ofExamples(batch.size()), objective);
    }

    /**
     * Cuts batches as {@link #run} does.
     *
     * @param batches the examples
     * @param size how many rows a part may have; its bound on examples is not asked
     * @param objective what the parts will be captured for
     * @return the same examples in the same order
     */
    public List<ExampleBatch<E>> cut(List<ExampleBatch<E>> batches, BatchSize size, Objective objective) {
        BatchCutter<E> cutter = cutter(size, objective);
        return batches.stream().flatMap(batch -> cutter.cut(batch).stream()).toList();
    }

    private BatchCutter<E> cutter(BatchSize size, Objective objective) {
        int columns = layers.stream()
                .mapToInt(layer -> Math.max(layer.gradientColumns(), layer.outputs()))
                .max()
                .orElseThrow();
        // with every layer of the model, so that batches do not depend on which of them are captured
        for (LayerSpec layer : model.layers()) {
            columns = Math.max(columns, Math.max(layer.gradientColumns(), layer.outputs()));
        }
        long rows = Math.max(1, backend.maxElements() / columns);
        return new BatchCutter<>(model, (int) Math.min(rows, size.positions()), objective);
    }

    /**
     * Captures one batch.
     *
     * @param batch the examples
     * @param objective what to take the gradient of
     * @param consumer takes the captures, as of example 0 and objective 0
     */
    public void runBatch(ExampleBatch<E> batch, Objective objective, Consumer consumer) {
        capture(batch, objective, 0, 0, consumer);
    }

    private void capture(ExampleBatch<E> batch, Objective objective, long first, int k, Consumer consumer) {
        Step step = new Step(first, k, batch.ids().clone());
        BitSet taken = new BitSet(layers.size());
        consumer.startBatch(step);
        BatchSink sink = new BatchSink(capture -> take(capture, batch, taken, step, consumer));
        try {
            model.capture(batch, objective, layers, sink);
        } catch (RuntimeException | Error e) {
            sink.endAfter(e);
            throw e;
        }
        sink.end();
        int missing = taken.nextClearBit(0);
        if (missing < layers.size()) {
            throw new IllegalArgumentException("layer " + layers.get(missing).name()
                    + ": missing from the captures of the "
                    + batch.size() + " examples from id " + step.ids()[0] + " on; " + taken.cardinality() + " of "
                    + layers.size() + " layers came");
        }
        if (!Arrays.equals(step.ids(), batch.ids())) {
            throw new IllegalArgumentException("the model changed the ids of its batch, which began with id "
                    + step.ids()[0] + ": they belong to the data set");
        }
        consumer.finishBatch();
    }

    /** A layer has come when it was taken, not when it was begun. */
    private void take(LayerCapture capture, ExampleBatch<E> batch, BitSet taken, Step step, Consumer consumer) {
        if (capture == null) {
            throw new IllegalArgumentException("the model pushed null in place of a capture");
        }
        int index = check(capture, batch, taken);
        UploadedCapture uploaded = uploader.upload(capture, index, step.ids());
        consumer.accept(step, uploaded);
        if (uploaded.uses(capture)) {
            // from here on the host may change its memory
            backend.finish();
        }
        taken.set(index);
    }

    private int check(LayerCapture capture, ExampleBatch<E> batch, BitSet seen) {
        String name = capture.layer().name();
        Integer index = indices.get(name);
        if (index == null) {
            throw new IllegalArgumentException(
                    "layer " + name + ": captured but not asked for; asked for were " + indices.keySet());
        }
        if (!layers.get(index).equals(capture.layer())) {
            throw new IllegalArgumentException(
                    "layer " + name + ": announced as " + layers.get(index) + ", captured as " + capture.layer());
        }
        if (seen.get(index)) {
            throw new IllegalArgumentException("layer " + name + ": captured twice in one batch; a layer that runs "
                    + "several times hands over its uses as further positions");
        }
        if (capture.examples() != batch.size()) {
            throw new IllegalArgumentException("layer " + name + ": a batch of " + batch.size()
                    + " examples was captured with " + capture.examples());
        }
        return index;
    }

    @Override
    public void close() {
        uploader.close();
    }
}
