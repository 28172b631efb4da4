package io.github.influence4j.decoder;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Files of transformers: safetensors with one tensor for each parameter and the form in the metadata.
 *
 * <p>Tensors are [rows, columns] as in the products: {@code embedding} [vocabulary, d], {@code positions} [context, d], {@code
 * blocks.0.norm1} [1, d] (the gain; [2, d] with the shift for layer norm), {@code blocks.0.attention.query}, {@code .key},
 * {@code .value}, {@code .output} [d, d], {@code blocks.0.norm2}, {@code blocks.0.mlp.fc} [hidden, d + 1] and {@code
 * blocks.0.mlp.proj} [d, hidden + 1] with the bias as the last column, …, {@code norm}, and {@code head} [vocabulary, d] where
 * it is not tied.
 */
public final class DecoderCheckpoint {

    private static final String FORMAT = "influence-transformer";
    private static final String VERSION = "1";
    private static final int LARGEST_DIMENSION = 1 << 24;

    private DecoderCheckpoint() {}

    /**
     * Writes a model, in the precision of its backend. The file appears when it is complete.
     *
     * @param model the model
     * @param file where to
     * @throws IllegalArgumentException if the model is not of the plain form, the one that {@link DecoderShape#of} begins with
     * @throws IOException if it cannot be written
     */
    public static void write(Decoder model, Path file) throws IOException {
        DecoderShape shape = model.shape();
        if (!shape.equals(plain(shape))) {
            throw new IllegalArgumentException(
                    "this kind of file holds models of the plain form only (learned positions,"
                            + " norms before the branches, plain names): publish the weights of " + shape);
        }
        TensorType type = model.backend().precision() == Precision.FLOAT32 ? TensorType.F32 : TensorType.F64;
        List<ParameterLayout.Parameter> parameters = ParameterLayout.of(shape).parameters();
        List<TensorSpec> tensors = new ArrayList<>();
        for (ParameterLayout.Parameter p : parameters) {
            tensors.add(TensorSpec.of(p.name(), type, p.rows(), p.columns()));
        }
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, tensors, metadata(shape))) {
            for (ParameterLayout.Parameter p : parameters) {
                writer.append(p.name(), model.parameterMatrices().matrix(p.name()));
            }
            writer.commit();
        }
    }

    private static DecoderShape plain(DecoderShape shape) {
        return DecoderShape.of(shape.vocabulary(), shape.context(), shape.blocks(), shape.width(), shape.heads())
                .withHidden(shape.hidden())
                .withActivation(shape.activation())
                .withNorm(shape.norm())
                .withTied(shape.tied());
    }

    private static Map<String, String> metadata(DecoderShape shape) {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("format", FORMAT);
        metadata.put("version", VERSION);
        metadata.put("vocabulary", Integer.toString(shape.vocabulary()));
        metadata.put("context", Integer.toString(shape.context()));
        metadata.put("blocks", Integer.toString(shape.blocks()));
        metadata.put("width", Integer.toString(shape.width()));
        metadata.put("heads", Integer.toString(shape.heads()));
        metadata.put("hidden", Integer.toString(shape.hidden()));
        metadata.put("activation", shape.activation().name());
        metadata.put("norm", shape.norm().name());
        metadata.put("tied", Boolean.toString(shape.tied()));
        return metadata;
    }

    /**
     * Reads a model of whatever form is in the file; it tracks its MLPs.
     *
     * @param file the file
     * @param backend computes
     * @return a model that the caller closes
     * @throws MalformedFileException if the file is not a checkpoint of a transformer, a tensor is missing or has another
     *     shape, or a weight is not finite
     * @throws IOException if it cannot be read
     */
    public static Decoder read(Path file, MatrixBackend backend) throws IOException {
        try (SafetensorsFile source = SafetensorsFile.open(file)) {
            return read(source, shape(source), backend);
        }
    }

    /**
     * Reads a model of an expected form; it tracks its MLPs.
     *
     * @param file the file
     * @param expected the form
     * @param backend computes
     * @return a model that the caller closes
     * @throws MalformedFileException as {@link #read(Path, MatrixBackend)}, and if the form is another one
     * @throws IOException if it cannot be read
     */
    public static Decoder read(Path file, DecoderShape expected, MatrixBackend backend) throws IOException {
        try (SafetensorsFile source = SafetensorsFile.open(file)) {
            DecoderShape found = shape(source);
            if (!found.equals(expected)) {
                throw new MalformedFileException(
                        file, "a checkpoint of another shape: expected " + expected + ", found " + found);
            }
            return read(source, found, backend);
        }
    }

    private static Decoder read(SafetensorsFile source, DecoderShape shape, MatrixBackend backend) {
        ParameterLayout layout;
        try {
            layout = ParameterLayout.of(shape);
        } catch (IllegalArgumentException e) {
            throw new MalformedFileException(source.path(), "an impossible form, " + shape, e);
        }
        // before any memory is taken, because the form is only what the file claims
        for (ParameterLayout.Parameter p : layout.parameters()) {
            TensorSpec expected = TensorSpec.of(p.name(), TensorType.F32, p.rows(), p.columns());
            TensorSpec found = source.find(p.name())
                    .orElseThrow(() -> new MalformedFileException(source.path(), "no tensor " + p.name()));
            if (!found.shape().equals(expected.shape()) || !found.type().isFloating()) {
                throw new MalformedFileException(
                        source.path(), "expected " + expected.describe() + " or float64, found " + found.describe());
            }
        }
        Decoder model = Decoder.create(backend, shape, 0);
        boolean done = false;
        try {
            for (ParameterLayout.Parameter p : layout.parameters()) {
                BackendMatrix target = model.parameterMatrices().matrix(p.name());
                backend.upload(source.matrix(p.name()), target);
                requireFinite(source.path(), p, target);
            }
            source.checkUnchanged();
            done = true;
            return model;
        } finally {
            if (!done) {
                model.close();
            }
        }
    }

    private static void requireFinite(Path file, ParameterLayout.Parameter p, BackendMatrix matrix) {
        double[] values = new double[p.size()];
        matrix.read(0, p.rows(), values, 0);
        for (int k = 0; k < values.length; k++) {
            if (!Double.isFinite(values[k])) {
                throw new MalformedFileException(file, "tensor " + p.name() + ": number " + k + " is " + values[k]);
            }
        }
    }

    private static DecoderShape shape(SafetensorsFile source) {
        if (!FORMAT.equals(source.metadata().get("format"))) {
            throw new MalformedFileException(
                    source.path(), "not a checkpoint of a transformer: no metadata format=" + FORMAT);
        }
        if (!VERSION.equals(source.metadata("version"))) {
            throw new MalformedFileException(
                    source.path(),
                    "expected version " + VERSION + ", found "
                            + MalformedFileException.quote(source.metadata("version")));
        }
        try {
            return DecoderShape.of(
                            number(source, "vocabulary"),
                            number(source, "context"),
                            number(source, "blocks"),
                            number(source, "width"),
                            number(source, "heads"))
                    .withHidden(number(source, "hidden"))
                    .withActivation(Activation.valueOf(source.metadata("activation")))
                    .withNorm(DecoderShape.Norm.valueOf(source.metadata("norm")))
                    .withTied("true".equals(source.metadata("tied")));
        } catch (MalformedFileException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            throw new MalformedFileException(source.path(), "an impossible form of a transformer", e);
        }
    }

    private static int number(SafetensorsFile source, String key) {
        String text = source.metadata(key);
        try {
            int value = Integer.parseInt(text);
            if (value > 0 && value <= LARGEST_DIMENSION) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw new MalformedFileException(
                    source.path(), key + " must be a number, found " + MalformedFileException.quote(text), e);
        }
        throw new MalformedFileException(
                source.path(),
                key + " must be from 1 to " + LARGEST_DIMENSION + ", found " + MalformedFileException.quote(text));
    }
}
