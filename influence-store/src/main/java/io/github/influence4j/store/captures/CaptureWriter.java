package io.github.influence4j.store.captures;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.PositionMask;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.factor.SharedInputs;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.safetensors.ShardFolder;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.FolderLock;
import io.github.influence4j.store.json.SharedInputsJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes capture files.
 *
 * @param objective what the captures are gradients of
 * @param model fingerprint of the model, if there is one
 * @param labels name of the series of draws of sampled labels, such as their seed; empty where it is unknown, and for other
 *     objectives
 * @param type floating-point type of the numbers in the file
 * @param sharedInputs what {@link GradientProvider#sharedInputs} of the model says; empty where it is not known
 * @param draws of labels of each example, of which draw k has the id example · draws + k; 1 unless they are sampled
 */
public record CaptureWriter(
        CaptureObjective objective,
        Optional<String> model,
        Optional<String> labels,
        TensorType type,
        List<List<String>> sharedInputs,
        int draws) {

    private static final JsonMapper JSON = new JsonMapper();

    /**
     * Checks the type and the labels.
     *
     * @throws IllegalArgumentException if the type is not one of floating-point numbers, or labels are named where they are not
     *     sampled, or in more than 200 characters or with control characters, or there is no draw, or more than one of other
     *     objectives
     */
    public CaptureWriter {
        sharedInputs = sharedInputs.stream().map(List::copyOf).toList();
        if (!type.isFloating()) {
            throw new IllegalArgumentException("captures are floating-point numbers, not " + type);
        }
        if (labels.isPresent() && !(objective == CaptureObjective.SAMPLED && CaptureHeader.isName(labels.get()))) {
            throw new IllegalArgumentException(
                    "'" + labels.get() + "' cannot name the labels of " + objective.word() + " captures");
        }
        if (draws < 1 || draws > 999_999 || draws > 1 && objective != CaptureObjective.SAMPLED) {
            throw new IllegalArgumentException(draws + " draws of labels of " + objective.word() + " captures");
        }
    }

    /**
     * Writes captures of one draw of labels, or of another objective.
     *
     * @param objective what the captures are gradients of
     * @param model fingerprint of the model, if there is one
     * @param labels name of the series of draws of sampled labels; empty where it is unknown, and for other objectives
     * @param type floating-point type of the numbers in the file
     * @param sharedInputs what {@link GradientProvider#sharedInputs} of the model says; empty where it is not known
     */
    public CaptureWriter(
            CaptureObjective objective,
            Optional<String> model,
            Optional<String> labels,
            TensorType type,
            List<List<String>> sharedInputs) {
        this(objective, model, labels, type, sharedInputs, 1);
    }

    /**
     * Writes captures of layers of which it is not known whether they read the same input.
     *
     * @param objective what the captures are gradients of
     * @param model fingerprint of the model, if there is one
     * @param labels name of the series of draws of sampled labels; empty where it is unknown, and for other objectives
     * @param type floating-point type of the numbers in the file
     */
    public CaptureWriter(CaptureObjective objective, Optional<String> model, Optional<String> labels, TensorType type) {
        this(objective, model, labels, type, List.of());
    }

    /**
     * Writes captures whose labels have no name.
     *
     * @param objective what the captures are gradients of
     * @param model fingerprint of the model, if there is one
     * @param type floating-point type of the numbers in the file
     */
    public CaptureWriter(CaptureObjective objective, Optional<String> model, TensorType type) {
        this(objective, model, Optional.empty(), type);
    }

    /**
     * Writes one shard, some rows at a time, so that matrices that are computed or read when asked for may be larger than the
     * memory.
     *
     * @param file where to; an older file is replaced when the new one is complete
     * @param ids ids of the n examples
     * @param captures one capture of the n examples for each layer
     * @throws IOException if the file cannot be written
     * @throws IllegalArgumentException if a capture is of another number of examples, two are of one layer, layers cannot read
     *     the same input, or the type cannot hold the numbers: one would become infinite, or an example's nearly all 0
     */
    public void write(Path file, long[] ids, List<LayerCapture> captures) throws IOException {
        SharedInputs.of(sharedInputs, captures.stream().map(LayerCapture::layer).toList());
        List<TensorSpec> specs = new ArrayList<>();
        specs.add(TensorSpec.of(CaptureShard.IDS, TensorType.I64, ids.length));
        Map<String, Object> layers = new LinkedHashMap<>();
        for (LayerCapture capture : captures) {
            DeclaredLayer layer = declared(capture);
            if (capture.examples() != ids.length) {
                throw new IllegalArgumentException(
                        "layer " + layer.name() + ": " + capture.examples() + " examples with " + ids.length + " ids");
            }
            NarrowType.require(type, capture, ids);
            long n = capture.examples();
            long t = capture.positions();
            specs.add(TensorSpec.of(layer.activations(), type, n, t, layer.inputs()));
            specs.add(TensorSpec.of(layer.outputGradients(), type, n, t, layer.outputs()));
            if (!capture.mask().isNone()) {
                specs.add(TensorSpec.of(layer.mask(), TensorType.U8, n, t));
            }
            layers.put(layer.name(), json(layer));
        }
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs, metadata(layers))) {
            writer.append(CaptureShard.IDS, ids, 0, ids.length);
            for (LayerCapture capture : captures) {
                DeclaredLayer layer = declared(capture);
                writer.append(layer.activations(), capture.activations());
                writer.append(layer.outputGradients(), capture.outputGradients());
                if (!capture.mask().isNone()) {
                    long[] mask = flags(capture.mask());
                    writer.append(layer.mask(), mask, 0, mask.length);
                }
            }
            writer.commit();
        }
    }

    private Map<String, String> metadata(Map<String, Object> layers) {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("format", CaptureHeader.FORMAT);
        metadata.put("version", CaptureHeader.VERSION);
        metadata.put("objective", objective.word());
        metadata.put("layers", JSON.writeValueAsString(layers));
        model.ifPresent(name -> metadata.put("model", name));
        labels.ifPresent(name -> metadata.put(CaptureHeader.LABELS, name));
        if (draws > 1) {
            metadata.put(CaptureHeader.DRAWS, Integer.toString(draws));
        }
        return metadata;
    }

    private DeclaredLayer declared(LayerCapture capture) {
        LayerSpec layer = capture.layer();
        return new DeclaredLayer(
                layer.name(),
                layer.inputs(),
                layer.outputs(),
                layer.bias(),
                Optional.of(layer.positions()),
                capture.uses(),
                SharedInputsJson.inputOf(sharedInputs, layer.name()));
    }

    private static Map<String, Object> json(DeclaredLayer layer) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("in", layer.inputs());
        json.put("out", layer.outputs());
        json.put("bias", layer.bias());
        layer.positions().ifPresent(kind -> json.put("positions", kind.name().toLowerCase(Locale.ROOT)));
        if (layer.uses() > 1) {
            json.put("uses", layer.uses());
        }
        layer.inputOf().ifPresent(other -> json.put(SharedInputsJson.KEY, other));
        return json;
    }

    private static long[] flags(PositionMask mask) {
        long[] flags = new long[mask.size()];
        for (int k = 0; k < flags.length; k++) {
            flags[k] = mask.isReal(k) ? 1 : 0;
        }
        return flags;
    }

    /**
     * Captures a data set into a folder, a batch to a shard. Memory is that of the captures of one batch of all layers.
     *
     * @param <E> the host's type of an example
     * @param model the model; its fingerprint goes into the files
     * @param data the data set
     * @param objective what to take the gradient of
     * @param type floating-point type of the numbers in the files
     * @param batchSize examples per shard
     * @param folder where to; made if there is none
     * @throws IOException if the files cannot be written; complete shards stay
     * @throws IllegalArgumentException if the folder holds shards already
     * @throws IllegalStateException if somebody else is writing to the folder
     */
    public static <E> void export(
            GradientProvider<E> model,
            ExampleSource<E> data,
            Objective objective,
            TensorType type,
            int batchSize,
            Path folder)
            throws IOException {
        export(model, data, objective, type, batchSize, folder, false);
    }

    /**
     * Captures a data set into a folder, a batch to a shard, or takes up such work. Memory is that of the captures of one batch of
     * all layers.
     *
     * @param <E> the host's type of an example
     * @param model the model; its fingerprint goes into the files
     * @param data the data set
     * @param objective what to take the gradient of
     * @param type floating-point type of the numbers in the files
     * @param batchSize examples per shard
     * @param folder where to; made if there is none
     * @param resume whether shards that the folder holds already are those of this work, and are left as they are
     * @throws IOException if the files cannot be written; complete shards stay
     * @throws IllegalArgumentException if the folder holds shards and is not to be taken up
     * @throws IllegalStateException if somebody else is writing to the folder, or it holds shards of other work
     */
    public static <E> void export(
            GradientProvider<E> model,
            ExampleSource<E> data,
            Objective objective,
            TensorType type,
            int batchSize,
            Path folder,
            boolean resume)
            throws IOException {
        Optional<String> labels = objective instanceof Objective.SampledLabels sampled
                ? Optional.of(model.sampledLabels().orElse("seed " + sampled.seed() + ", draw " + sampled.draw()))
                : Optional.empty();
        CaptureWriter writer = new CaptureWriter(
                CaptureObjective.of(objective), model.fingerprint(), labels, type, model.sharedInputs());
        writer.export(model, data, List.of(objective), batchSize, folder, resume);
    }

    /**
     * Captures a data set with several draws of labels of each example into a folder, or takes up such work. What is fitted from the folder,
     * or refined with it, is the mean over examples and draws.
     *
     * @param <E> the host's type of an example
     * @param model the model; its fingerprint goes into the files
     * @param data the data set
     * @param seed of the labels
     * @param draws of labels of each example, the first of the seed's series
     * @param type floating-point type of the numbers in the files
     * @param batchSize examples per shard
     * @param folder where to; made if there is none
     * @param resume whether shards that the folder holds already are those of this work, and are left as they are
     * @throws IOException if the files cannot be written; complete shards stay
     * @throws IllegalArgumentException if the folder holds shards and is not to be taken up, there is no draw, or an id is too large
     * @throws IllegalStateException if somebody else is writing to the folder, or it holds shards of other work
     */
    public static <E> void exportDraws(
            GradientProvider<E> model,
            ExampleSource<E> data,
            long seed,
            int draws,
            TensorType type,
            int batchSize,
            Path folder,
            boolean resume)
            throws IOException {
        if (draws == 1) {
            export(model, data, new Objective.SampledLabels(seed), type, batchSize, folder, resume);
            return;
        }
        CaptureWriter writer = new CaptureWriter(
                CaptureObjective.SAMPLED,
                model.fingerprint(),
                Optional.of(model.sampledLabels().orElse("seed " + seed)),
                type,
                model.sharedInputs(),
                draws);
        List<Objective> objectives = new ArrayList<>();
        for (int draw = 0; draw < draws; draw++) {
            objectives.add(new Objective.SampledLabels(seed, draw));
        }
        writer.export(model, data, objectives, batchSize, folder, resume);
    }

    /** A shard for each batch and draw. */
    private <E> void export(
            GradientProvider<E> host,
            ExampleSource<E> data,
            List<Objective> objectives,
            int batchSize,
            Path folder,
            boolean resume)
            throws IOException {
        try (FolderLock lock = FolderLock.acquire(folder)) {
            lock.requireHeld();
            if (!resume) {
                requireNoShards(folder);
            }
            int shard = 0;
            for (ExampleBatch<E> batch : data.batches(batchSize)) {
                for (int draw = 0; draw < draws; draw++) {
                    long[] ids = idsOf(batch.ids(), draw);
                    Path file =
                            folder.resolve(String.format(Locale.ROOT, "captures-%08d%s", shard++, ShardFolder.SUFFIX));
                    if (resume && Files.exists(file)) {
                        requireOwn(file, ids, host.layers());
                        continue;
                    }
                    List<LayerCapture> captures = new ArrayList<>();
                    host.capture(batch, objectives.get(draw), host.layers(), capture -> captures.add(copy(capture)));
                    captures.sort(
                            Comparator.comparingInt(capture -> host.layers().indexOf(capture.layer())));
                    write(file, ids, captures);
                }
            }
        }
    }

    private long[] idsOf(long[] examples, int draw) {
        try {
            return Arrays.stream(examples)
                    .map(id -> Math.addExact(Math.multiplyExact(id, (long) draws), draw))
                    .toArray();
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(
                    "an id of an example is too large for " + draws
                            + " draws of labels: times that number it is no longer a" + " 64-bit number",
                    e);
        }
    }

    /** A shard appears when it is complete, so that what it is of says all. */
    private void requireOwn(Path file, long[] ids, List<LayerSpec> layers) throws IOException {
        try (CaptureSet set = CaptureSet.openShard(file)) {
            boolean own = Arrays.equals(ids, set.ids())
                    && set.objective() == objective
                    && set.model().equals(model)
                    && set.labels().equals(labels)
                    && set.draws() == draws
                    && set.layers().equals(layers);
            if (!own) {
                throw new IllegalStateException(
                        file + " holds captures of other examples, layers, weights or labels; give"
                                + " another folder, or the same data, model and options as before");
            }
        }
    }

    private static void requireNoShards(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            if (files.anyMatch(file -> file.toString().endsWith(ShardFolder.SUFFIX))) {
                throw new IllegalArgumentException(folder + " holds captures already; old and new would be mixed");
            }
        }
    }

    /** A capture is valid only while it is being accepted. */
    private static LayerCapture copy(LayerCapture capture) {
        return new LayerCapture(
                capture.layer(),
                capture.examples(),
                capture.positions(),
                capture.uses(),
                copy(capture.activations()),
                copy(capture.outputGradients()),
                capture.mask());
    }

    private static Matrix copy(Matrix matrix) {
        int count = Math.multiplyExact(matrix.rows(), matrix.columns());
        if (matrix.precision() == Precision.FLOAT32) {
            float[] numbers = new float[count];
            matrix.read(0, matrix.rows(), numbers, 0);
            return Matrix.of(numbers, matrix.rows(), matrix.columns());
        }
        double[] numbers = new double[count];
        matrix.read(0, matrix.rows(), numbers, 0);
        return Matrix.of(numbers, matrix.rows(), matrix.columns());
    }
}
